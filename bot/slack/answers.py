"""Private answers as Slack messages: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from bot import wording
from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.hits import Hit
from bot.core.markup import Run, safe_url, sentence, title_text
from bot.core.messages import msg, msg_n
from bot.core.subscriptions import Subscription
from bot.locale import Translator
from bot.slack.actions import ActionId
from bot.slack.blocks import SlackMessage, actions, button, context, title
from bot.slack.paging import Group, page_message
from bot.slack.pieces import (
    entry_buttons,
    hit_group,
    lined,
    plain_runs,
    run_button,
    said_blocks,
    suggestion_groups,
    text_sections,
)
from bot.slack.rendering import messages_of
from bot.slack.rich_text import Block, Item, Section, blocks_of
from bot.usecases import answers
from bot.usecases.acts import write_act
from bot.usecases.asks import Ask, AskKind
from bot.viewing import ALONE, Around, View

_MOST_NAMED: Final = 3
"""Authors that the byline of every answer names anyway."""

Rendered = tuple[list[Group], Around]
"""The groups of an answer, and what comes before and after it."""


def answer_message(answer: answers.Answer | answers.AbstractAnswer, view: View) -> SlackMessage:
    """An answer, or the page of it that was asked for."""
    groups, around = _RENDERED[type(answer)](answer, view)
    return page_message(groups, view, around)


def _name(entry: Entry) -> Run:
    return Run(title_text(entry.title) or entry.id, bold=True, url=safe_url(entry.url))


def _results(answer: answers.ResultsAnswer, view: View) -> Rendered:
    results, speaker = answer.results, view.speaker
    asked = Section((Run(f"/paper {results.text}".strip(), code=True),))
    before, after = (
        Ask(AskKind.LOOKUP, answer.typed, cursor) if cursor else None
        for cursor in (results.previous_cursor, results.next_cursor)
    )
    lines = [f"/paper {text}" for text in results.suggestions]
    if results.notice:
        return [
            [*blocks_of([asked]), *said_blocks(speaker.say(results.notice))],
            *suggestion_groups(lines, speaker.t("Try:")),
        ], Around(before, after)
    count = msg_n("{n} entry", "{n} entries", n=results.total)
    if results.total_is_about:
        count = msg_n("about {n} entry", "about {n} entries", n=results.total)
    told = [count, results.remark] if results.remark else [count]
    head = [*blocks_of([asked]), *(context(speaker.say(one)) for one in told)]
    more = suggestion_groups(lines, speaker.t("Written otherwise there is more:"))
    return [head, *(hit_group(hit, view) for hit in results.hits), *more], Around(before, after)


def _digest(answer: answers.DigestAnswer, view: View) -> Rendered:
    shown, speaker = answer.view, view.speaker
    heading = wording.heading([shown.day], len(shown.hits), speaker)
    days = [
        (f"/digest show {day.isoformat()}", label)
        for day, label in ((shown.before, "← {day}"), (shown.after, "{day} →"))
        if day
        for label in [label.format(day=day.isoformat())]
    ]
    around = [actions([run_button(line, number, label) for number, (line, label) in enumerate(days)])] if days else []
    head = [*title(heading.title), context(heading.summary)]
    return [head, *(hit_group(hit, view) for hit in shown.hits), *([around] if around else [])], ALONE


def _entry(answer: answers.EntryAnswer, view: View) -> Rendered:
    hit, speaker = answer.hit, view.speaker
    entry = hit.entry
    shown, other = wording.commentaries(entry, view.caller.language)
    origin = " · ".join(filter(None, (wording.byline(entry, speaker), wording.source_of(entry) or "")))
    pieces: list[Section | Item] = [lined([_name(entry)], plain_runs(origin)), *text_sections(shown)]
    if entry.abstract:
        pieces += [Section((Run(speaker.t("Abstract"), bold=True),)), *text_sections(entry.abstract, keep_lines=False)]
    if other:
        pieces += [Section((Run(speaker.t("Commentary in the other language"), bold=True),)), *text_sections(other)]
    if len(entry.authors) > _MOST_NAMED:
        names = ", ".join(title_text(name) for name in entry.authors)
        pieces += [Section((Run(speaker.t("Authors"), bold=True),)), Section((Run(names),))]
    links = wording.further_links(entry)
    if links:
        pieces += [Section((Run(speaker.t("Links"), bold=True),)), *(Item((Run(link, url=link),)) for link in links)]
    return [*([block] for block in blocks_of(pieces)), _entry_foot(hit, view)], ALONE


def _entry_foot(hit: Hit, view: View) -> Group:
    entry, speaker = hit.entry, view.speaker
    when = speaker.t("Digest of {day}", day=entry.digest_date) if entry.digest_date else ""
    gathered = wording.gathered(hit.engagement, speaker)
    facts = " · ".join(filter(None, (when, gathered, speaker.t("Entry {id}", id=entry.id))))
    jump = view.permalink(hit.jump) if hit.jump else None
    post = [Run(speaker.t("Jump to the post"), url=jump)] if jump else []
    tags = " ".join(f"#{title_text(tag)}" for tag in entry.tags)
    like = button(speaker.t("More like this"), ActionId.LIKE, entry.id)
    buttons = [*entry_buttons(hit, view, details=False), like]
    return [*blocks_of([lined(plain_runs(tags), plain_runs(facts), post)]), actions(buttons)]


def _abstract(answer: answers.AbstractAnswer, view: View) -> Rendered:
    heading = Section((_name(answer.entry),))
    none = Section((Run(view.speaker.t("There is no abstract.")),))
    body = text_sections(answer.entry.abstract, keep_lines=False) or [none]
    return [[block] for block in blocks_of([heading, *body])], ALONE


def _like(answer: answers.LikeAnswer, view: View) -> Rendered:
    name = title_text(answer.entry.title)
    if not answer.hits:
        return [said_blocks(view.speaker.t("No other entry shares a tag with “{title}”.", title=name))], ALONE
    return [
        said_blocks(view.speaker.t("Like “{title}”, by shared tags:", title=name)),
        *(hit_group(hit, view) for hit in answer.hits),
    ], ALONE


def _drafts(answer: answers.DraftsAnswer, view: View) -> Rendered:
    speaker, count = view.speaker, len(answer.hits)
    if not count:
        none = speaker.t("No draft waits to be published. To change an entry, write its id after the command.")
        return [said_blocks(none)], ALONE
    head = speaker.n("{n} draft waits to be published:", "{n} drafts wait to be published:", count)
    return [said_blocks(head), *(hit_group(hit, view) for hit in answer.hits)], ALONE


def _help(answer: answers.HelpAnswer, view: View) -> Rendered:
    speaker = view.speaker
    examples = [
        Item((Run(f"/paper {text}", code=True), Run(f" {speaker.say(what)}"))) for text, what in answer.view.examples
    ]
    commands = [Item((Run(line, code=True), Run(f" {speaker.say(what)}"))) for line, what in answer.commands]
    tries = [f"/paper {text}" for text, _ in answer.view.examples[:5]]
    return [
        [*title(speaker.t("Looking papers up")), *blocks_of(examples)],
        *suggestion_groups(tries, speaker.t("Try:")),
        [*title(speaker.t("Commands")), *blocks_of(commands)],
    ], ALONE


def _following(answer: answers.FollowingAnswer, view: View) -> Rendered:
    followed, speaker = answer.followed, view.speaker
    if not followed.queries:
        none = said_blocks(speaker.t("You follow nothing so far."))
        return [none, *suggestion_groups(["/paper help"], speaker.t("Next:"))], ALONE
    when = f"{followed.at:%H:%M} ({followed.zone})"
    head = speaker.t("When a digest has something for you, a direct message comes at {time}.", time=when)
    rows = (_followed(number, query, speaker) for number, query in enumerate(followed.queries, 1))
    return [said_blocks(head), *rows], ALONE


def _followed(number: int, query: str, speaker: Translator) -> Group:
    row = [
        run_button(f"/paper {query}", 0, speaker.t("Look it up")),
        run_button(f"/paper unfollow {query}", 1, speaker.t("Unfollow")),
    ]
    return [*blocks_of([Section((Run(f"{number}. "), Run(query, code=True)))]), actions(row)]


def _notice(answer: answers.NoticeAnswer, view: View) -> Rendered:
    speaker = view.speaker
    sentences = blocks_of([Section(tuple(sentence(speaker.say(message)))) for message in answer.messages])
    label = speaker.t("Did you mean:") if answer.error else speaker.t("Next:")
    return [*([block] for block in sentences), *suggestion_groups(answer.suggestions, label)], ALONE


def _confirm(answer: answers.ConfirmAnswer, view: View) -> Rendered:
    yes = {**button(view.speaker.say(answer.label), ActionId.CONFIRM, write_act(answer.act)), "style": "danger"}
    return [[*said_blocks(view.speaker.say(answer.question)), actions([yes])]], ALONE


def _subscriptions(answer: answers.SubscriptionsAnswer, view: View) -> Rendered:
    head = title(view.speaker.t("This channel's subscriptions"))
    return [head, *(_subscription(one, view.speaker) for one in answer.subscriptions)], ALONE


def _subscription(one: Subscription, speaker: Translator) -> Group:
    name = [Run(speaker.t("No. {id}", id=str(one.id)), bold=True), Run(" ")]
    query = [Run(one.query, code=True)] if one.query else [Run(speaker.t("everything"))]
    paused = [Run(" · " + speaker.t("paused"))] if one.paused else []
    turn = ("resume", speaker.t("Resume")) if one.paused else ("pause", speaker.t("Pause"))
    row = (("edit", speaker.t("Edit")), turn, ("unsubscribe", speaker.t("Unsubscribe")))
    buttons = [run_button(f"/digest {word} {one.id}", number, label) for number, (word, label) in enumerate(row)]
    return [*blocks_of([lined(name + query + paused, plain_runs(wording.rhythm(one, speaker)))]), actions(buttons)]


def _preview(answer: answers.PreviewAnswer, view: View) -> Rendered:
    """What would be posted, without its buttons: they would do the same, but twice the same id stands in no message."""
    head = said_blocks(view.speaker.t("This is what the digest of {day} looks like here:", day=answer.day))
    posts = [message for content in answer.contents for message in messages_of(content, answer.language)]
    divider: Block = {"type": "divider"}
    return [head, *([divider, *_without_buttons(message.blocks)] for message in posts)], ALONE


def _without_buttons(blocks: Iterable[Block]) -> Iterator[Block]:
    return (block for block in blocks if block["type"] != "actions")


def _recap(answer: answers.RecapAnswer, view: View) -> Rendered:
    week, speaker = answer.recap, view.speaker
    head = title(speaker.t("The week of {first} to {last}", first=week.first, last=week.last))
    chart = Section((Run(wording.chart(week.per_day, speaker.language), code=True),))
    lists = [_ranking(speaker.say(name), found, speaker) for name, found in answer.lists if found]
    count = context(speaker.n("{n} entry", "{n} entries", week.entry_count))
    return [[*head, count, *blocks_of([chart])], *lists], ALONE


def _ranking(name: str, found: Sequence[tuple[Entry, Engagement]], speaker: Translator) -> Group:
    items = [
        Item(
            (
                Run(title_text(entry.title) or entry.id, url=safe_url(entry.url)),
                *plain_runs(f" · {gathered}" if (gathered := wording.gathered(engagement, speaker)) else ""),
            )
        )
        for entry, engagement in found
    ]
    return blocks_of([Section((Run(name, bold=True),)), *items])


def _form(answer: answers.EntryFormAnswer | answers.SubscriptionFormAnswer, view: View) -> Rendered:
    """Forms open in windows of their own; one that could not is said here."""
    said = answer.problem or msg("This needs a form. Type the command again to open it.")
    return [said_blocks(view.speaker.say(said))], ALONE


_RENDERED: Final[dict[type, Callable[[Any, View], Rendered]]] = {
    answers.ResultsAnswer: _results,
    answers.DigestAnswer: _digest,
    answers.EntryAnswer: _entry,
    answers.AbstractAnswer: _abstract,
    answers.LikeAnswer: _like,
    answers.DraftsAnswer: _drafts,
    answers.HelpAnswer: _help,
    answers.FollowingAnswer: _following,
    answers.NoticeAnswer: _notice,
    answers.ConfirmAnswer: _confirm,
    answers.SubscriptionsAnswer: _subscriptions,
    answers.PreviewAnswer: _preview,
    answers.RecapAnswer: _recap,
    answers.EntryFormAnswer: _form,
    answers.SubscriptionFormAnswer: _form,
}
