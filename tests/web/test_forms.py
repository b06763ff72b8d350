"""Forms over HTTP: errors beside their fields, nothing typed lost, conflicts said."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.core.entries import Status
from bot.core.people import Person
from bot.web.forms import read_entry_form, read_subscription_form
from storage.opening import Storage
from tests.web.conftest import Deliver, Keep, Seat

ENTRY: Mapping[str, str] = {
    "url": "2407.99999",
    "title": "A Paper",
    "authors": "Kim Young, Lee Old",
    "organisation": "",
    "commentary": "한 줄\r\n두 줄 <b>",
    "commentary_en": "",
    "tags": "#rlaif llm",
    "abstract": "",
    "paper_date": "2024-07-01",
    "publish": "today",
    "date": "",
    "revision": "0",
}
SUBSCRIPTION: Mapping[str, str | list[str]] = {
    "query": "tag:rlaif",
    "at": "09:00",
    "zone": "Asia/Seoul",
    "weekdays": ["0", "4"],
    "layout": "cards",
    "language": "en",
    "late_policy": "merged",
    "note_when_empty": "1",
}
SUBSCRIPTIONS = "/chat/channels/papers/subscriptions"


def test_missing_fields_are_empty() -> None:
    form = read_entry_form({"title": ("T",), "revision": ("many",)})
    assert (form.title, form.tags, form.publish, form.revision) == ("T", "", "", 0)
    subscription = read_subscription_form({"weekdays": ("0", "6")})
    assert (subscription.weekdays, subscription.at, subscription.note_when_empty) == (("0", "6"), "", False)


async def test_adding_reaches_the_channel(maintainer: Seat, keep: Keep, deliver: Deliver, storage: Storage) -> None:
    await keep("Old", "2024-07-19")
    await deliver()
    answer = await maintainer.post("/chat/entries", ENTRY)
    assert answer.status == 200, answer.text
    assert "added to today" in answer.text
    entry = await storage.archive.find("2407.99999")
    assert entry is not None
    assert entry.authors == ("Kim Young", "Lee Old")
    assert entry.commentary == "한 줄\n두 줄 <b>"
    revisions = await storage.archive.revisions(entry.id)
    assert revisions[0].by == Person("web", "local", "maintainer")


async def test_a_reader_adds_nothing(reader: Seat, storage: Storage) -> None:
    answer = await reader.post("/chat/entries", ENTRY)
    assert answer.status == 403
    assert "Only maintainers" in answer.text
    assert await storage.archive.count() == 0


async def test_errors_stand_beside_their_fields_and_texts_stay(maintainer: Seat, storage: Storage) -> None:
    typed = {**ENTRY, "title": "", "url": "not an address", "paper_date": "soon", "tags": "ok not!ok"}
    answer = await maintainer.post("/chat/entries", typed)
    assert answer.status == 422
    for field in ("title", "url", "paper_date", "tags"):
        assert f'id="wrong-{field}"' in answer.text
        assert f'id="field-{field}"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 4
    assert 'id="wrong-authors"' not in answer.text
    assert 'value="Kim Young, Lee Old"' in answer.text
    assert ">\n한 줄\n두 줄 &lt;b&gt;</textarea>" in answer.text
    assert 'value="ok not!ok"' in answer.text
    assert await storage.archive.count() == 0


@pytest.mark.parametrize(
    ("publish", "day", "said", "status"),
    [
        ("draft", "", "kept as a draft", Status.DRAFT),
        ("date", "2024-08-01", "goes out on 2024-08-01", Status.PUBLISHED),
        ("date", "yesterday", "added to the digest of 2024-07-19", Status.PUBLISHED),
    ],
)
async def test_what_becomes_of_it_is_said(
    maintainer: Seat, storage: Storage, publish: str, day: str, said: str, status: Status
) -> None:
    answer = await maintainer.post("/chat/entries", {**ENTRY, "publish": publish, "date": day})
    assert said in answer.text
    entry = await storage.archive.find("2407.99999")
    assert entry is not None
    assert entry.status is status


async def test_the_same_paper_twice_keeps_the_text(maintainer: Seat, storage: Storage) -> None:
    await maintainer.post("/chat/entries", ENTRY)
    answer = await maintainer.post("/chat/entries", {**ENTRY, "title": "Another title"})
    assert answer.status == 409
    assert "already" in answer.text
    assert 'value="Another title"' in answer.text
    assert await storage.archive.count() == 1


async def test_an_edit_changes_the_posted_card(maintainer: Seat, keep: Keep, deliver: Deliver) -> None:
    entry = await keep("Before", commentary="해설")
    await deliver()
    typed = {**ENTRY, "url": "", "title": "After", "publish": "date", "date": "2024-07-19", "revision": "1"}
    answer = await maintainer.post(f"/chat/entries/{entry.id}", typed)
    assert answer.status == 200, answer.text
    await deliver()
    page = await maintainer.get("/c/papers")
    assert "After" in page.text
    assert "Before" not in page.text
    assert "(edited)" in page.text


async def test_a_conflict_is_said_and_the_text_stays(maintainer: Seat, keep: Keep, storage: Storage) -> None:
    entry = await keep("Before")
    first = {**ENTRY, "url": "", "title": "First", "publish": "date", "date": "2024-07-19", "revision": "1"}
    assert (await maintainer.post(f"/chat/entries/{entry.id}", first)).status == 200
    answer = await maintainer.post(f"/chat/entries/{entry.id}", {**first, "title": "Second"})
    assert answer.status == 409
    assert "meanwhile" in answer.text
    assert 'value="Second"' in answer.text
    kept = (await storage.archive.get([entry.id]))[entry.id]
    assert kept.title == "First"


async def test_a_conflict_brings_both_texts_together(maintainer: Seat, keep: Keep, storage: Storage) -> None:
    entry = await keep("Before")
    form = {**ENTRY, "url": "", "title": "Before", "publish": "date", "date": "2024-07-19", "revision": "1"}
    theirs = {**form, "title": "Theirs", "organisation": "A lab"}
    assert (await maintainer.post(f"/chat/entries/{entry.id}", theirs)).status == 200
    answer = await maintainer.post(f"/chat/entries/{entry.id}", {**form, "title": "Mine <b>", "abstract": "New"})
    assert answer.status == 409
    assert 'value="Mine &lt;b&gt;"' in answer.text
    assert 'data-fill="title" data-value="Theirs"' in answer.text  # both changed it: theirs is one click away
    assert 'value="A lab"' in answer.text  # only they changed it
    assert ">\nNew</textarea>" in answer.text  # only I changed it
    again = {**form, "title": "Mine", "organisation": "A lab", "abstract": "New", "revision": "2"}
    assert 'name="revision" value="2"' in answer.text
    assert (await maintainer.post(f"/chat/entries/{entry.id}", again)).status == 200
    kept = (await storage.archive.get([entry.id]))[entry.id]
    assert (kept.title, kept.organisation, kept.abstract) == ("Mine", "A lab", "New")


async def test_a_conflict_without_overlap_needs_no_choice(maintainer: Seat, keep: Keep) -> None:
    entry = await keep("Before")
    form = {**ENTRY, "url": "", "title": "Before", "tags": "", "publish": "date", "date": "2024-07-19", "revision": "1"}
    form |= {"authors": "", "commentary": "", "paper_date": ""}
    assert (await maintainer.post(f"/chat/entries/{entry.id}", {**form, "title": "Theirs"})).status == 200
    answer = await maintainer.post(f"/chat/entries/{entry.id}", {**form, "abstract": "Mine"})
    assert answer.status == 409
    assert "in the form now" in answer.text
    assert 'value="Theirs"' in answer.text
    assert "data-fill" not in answer.text


async def test_an_entry_that_is_gone_keeps_the_text(maintainer: Seat) -> None:
    answer = await maintainer.post("/chat/entries/nothere222", ENTRY)
    assert answer.status == 404
    assert 'value="A Paper"' in answer.text


async def test_subscribing_posts_the_latest_digest(
    maintainer: Seat, keep: Keep, deliver: Deliver, storage: Storage
) -> None:
    await keep("P", tags=("rlaif",))
    answer = await maintainer.post(SUBSCRIPTIONS, SUBSCRIPTION)
    assert answer.status == 200, answer.text
    await deliver()
    assert "is-header" in (await maintainer.get("/c/papers")).text
    listed = await maintainer.run("/digest list")
    assert "Mon, Fri" in listed.text
    assert "tag:rlaif" in listed.text


async def test_a_reader_subscribes_nothing(reader: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    answer = await reader.post(SUBSCRIPTIONS, SUBSCRIPTION)
    assert answer.status == 403
    assert 'value="tag:rlaif"' in answer.text


async def test_wrong_subscriptions(maintainer: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    typed = {**SUBSCRIPTION, "at": "25:00", "zone": "Mars/Olympus", "weekdays": [], "layout": "forum"}
    answer = await maintainer.post(SUBSCRIPTIONS, typed)
    assert answer.status == 422
    for field in ("at", "zone", "weekdays", "layout"):
        assert f'id="wrong-{field}"' in answer.text
    assert 'value="Mars/Olympus"' in answer.text


async def test_an_unknown_tag_in_a_subscription_suggests(maintainer: Seat, keep: Keep) -> None:
    await keep("P", tags=("rlaif",))
    answer = await maintainer.post(SUBSCRIPTIONS, {**SUBSCRIPTION, "query": "tag:rlfai"})
    assert answer.status == 422
    assert 'id="wrong-query"' in answer.text
    assert 'data-fill="query" data-value="tag:rlaif"' in answer.text


async def test_changing_and_ending_a_subscription(
    maintainer: Seat, keep: Keep, deliver: Deliver, storage: Storage
) -> None:
    await keep("P", tags=("rlaif",))
    await deliver()
    form = await maintainer.run("/digest edit")
    assert f'action="{SUBSCRIPTIONS}/1"' in form.text
    assert (await maintainer.post(f"{SUBSCRIPTIONS}/1", SUBSCRIPTION)).status == 200
    changed = await storage.subscriptions.get(1)
    assert changed is not None
    assert (changed.query, changed.weekdays) == ("tag:rlaif", frozenset({0, 4}))
    assert (await maintainer.post(f"{SUBSCRIPTIONS}/99", SUBSCRIPTION)).status == 404
    assert (await maintainer.post(f"{SUBSCRIPTIONS}/1/end")).status == 200
    assert (await maintainer.post(f"{SUBSCRIPTIONS}/1/end")).status == 404
