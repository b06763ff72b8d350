"""The whole story in a headless Chromium against a real `paperboy run`: read, discuss, look up, curate, restart."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, async_playwright, expect
from playwright.async_api import Error as PlaywrightError

from bot.core.workspace import LocalMessage
from storage.opening import open_storage
from tests.forks import Forked, forked

pytestmark = [pytest.mark.browser, pytest.mark.slow]

expect.set_options(timeout=20_000)  # other tests use the same processors

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Chromium logs every refused request; that a refusal is the right answer is what the steps themselves check.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4(03|09|22)")


@dataclass
class Paperboy:
    """A `paperboy run` on its own database, that can be stopped and started again."""

    folder: Path
    port: int
    process: Forked | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "SLACK_"))}
        root = Path(__file__).resolve().parents[2]
        settings = {
            "DATABASE_URL": f"sqlite:///{self.folder}/paperboy.db",
            "PAPERBOY_WEB_PORT": str(self.port),
            "PYTHONPATH": str(root),
        }
        with (self.folder / "log").open("ab") as log:
            self.process = await forked("bot", ["run"], self.folder, kept | settings, log=log)
        async with asyncio.timeout(60), aiohttp.ClientSession() as session:
            while not await self._shows_a_post(session):
                assert self.process.returncode is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.1)  # asked again, not waited for: nothing tells when another process is up

    async def _shows_a_post(self, session: aiohttp.ClientSession) -> bool:
        with suppress(aiohttp.ClientError):
            async with session.get(self.address) as response:
                return "is-entry" in await response.text()
        return False

    async def stop(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), 20)
        if self.process:
            self.process.close()


@dataclass
class Tab:
    """A page with what its console complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not REFUSED.search(message.text):
            self.complaints.append(message.text)

    async def command(self, line: str) -> None:
        """Type a command and send it."""
        await self.page.fill("#command", line)
        await self.page.press("#command", "Escape")
        await self.page.press("#command", "Enter")

    async def choose_person(self, persona: str) -> None:
        await self.page.click(f"[name=persona][value={persona}]")
        await expect(self.page.locator(f"[name=persona][value={persona}][aria-pressed=true]")).to_be_visible()
        await self.is_live()

    async def is_live(self) -> None:
        await expect(self.page.locator("body[data-live]")).to_be_attached(timeout=20_000)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def paperboy(tmp_path: Path) -> AsyncIterator[Paperboy]:
    running = Paperboy(tmp_path, _free_port())
    try:
        await running.start()
        yield running
    finally:
        await running.stop()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        await launched.close()


async def _open(context: BrowserContext, paperboy: Paperboy, path: str = "/") -> Tab:
    page = await context.new_page()
    page.set_default_timeout(15_000)
    tab = Tab(page)
    tab.listen()
    await page.goto(paperboy.address + path)
    await tab.is_live()
    return tab


async def test_the_whole_story(paperboy: Paperboy, browser: Browser) -> None:
    context = await browser.new_context(locale="en-US", viewport={"width": 1280, "height": 860})
    tab = await _open(context, paperboy)
    await _digest_is_visible(tab)
    await _react_and_reply(tab)
    await _look_up_and_page(tab)
    await _wrong_tag_and_its_suggestion(tab)
    await _what_is_said_stands_below_earlier_answers(tab)
    await _jump_and_share(tab)
    await _reader_is_refused(tab)
    other = await _open(context, paperboy)
    await _maintainer_adds(tab, other)
    await _edit_changes_the_card(tab, other)
    assert [*tab.complaints, *other.complaints] == []
    await _restart_keeps_everything(paperboy, tab)
    await context.close()


async def _digest_is_visible(tab: Tab) -> None:
    await expect(tab.page.locator(".is-header .masthead").last).to_be_in_viewport()
    await expect(tab.page.locator(".is-entry .title a").first).to_be_visible()
    await expect(tab.page.locator(".is-entry .commentary").first).to_be_visible()


async def _react_and_reply(tab: Tab) -> None:
    card = tab.page.locator(".is-entry").first
    await card.hover()
    await card.locator(".tools [data-pick]").click()
    await tab.page.click("#picker [data-emoji='🔥']")
    await expect(card.locator(".reaction[data-emoji='🔥'][aria-pressed=true]")).to_contain_text("1")
    await card.hover()
    await card.locator(".tools [data-thread]").click()
    await tab.page.fill("#reply-text", "흥미롭네요!")
    await tab.page.press("#reply-text", "Enter")
    await expect(tab.page.locator("#side .replies .message")).to_contain_text("흥미롭네요!")
    await expect(card.locator(".thread-link")).to_have_text(re.compile("1"))
    await tab.page.keyboard.press("Escape")
    await expect(tab.page.locator("#side")).to_be_hidden()
    await card.locator("[data-save]").click()
    await expect(card.locator("[data-save]")).to_have_attribute("aria-pressed", "true")


async def _look_up_and_page(tab: Tab) -> None:
    page = tab.page
    await page.fill("#command", "/paper tag:rla")
    await expect(page.locator("#offers [role=option]").first).to_contain_text("rlaif")
    await page.press("#command", "Tab")
    await expect(page.locator("#command")).to_have_value("/paper tag:rlaif ")
    await page.press("#command", "Escape")
    await page.press("#command", "Enter")
    results = page.locator(".answer[data-kind=results]")
    await expect(results.locator(".hit")).to_have_count(5)
    first = await results.locator(".hit .title").first.inner_text()
    await results.locator("[data-page=next]").click()
    await expect(results.locator("[data-page=previous]")).to_be_enabled()
    await expect(results.locator(".hit .title").first).not_to_have_text(first)
    await results.locator("[data-page=previous]").click()
    await expect(results.locator(".hit .title").first).to_have_text(first)
    await results.locator("[data-dismiss]").click()


async def _wrong_tag_and_its_suggestion(tab: Tab) -> None:
    page = tab.page
    await tab.command("/paper tag:rlfai")
    error = page.locator(".answer.is-error")
    await expect(error).to_contain_text("#rlfai")
    await error.locator("[data-command='/paper tag:rlaif']").click()
    await expect(page.locator(".answer[data-kind=results] .hit")).to_have_count(5)
    await expect(error).to_have_count(0)
    await expect(page.locator("#command")).to_have_value("")
    await page.locator(".answer [data-dismiss]").click()


async def _what_is_said_stands_below_earlier_answers(tab: Tab) -> None:
    page = tab.page
    await tab.command("/paper tag:rlaif")
    answer = page.locator(".answer[data-kind=results]")
    await expect(answer).to_be_visible()
    await tab.command("Said after the answer")
    await expect(page.locator(".is-text", has_text="Said after the answer")).to_be_in_viewport()
    await expect(page.locator(".answer ~ .is-text", has_text="Said after the answer")).to_have_count(1)
    await answer.locator("[data-page=next]").click()
    await expect(answer.locator("[data-page=previous]")).to_be_enabled()
    await answer.locator("[data-dismiss]").click()
    await page.fill("#command", "long " * 1000)
    await page.press("#command", "Enter")
    await expect(page.locator("#toast, .answer.is-error").filter(has_text="4,000")).to_be_visible()
    await expect(page.locator("#command")).to_have_value("long " * 1000)
    await page.fill("#command", "")
    for one in await page.locator(".answer [data-dismiss]").all():
        await one.click()


async def _jump_and_share(tab: Tab) -> None:
    page = tab.page
    await tab.command("/paper")
    answer = page.locator(".answer[data-kind=digest]")
    await answer.locator("[data-jump]").first.click()
    await expect(page.locator(".message.flash")).to_be_in_viewport()
    await answer.locator("[data-share]").first.click()
    await expect(page.locator(".is-share .card")).to_be_visible()
    await answer.locator("[data-dismiss]").click()


async def _reader_is_refused(tab: Tab) -> None:
    await tab.command("/paper-add")
    await expect(tab.page.locator(".answer.is-error")).to_contain_text("maintainers")
    await expect(tab.page.locator("dialog")).to_have_count(0)


async def _maintainer_adds(tab: Tab, other: Tab) -> None:
    page = tab.page
    await tab.choose_person("maintainer")
    await tab.command("/paper-add")
    await page.fill("#field-commentary", "채팅에서 더한 글입니다.")
    await page.locator("#field-tags").press_sequentially("#rla")
    await expect(page.locator("#offers-tags [role=option]").first).to_contain_text("rlaif")
    await page.press("#field-tags", "Enter")
    await page.press("#field-tags", "Control+Enter")
    await expect(page.locator("#wrong-title")).to_be_visible()
    await expect(page.locator("#field-commentary")).to_have_value("채팅에서 더한 글입니다.")
    await expect(page.locator("#field-tags")).to_have_value("#rlaif ")
    await page.fill("#field-title", "Added in Chat <i>really</i>")
    await page.press("#field-title", "Control+Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    for one in (tab, other):
        card = one.page.locator(".is-entry", has_text="Added in Chat <i>really</i>")
        await expect(card).to_be_visible()
        await expect(card).to_contain_text("채팅에서 더한 글입니다.")


async def _edit_changes_the_card(tab: Tab, other: Tab) -> None:
    page = tab.page
    await page.locator(".answer [data-command^='/paper-edit']").first.click()
    await expect(page.locator("#field-title")).to_have_value("Added in Chat <i>really</i>")
    await page.fill("#field-title", "Changed in Chat")
    await page.press("#field-title", "Control+Enter")
    for one in (tab, other):
        await expect(one.page.locator(".is-entry", has_text="Changed in Chat")).to_be_visible()
        await expect(one.page.locator(".is-entry", has_text="Added in Chat")).to_have_count(0)


async def _restart_keeps_everything(paperboy: Paperboy, tab: Tab) -> None:
    page = tab.page
    await paperboy.stop()
    await expect(page.locator("body:not([data-live])")).to_be_attached()
    await _write_behind_its_back(paperboy)
    await paperboy.start()
    await tab.is_live()
    await expect(page.locator(".is-text", has_text="Missed by every tab")).to_be_visible()
    tab.complaints.clear()  # while the server was away the browser rightly complained
    await page.reload()
    await tab.is_live()
    await expect(page.locator(".is-entry", has_text="Changed in Chat")).to_have_count(1)
    await expect(page.locator(".reaction[data-emoji='🔥']").first).to_contain_text("1")
    await expect(page.locator(".thread-link").first).to_be_visible()
    await expect(page.locator("[name=persona][value=maintainer]")).to_have_attribute("aria-pressed", "true")
    await page.locator(".thread-link").first.click()
    await expect(page.locator("#side .replies .message")).to_contain_text("흥미롭네요!")
    assert tab.complaints == []


async def _write_behind_its_back(paperboy: Paperboy) -> None:
    """Something that happens while no tab is connected."""
    storage = await open_storage(f"sqlite:///{paperboy.folder}/paperboy.db")
    try:
        await storage.workspace.post(
            LocalMessage(channel_id="papers", author="reader", text="Missed by every tab", sent_at=datetime.now(UTC))
        )
    finally:
        await storage.close()


async def test_a_line_sent_while_another_is_on_its_way_goes_out_after_it(paperboy: Paperboy, browser: Browser) -> None:
    tab = await _open(await browser.new_context(locale="ko-KR"), paperboy)
    page, slow = tab.page, asyncio.Event()

    async def hold(route: Route) -> None:
        if "recap" in (route.request.post_data or ""):
            await slow.wait()
        await route.continue_()

    await page.route("**/commands", hold)
    await tab.command("/digest recap")
    await tab.command("/paper help")
    slow.set()
    await expect(page.locator(".answer[data-kind=help]")).to_be_visible()
    await expect(page.locator(".answer[data-kind=recap]")).to_be_visible()
    await expect(page.locator("#command")).to_have_value("")
    await page.context.close()


async def test_offers_that_come_after_escape_are_not_shown(paperboy: Paperboy, browser: Browser) -> None:
    tab = await _open(await browser.new_context(locale="ko-KR"), paperboy)
    page, asked, slow = tab.page, asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await slow.wait()
        with suppress(PlaywrightError):  # given up by the page, as it should be
            await route.continue_()

    await page.route("**/completions?*", hold)
    await page.fill("#command", "/paper tag:")
    await asyncio.wait_for(asked.wait(), 20)
    async with page.expect_event("requestfailed"):
        await page.press("#command", "Escape")
    slow.set()
    await expect(page.locator("#offers")).to_be_hidden()
    await page.context.close()


async def test_a_phone_in_korean_and_the_keyboard_alone(paperboy: Paperboy, browser: Browser) -> None:
    context = await browser.new_context(
        locale="ko-KR", viewport={"width": 390, "height": 800}, color_scheme="dark", has_touch=True, is_mobile=True
    )
    tab = await _open(context, paperboy)
    page = tab.page
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.click("[data-open-sidebar]")
    await expect(page.locator("#sidebar [aria-current=page]")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-open-sidebar]")).to_be_focused()
    await page.keyboard.press("/")
    await expect(page.locator("#command")).to_be_focused()
    options = page.locator("#offers [role=option]")
    await expect(options.first).to_be_visible()
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    chosen = await options.first.get_attribute("id")
    await expect(page.locator("#command")).to_have_attribute("aria-activedescendant", chosen or "")
    await page.keyboard.press("Enter")
    await expect(page.locator("#command")).to_have_value("/paper ")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer[data-kind=digest]")).to_be_visible()
    for line in ("/digest recap", "/paper help"):
        await tab.command(line)
    await expect(page.locator(".answer[data-kind=help]")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")  # only the channel scrolls
    assert await page.evaluate("scrollY") == 0
    await page.locator(".is-entry .tools [data-thread]").first.click()
    await expect(page.locator("#reply-text")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.keyboard.press("Escape")
    await expect(page.locator("#side")).to_be_hidden()
    assert tab.complaints == []
    await context.close()
