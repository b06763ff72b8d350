"""Curate the archive from chat: add, edit, remove, undo. Every change keeps the earlier revision and its maker."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.addresses import clean_url
from bot.core.entries import Action, Entry, Status, arxiv_id_of
from bot.core.entry_form import EntryForm, MergedForm, Publish, form_of, merge_forms, read_form
from bot.core.errors import Conflict, LookupUnavailable, NotFound
from bot.core.hits import Hit
from bot.core.messages import Message, msg
from bot.core.people import Caller, Role
from bot.core.ports import PaperSource, Stores
from bot.usecases.look_up import hits_of


async def open_add_form(stores: Stores, source: PaperSource, caller: Caller, reference: str | None) -> EntryForm:
    """The form for a new entry, filled with what arXiv knows of the reference when it can be asked.

    Raises:
        NotAllowed: for anyone but maintainers.
        Conflict: the archive holds this paper already.
    """
    caller.require(Role.MAINTAINER)
    if not reference or not reference.strip():
        return EntryForm(publish=Publish.TODAY)
    arxiv_id = arxiv_id_of(reference)
    if arxiv_id is None:
        url = clean_url(reference.strip())
        note = (
            None
            if url
            else msg("“{text}” is no web address or arXiv id, so it stands in the title field.", text=reference)
        )
        return EntryForm(url=url or "", title="" if url else reference.strip(), note=note)
    await _refuse_known(stores, arxiv_id)
    return await _filled_from(source, arxiv_id)


async def _refuse_known(stores: Stores, arxiv_id: str) -> None:
    known = await stores.archive.find(arxiv_id)
    if known is None:
        return
    if known.status is Status.REMOVED:
        raise Conflict(
            msg("This paper was removed from the archive. /paper-undo {id} brings it back.", id=known.id),
            suggestions=(f"/paper-undo {known.id}",),
        )
    raise Conflict(
        msg(
            "The archive has this paper already: “{title}”. /paper-edit {id} changes it.",
            title=known.title,
            id=known.id,
        ),
        suggestions=(f"/paper-edit {known.id}",),
    )


async def _filled_from(source: PaperSource, arxiv_id: str) -> EntryForm:
    bare = EntryForm(url=f"https://arxiv.org/abs/{arxiv_id}")
    try:
        found = await source.paper(arxiv_id)
    except LookupUnavailable as error:
        return replace(
            bare, note=msg("arXiv could not be asked ({reason}). Please fill in the rest.", reason=error.message)
        )
    if found is None:
        return replace(bare, note=msg("arXiv knows no paper {id}. Please check the id.", id=arxiv_id))
    return replace(form_of(found), publish=Publish.TODAY, date="", revision=0)


async def add(stores: Stores, caller: Caller, form: EntryForm, *, at: datetime) -> Entry:
    """Keep what the form describes as a new entry.

    Raises:
        NotAllowed: for anyone but maintainers.
        FormError: wrong fields.
        Conflict: the archive holds this paper already.
    """
    caller.require(Role.MAINTAINER)
    entry = read_form(form, today=caller.today)
    if entry.arxiv_id:
        await _refuse_known(stores, entry.arxiv_id)
    return await stores.archive.add(entry, by=caller.person, at=at)


async def open_edit_form(stores: Stores, caller: Caller, reference: str) -> tuple[Entry, EntryForm]:
    """An entry with the form that shows it.

    Raises:
        NotAllowed: for anyone but maintainers.
        NotFound: no such entry.
    """
    caller.require(Role.MAINTAINER)
    entry = await _entry(stores, reference)
    return entry, form_of(entry)


async def edit(stores: Stores, caller: Caller, entry_id: str, form: EntryForm, *, at: datetime) -> Entry:
    """Write the form over the entry revision it was opened on.

    Raises:
        NotAllowed: for anyone but maintainers.
        FormError: wrong fields.
        Conflict: somebody else has changed the entry meanwhile.
        NotFound: no such entry.
    """
    caller.require(Role.MAINTAINER)
    before = await _entry(stores, entry_id)
    if before.revision != form.revision:
        raise Conflict(_changed_meanwhile(before))
    after = read_form(form, today=caller.today, before=before)
    if after == before:
        return before
    return await stores.archive.replace(after, action=Action.EDIT, by=caller.person, at=at)


async def catch_up(stores: Stores, caller: Caller, entry_id: str, form: EntryForm) -> MergedForm:
    """A form that was opened on an earlier revision, together with what others have changed since.

    Raises:
        NotAllowed: for anyone but maintainers.
        NotFound: no such entry any more.
    """
    caller.require(Role.MAINTAINER)
    current = await _entry(stores, entry_id)
    opened = (
        revision.entry
        for revision in await stores.archive.revisions(current.id)
        if revision.entry.revision == form.revision
    )
    base = next(opened, None)
    return merge_forms(form, form_of(base) if base else None, form_of(current))


async def drafts(stores: Stores, caller: Caller) -> tuple[Hit, ...]:
    """The drafts that wait to be published, the one changed last first.

    Raises:
        NotAllowed: for anyone but maintainers.
    """
    caller.require(Role.MAINTAINER)
    return await hits_of(stores, caller, await stores.archive.drafts())


async def remove(stores: Stores, caller: Caller, reference: str, *, at: datetime) -> Entry:
    """Withdraw an entry from the archive and from every channel.

    Raises:
        NotAllowed: for anyone but maintainers.
        NotFound: no such entry.
    """
    caller.require(Role.MAINTAINER)
    entry = await _entry(stores, reference)
    return await stores.archive.replace(
        replace(entry, status=Status.REMOVED), action=Action.REMOVE, by=caller.person, at=at
    )


async def undo(stores: Stores, caller: Caller, reference: str | None, *, at: datetime) -> Entry:
    """Take back the latest change of an entry, or without a reference the caller's own latest change.

    Raises:
        NotAllowed: for anyone but maintainers.
        NotFound: nothing to take back.
        Conflict: somebody else has changed the entry since.
    """
    caller.require(Role.MAINTAINER)
    if reference:
        entry_id = (await _entry(stores, reference, removed_too=True)).id
    else:
        last = await stores.archive.last_change_by(caller.person)
        if last is None:
            raise NotFound(msg("You have changed nothing that could be taken back."))
        entry_id = last.entry.id
    current = await _entry(stores, entry_id, removed_too=True)  # before its revisions: a later change is a conflict
    standing = [
        revision
        for revision in await stores.archive.revisions(entry_id)
        if not revision.undone and revision.action is not Action.UNDO
    ]
    if reference is None and (not standing or standing[0].by != caller.person):
        raise Conflict(_changed_meanwhile(current))
    if not standing:
        raise NotFound(msg("This entry has no change that could be taken back."))
    earlier = standing[1].entry if len(standing) > 1 else replace(current, status=Status.REMOVED)
    restored = replace(earlier, revision=current.revision)
    return await stores.archive.replace(restored, action=Action.UNDO, by=caller.person, at=at)


def _changed_meanwhile(entry: Entry) -> Message:
    return msg(
        "Somebody else has changed “{title}” meanwhile. Open it again to see what it says now.", title=entry.title
    )


async def _entry(stores: Stores, reference: str, *, removed_too: bool = False) -> Entry:
    entry = await stores.archive.find(reference.strip())
    if entry is None or (entry.status is Status.REMOVED and not removed_too):
        raise NotFound(
            msg("There is no entry {reference}. /paper finds entries by title or author.", reference=reference)
        )
    return entry
