"""Many workspaces: people install Paperboy by OAuth on two pages, and what they installed is kept.

    browser ──GET /slack/install──> a state is issued, and put into a cookie ──302──> Slack asks the person
    Slack ──302──> browser ──GET /slack/oauth_redirect──> state and cookie checked, code exchanged, token kept ──> page

No redirect address is named to Slack, so that it takes the one of the app's settings: behind a proxy Paperboy cannot
know its own. The cookie is `Secure` for the same reason, except where the visitor comes by plain HTTP from this very
machine, as somebody who tries it out does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackClientError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.core.errors import Conflict, StorageError
from bot.core.people import Language
from bot.locale import language_of
from bot.settings import SlackSettings
from bot.slack.exchanging import ExchangeClient
from bot.slack.install_pages import TOO_MANY, UNREACHABLE, Page, failure_page, installed_page
from bot.slack.manifest import INSTALL_PATH, REDIRECT_PATH, bot_scopes
from bot.slack.workspaces import Installations, Installed, Workspaces

_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_THIS_MACHINE: Final = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_TEAM: Final = re.compile(r"[TE][A-Z0-9]{1,40}")

log = structlog.get_logger(__name__)


class Installing:
    """Installs Paperboy into workspaces, and forgets those it was removed from."""

    def __init__(
        self,
        settings: SlackSettings,
        workspaces: Workspaces,
        installations: Installations,
        states: AsyncOAuthStateStore,
        *,
        language: Language,
    ) -> None:
        """`language` is for visitors whose browser names none that Paperboy speaks."""
        self._workspaces = workspaces
        self._installations = installations
        self._language = language
        self._slack = slack_origin(settings.api_url)
        self._flow = _Flow(
            client=ExchangeClient(settings.api_url),
            logger=_silent(),
            settings=self._oauth_settings(settings, installations, states),
        )

    def routes(self) -> list[web.RouteDef]:
        """`GET /slack/install` and `GET /slack/oauth_redirect`."""
        return [
            web.get(INSTALL_PATH, self._answering(self._flow.handle_installation), allow_head=False),
            web.get(REDIRECT_PATH, self._answering(self._flow.handle_callback), allow_head=False),
        ]

    async def forget(self, enterprise_id: str | None, team_id: str | None, at: datetime) -> bool:
        """Delete the installation of a workspace, or of an organisation (`team_id` None), that has removed Paperboy.

        Slack tells of a removal again for an hour where it was not heard: what has been installed since then (`at`,
        UTC) and still works stays, as does an organisation's when one of its workspaces has removed Paperboy.
        Whether nothing is left that could act there.

        Raises:
            StorageError
        """
        is_gone = True
        for one in await self._installations.workspaces():
            if not _concerns(one, enterprise_id, team_id):
                continue
            may_stay = (team_id and one.team_id is None) or await self._is_newer(one, at)
            if may_stay and await self._is_good(one):
                is_gone = False
            else:
                await self._installations.store.async_delete_all(enterprise_id=one.enterprise_id, team_id=one.team_id)
        if team_id:
            self._workspaces.drop(team_id)
        log.info("slack.removed", team=team_id, enterprise=enterprise_id, gone=is_gone)
        return is_gone

    async def _is_newer(self, one: Installed, at: datetime) -> bool:
        bot = await self._installations.store.async_find_bot(
            enterprise_id=one.enterprise_id, team_id=one.team_id, is_enterprise_install=one.team_id is None
        )
        return bot is not None and bot.installed_at > at.timestamp()

    async def _is_good(self, one: Installed) -> bool:
        """Whether its token still works, which has to be asked with what is in the database now.

        One that Slack says nothing of now stays: to delete it on a guess could not be put right.
        """
        team = one.team_id or one.enterprise_id or ""
        self._workspaces.belongs_to(team, one.enterprise_id)
        try:
            return await self._workspaces.is_good(team) is not False
        except StorageError:
            return False

    # --- the two pages ------------------------------------------------------------------------------------------------

    def _oauth_settings(
        self, settings: SlackSettings, installations: Installations, states: AsyncOAuthStateStore
    ) -> AsyncOAuthSettings:
        made = AsyncOAuthSettings(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            scopes=bot_scopes(),
            user_scopes=[],
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            install_page_rendering_enabled=False,
            callback_options=AsyncCallbackOptions(success=self._succeeded, failure=self._failed),
            authorization_url=f"{self._slack}/oauth/v2/authorize",
            installation_store=installations.store,
            state_store=states,
        )
        made.redirect_uri = None  # bolt would take SLACK_REDIRECT_URI from the environment
        return made

    def _answering(
        self, handle: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            bolt_request = await to_bolt_request(request)
            try:
                answered = await handle(bolt_request)
            except Conflict as error:
                log.warning("slack.not_installed", reason=str(error))
                answered = self._page(failure_page(self._language_of(bolt_request), TOO_MANY))
            except StorageError as error:
                log.warning("slack.not_installed", reason=str(error))
                answered = self._page(failure_page(self._language_of(bolt_request), "storage_error"))
            except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
                log.warning("slack.not_installed", reason=type(error).__name__)
                answered = self._page(failure_page(self._language_of(bolt_request), UNREACHABLE))
            response = await to_aiohttp_response(answered)
            response.charset = "utf-8"  # which bolt's adapter takes away
            _tend_cookies(request, response)
            return response

        return answer

    async def _succeeded(self, arguments: AsyncSuccessArgs) -> BoltResponse:
        made: Installation = arguments.installation
        team_id = made.team_id or made.enterprise_id or ""
        self._workspaces.drop(team_id)
        log.info("slack.installed", team=made.team_id, enterprise=made.enterprise_id)
        page = installed_page(
            self._language_of(arguments.request),
            team_name=made.team_name or made.enterprise_name or team_id,
            team_id=team_id,
            app_id=made.app_id or "",
            slack=self._slack,
        )
        return self._page(page)

    async def _failed(self, arguments: AsyncFailureArgs) -> BoltResponse:
        log.warning("slack.not_installed", reason=arguments.reason[:100])
        return self._page(failure_page(self._language_of(arguments.request), arguments.reason))

    def _page(self, page: Page) -> BoltResponse:
        no_cookie = self._flow.settings.state_utils.build_set_cookie_for_deletion()
        return BoltResponse(status=page.status, body=page.html, headers={**_HEADERS, "Set-Cookie": no_cookie})

    def _language_of(self, request: AsyncBoltRequest) -> Language:
        return language_of(",".join(request.headers.get("accept-language", [])), self._language)


class _Flow(AsyncOAuthFlow):
    """bolt's, with an address that a visitor's own words cannot add to."""

    async def build_authorize_url(self, state: str, request: AsyncBoltRequest) -> str:
        """See bolt."""
        settings = self.settings
        asked = {"client_id": settings.client_id, "scope": ",".join(settings.scopes or ()), "user_scope": ""}
        team = next(iter(request.query.get("team") or ()), "")
        if _TEAM.fullmatch(team):
            asked["team"] = team
        return f"{settings.authorization_url}?{urlencode({'state': state, **asked})}"


def slack_origin(api_url: str) -> str:
    """Where Slack's pages for browsers are, for the address of its Web API; without a slash at the end."""
    parts = urlsplit(api_url)
    return f"{parts.scheme}://{parts.netloc}"


def _silent() -> logging.Logger:
    """bolt writes the code into its log; what matters is told by `ExchangeClient` and here."""
    logger = logging.Logger("slack.oauth")  # noqa: LOG001 - outside the tree of loggers on purpose
    logger.disabled = True
    return logger


def _concerns(one: Installed, enterprise_id: str | None, team_id: str | None) -> bool:
    if one.team_id is None:
        return one.enterprise_id is not None and one.enterprise_id == enterprise_id
    return one.team_id == team_id


def _tend_cookies(request: web.Request, response: web.Response) -> None:
    is_trial = request.scheme == "http" and _THIS_MACHINE.fullmatch(request.headers.get("Host", "")) is not None
    for cookie in response.cookies.values():
        cookie["samesite"] = "Lax"  # it has to come along when Slack sends the browser back
        if is_trial:
            cookie["secure"] = ""
