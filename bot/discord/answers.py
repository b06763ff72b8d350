"""Private answers as Discord messages: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot import wording
from bot.core.digests import Content
from bot.core.engagement import Engagement
from bot.core.entries import Entry
from bot.core.hits import Hit
from bot.core.markup import Run, title_text
from bot.core.messages import msg, msg_n
from bot.core.people import Language
from bot.core.subscriptions import Subscription
from bot.discord.actions import ActionId
from bot.discord.components import DiscordMessage, Part, Row, Rule, Style, Text, rows
from bot.discord.lines import as_typed
from bot.discord.markdown import heading, small
from bot.discord.paging import Group, page_message
from bot.discord.pieces import (
    button,
    dotted,
    entry_buttons,
    hit_group,
    plain_runs,
    run_button,
    said_parts,
    suggestion_groups,
    tags_and_jump,
)
from bot.discord.rendering import (
    messages_of,
    origin_parts,
    small_texts,
    text_parts,
    texts,
    title_parts,
    title_run,
)
from bot.locale import Translator
from bot.usecases import answers
from bot.usecases.acts import write_act
from bot.usecases.asks import Ask, AskKind
from bot.viewing import ALONE, Around, View


@dataclass(frozen=True, slots=True)
class Rendered:
    """The groups of an answer, what comes before and after it, and buttons that stand on each of its pages."""

    groups: Sequence[Group]
    around: Around = ALONE
    foot: Sequence[Row] = ()


def answer_message(answer: answers.Answer | answers.AbstractAnswer, view: View) -> DiscordMessage:
    """An answer, or the page of it that was asked for."""
    rendered = _RENDERED[type(answer)](answer, view)
    return page_message(rendered.groups, view, rendered.around, foot=rendered.foot)


def _each(parts: Sequence[Part]) -> list[Group]:
    """Parts that may stand on a page each."""
    return [[part] for part in parts]


def _title(text: str) -> Text:
    return Text(heading([Run(text)], 2))


def _subtitle(text: str) -> Text:
    return Text(heading([Run(text)], 3))


def _results(answer: answers.ResultsAnswer, view: View) -> Rendered:
    results, speaker = answer.results, view.speaker
    asked = texts([Run(as_typed(f"/paper {results.text}".strip()), code=True)])
    before, after = (
        Ask(AskKind.LOOKUP, answer.typed, cursor) if cursor else None
        for cursor in (results.previous_cursor, results.next_cursor)
    )
    lines = [f"/paper {text}" for text in results.suggestions]
    if results.notice:
        said = [*asked, *said_parts(speaker.say(results.notice))]
        return Rendered([said, *suggestion_groups(lines, speaker.t("Try:"))], Around(before, after))
    count = msg_n("{n} entry", "{n} entries", n=results.total)
    if results.total_is_about:
        count = msg_n("about {n} entry", "about {n} entries", n=results.total)
    remark = small_texts([Run(speaker.say(results.remark))]) if results.remark else []
    head = [*asked, Text(small(speaker.say(count))), *remark]
    more = suggestion_groups(lines, speaker.t("Written otherwise there is more:"))
    return Rendered([head, *(hit_group(hit, view) for hit in results.hits), *more], Around(before, after))


def _digest(answer: answers.DigestAnswer, view: View) -> Rendered:
    shown, speaker = answer.view, view.speaker
    said = wording.heading([shown.day], len(shown.hits), speaker)
    days = ((shown.before, "← {day}"), (shown.after, "{day} →"))
    buttons = [run_button(f"/digest show {day}", label.format(day=day)) for day, label in days if day]
    head: Group = [_title(said.title), Text(small(said.summary))]
    return Rendered([head, *(hit_group(hit, view, dated=False) for hit in shown.hits)], foot=rows(buttons))


def _entry(answer: answers.EntryAnswer, view: View) -> Rendered:
    hit, speaker = answer.hit, view.speaker
    entry = hit.entry
    shown, other = wording.commentaries(entry, view.caller.language)
    body = [*text_parts(shown)]
    if entry.abstract:
        body += [_subtitle(speaker.t("Abstract")), *text_parts(entry.abstract, keep_lines=False)]
    if other:
        body += [_subtitle(speaker.t("Commentary in the other language")), *text_parts(other)]
    if wording.is_shortened(entry):
        names = ", ".join(title_text(name) for name in entry.authors)
        body += [_subtitle(speaker.t("Authors")), *texts([Run(names)])]
    links = wording.further_links(entry)
    if links:
        body += [_subtitle(speaker.t("Links")), *(part for link in links for part in texts([Run(link, url=link)]))]
    return Rendered([_entry_head(hit, view), *_each(body)], foot=rows(entry_buttons(hit, view)))


def _entry_head(hit: Hit, view: View) -> Group:
    entry, speaker = hit.entry, view.speaker
    when = speaker.t("Digest of {day}", day=entry.digest_date) if entry.digest_date else ""
    facts = (when, wording.gathered(hit.engagement, speaker), speaker.t("Entry {id}", id=entry.id))
    return [
        *title_parts(entry),
        *origin_parts(entry, speaker),
        *small_texts(dotted(*map(plain_runs, facts))),
        *small_texts(tags_and_jump(hit, view)),
    ]


def _abstract(answer: answers.AbstractAnswer, view: View) -> Rendered:
    entry = answer.entry
    body = text_parts(entry.abstract, keep_lines=False) or said_parts(view.speaker.t("There is no abstract."))
    return Rendered(_each([*title_parts(entry), *body]))


def _like(answer: answers.LikeAnswer, view: View) -> Rendered:
    name = title_text(answer.entry.title)
    if not answer.hits:
        return Rendered([texts([Run(view.speaker.t("No other entry shares a tag with “{title}”.", title=name))])])
    head = texts([Run(view.speaker.t("Like “{title}”, by shared tags:", title=name))])
    return Rendered([head, *(hit_group(hit, view) for hit in answer.hits)])


def _drafts(answer: answers.DraftsAnswer, view: View) -> Rendered:
    speaker, count = view.speaker, len(answer.hits)
    if not count:
        none = speaker.t("No draft waits to be published. To change an entry, write its id after the command.")
        return Rendered([said_parts(none)])
    head = speaker.n("{n} draft waits to be published:", "{n} drafts wait to be published:", count)
    return Rendered([said_parts(head), *(hit_group(hit, view) for hit in answer.hits)])


def _help(answer: answers.HelpAnswer, view: View) -> Rendered:
    speaker = view.speaker
    examples = [(f"/paper {text}", what) for text, what in answer.view.examples]
    groups: list[Group] = [
        [_title(speaker.t("Looking papers up"))],
        *_each([part for line, what in examples for part in _explained(line, speaker.say(what))]),
        *suggestion_groups([line for line, _ in examples[:5]], speaker.t("Try:")),
        [_title(speaker.t("Commands"))],
        *_each([part for line, what in answer.commands for part in _explained(line, speaker.say(what))]),
    ]
    return Rendered(groups)


def _explained(line: str, what: str) -> list[Part]:
    return texts([Run(as_typed(line), code=True), Run(f" {what}")])


def _following(answer: answers.FollowingAnswer, view: View) -> Rendered:
    followed, speaker = answer.followed, view.speaker
    if not followed.queries:
        none = said_parts(speaker.t("You follow nothing so far."))
        return Rendered([none, *suggestion_groups(["/paper help"], speaker.t("Next:"))])
    when = f"{followed.at:%H:%M} ({followed.zone})"
    head = speaker.t("When a digest has something for you, a direct message comes at {time}.", time=when)
    each = (_followed(number, query, speaker) for number, query in enumerate(followed.queries, 1))
    return Rendered([said_parts(head), *each])


def _followed(number: int, query: str, speaker: Translator) -> Group:
    buttons = (
        run_button(f"/paper {query}", speaker.t("Look it up")),
        run_button(f"/paper unfollow {query}", speaker.t("Unfollow")),
    )
    return [*texts([Run(f"{number}. "), Run(query, code=True)]), Row(buttons)]


def _notice(answer: answers.NoticeAnswer, view: View) -> Rendered:
    speaker = view.speaker
    sentences = [part for message in answer.messages for part in said_parts(speaker.say(message))]
    label = speaker.t("Did you mean:") if answer.error else speaker.t("Next:")
    return Rendered([*_each(sentences), *suggestion_groups(answer.suggestions, label)])


def _confirm(answer: answers.ConfirmAnswer, view: View) -> Rendered:
    speaker = view.speaker
    yes = button(speaker.say(answer.label), ActionId.CONFIRM, write_act(answer.act), style=Style.DANGER)
    return Rendered([[*said_parts(speaker.say(answer.question)), Row((yes,))]])


def _subscriptions(answer: answers.SubscriptionsAnswer, view: View) -> Rendered:
    head: Group = [_title(view.speaker.t("This channel's subscriptions"))]
    return Rendered([head, *(_subscription(one, view.speaker) for one in answer.subscriptions)])


def _subscription(one: Subscription, speaker: Translator) -> Group:
    name = [Run(speaker.t("No. {id}", id=str(one.id)), bold=True), Run(" ")]
    query = [Run(one.query, code=True)] if one.query else [Run(speaker.t("everything"))]
    paused = [Run(" · " + speaker.t("paused"))] if one.paused else []
    turn = ("resume", speaker.t("Resume")) if one.paused else ("pause", speaker.t("Pause"))
    row = (("edit", speaker.t("Edit")), turn, ("unsubscribe", speaker.t("Unsubscribe")))
    buttons = tuple(run_button(f"/digest {word} {one.id}", label) for word, label in row)
    return [*texts(name + query + paused), *small_texts([Run(wording.rhythm(one, speaker))]), Row(buttons)]


def _preview(answer: answers.PreviewAnswer, view: View) -> Rendered:
    """What would be posted, without its buttons: they would do the same, but not for a post."""
    head = said_parts(view.speaker.t("This is what the digest of {day} looks like here:", day=answer.day))
    posts = (_posted(content, answer.language) for content in answer.contents)
    return Rendered([head, *(group for post in posts for group in post)])


def _posted(content: Content, language: Language) -> Iterator[Group]:
    rule: list[Part] = [Rule()]
    for message in messages_of(content, language):
        for part in message.parts:
            if isinstance(part, Text):
                yield [*rule, part]
                rule = []


def _recap(answer: answers.RecapAnswer, view: View) -> Rendered:
    week, speaker = answer.recap, view.speaker
    head = _title(speaker.t("The week of {first} to {last}", first=week.first, last=week.last))
    count = Text(small(speaker.n("{n} entry", "{n} entries", week.entry_count)))
    chart = Text(f"```\n{wording.chart(week.per_day, speaker.language)}\n```")
    lists = [group for name, found in answer.lists if found for group in _ranking(speaker.say(name), found, speaker)]
    return Rendered([[head, count, chart], *lists])


def _ranking(name: str, found: Sequence[tuple[Entry, Engagement]], speaker: Translator) -> Iterator[Group]:
    """A list under its name, which does not stand alone at the end of a page."""
    head: list[Part] = [_subtitle(name)]
    for number, (entry, engagement) in enumerate(found, 1):
        gathered = wording.gathered(engagement, speaker)
        yield [*head, *texts([Run(f"{number}. "), *dotted([title_run(entry)], plain_runs(gathered))])]
        head = []


def _form(answer: answers.EntryFormAnswer | answers.SubscriptionFormAnswer, view: View) -> Rendered:
    """Forms open in windows of their own; one that could not is said here."""
    said = answer.problem or msg("This needs a form. Type the command again to open it.")
    return Rendered([said_parts(view.speaker.say(said))])


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
