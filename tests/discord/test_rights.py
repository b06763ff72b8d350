"""Who may not, does not: whatever somebody types, presses or sends, rights are checked where the thing is done."""

from __future__ import annotations

import pytest

from bot.core.entries import Entry
from bot.core.subscriptions import Subscription
from tests.discord.conftest import Served
from tests.discord.forging import forged_buttons, forged_window
from tests.discord.posting import settled
from tests.discord.saying import text_of
from tests.platforms.discord import furnish, permissions
from tests.platforms.discord.world import Channel, User

REFUSED = ("Only maintainers can do this", "Only operators can do this", "Only operators and maintainers")

CURATING: dict[str, dict[str, str]] = {
    "paper-add": {},
    "paper-edit": {"entry": "{entry}"},
    "paper-remove": {"entry": "{entry}"},
    "paper-undo": {"entry": "{entry}"},
}
OPERATING: dict[str, dict[str, str]] = {
    "digest subscribe": {"query": "tag:rlaif"},
    "digest list": {},
    "digest edit": {"number": "{number}"},
    "digest pause": {"number": "{number}"},
    "digest resume": {"number": "{number}"},
    "digest unsubscribe": {"number": "{number}"},
}
BOTH: dict[str, dict[str, str]] = {"digest preview": {}, "digest send": {}, "digest why": {}}

BUTTONS_OF_MAINTAINERS = (
    *("run:/paper-add 2406.14548", "run:/paper-edit {entry}", "run:/paper-edit", "run:/paper-remove {entry}"),
    *("run:/paper-undo", "run:/paper-undo {entry}", "confirm:remove {entry}"),
    *('form:{{"entry":"{entry}","page":"main"}}', 'form:{{"entry":"","page":"main","form":{{}}}}'),
)
BUTTONS_OF_OPERATORS = (
    *("run:/digest subscribe tag:rlaif", "run:/digest list", "run:/digest edit {number}", "run:/digest pause {number}"),
    *("run:/digest resume {number}", "run:/digest unsubscribe {number}", "confirm:end {number}"),
    *('form:{{"subscription":{number},"page":"more"}}', 'form:{{"subscription":0,"page":"main","form":{{}}}}'),
)
BUTTONS_OF_BOTH = ("run:/digest preview", "run:/digest send", "run:/digest why")

WINDOWS_OF_MAINTAINERS = (
    ('form:{{"entry":"","page":"main","form":{{}}}}', {"title": "Smuggled"}),
    ('form:{{"entry":"{entry}","page":"main","form":{{"revision":1}}}}', {"title": "Smuggled"}),
    ('form:{{"entry":"{entry}","page":"commentary","form":{{"revision":1}}}}', {"commentary": "Smuggled"}),
)
WINDOWS_OF_OPERATORS = (
    ('form:{{"subscription":0,"page":"main","form":{{}}}}', {"query": "", "at": "10:00", "zone": "UTC"}),
    ('form:{{"subscription":{number},"page":"main","form":{{}}}}', {"query": "", "at": "10:00", "zone": "UTC"}),
)


class Scene:
    """An entry, and a subscription of #papers, as they are to stay."""

    def __init__(self, served: Served, entry: Entry, subscription: Subscription) -> None:
        self.served = served
        self.entry = entry
        self.subscription = subscription

    def say(self, text: str) -> str:
        """A text with what it is about put in."""
        return text.format(entry=self.entry.id, number=self.subscription.id)

    async def is_as_it_was(self) -> None:
        """See that nothing has been changed, or posted."""
        await settled(self.served)
        assert list(await self.served.storage.archive.export(after=None)) == [self.entry]
        everything = await self.served.storage.subscriptions.of_workspace(
            "discord", self.subscription.channel.workspace
        )
        assert list(everything) == [self.subscription]
        assert self.served.changed == []
        assert self.served.acme.papers.messages == {}

    async def press(self, user: User, custom_id: str, where: Channel | None = None) -> str:
        """What is said when somebody presses a button that Paperboy has not shown them."""
        channel, wanted = where or self.served.acme.papers, self.say(custom_id)
        message = forged_buttons(self.served, channel, [wanted])
        pressed = await self.served.server.person(user).click(message, wanted)
        answer = text_of(await pressed.shown())
        channel.messages.pop(message.id)
        assert self.served.server.person(user).modal is None
        return answer

    async def send(self, user: User, custom_id: str, fields: dict[str, str], where: Channel | None = None) -> str:
        """What is said when somebody sends a window that Paperboy has not shown them."""
        forged_window(self.served, user, where or self.served.acme.papers, self.say(custom_id), fields)
        return text_of(await (await self.served.server.person(user).submit()).shown())

    async def type(self, user: User, name: str, options: dict[str, str]) -> str:
        """What is said when somebody types a command."""
        given = {key: int(self.say(text)) if key == "number" else self.say(text) for key, text in options.items()}
        asked = await self.served.server.person(user).command(self.served.acme.papers, name, **given)
        assert self.served.server.person(user).modal is None
        return text_of(await asked.shown())


@pytest.fixture
async def scene(served: Served) -> Scene:
    (entry,) = await served.add("A paper", tags=("rlaif",))
    await served.subscribe(query="tag:rlaif")
    (subscription,) = await served.storage.subscriptions.of_channel(served.papers)
    return Scene(served, entry, subscription)


def is_refused(said: str) -> bool:
    return any(words in said for words in REFUSED)


# --- readers ----------------------------------------------------------------------------------------------------------


async def test_a_reader_types_a_command(scene: Scene) -> None:
    """Discord shows every command to everybody: a server may hide them, which is no protection."""
    for name, options in {**CURATING, **OPERATING, **BOTH}.items():
        assert is_refused(await scene.type(scene.served.acme.guest, name, options)), name
    await scene.is_as_it_was()


async def test_a_reader_presses_a_button(scene: Scene) -> None:
    for custom_id in (*BUTTONS_OF_MAINTAINERS, *BUTTONS_OF_OPERATORS, *BUTTONS_OF_BOTH):
        assert is_refused(await scene.press(scene.served.acme.guest, custom_id)), custom_id
    await scene.is_as_it_was()


async def test_a_reader_sends_a_window(scene: Scene) -> None:
    for custom_id, fields in (*WINDOWS_OF_MAINTAINERS, *WINDOWS_OF_OPERATORS):
        assert is_refused(await scene.send(scene.served.acme.guest, custom_id, fields)), custom_id
    await scene.is_as_it_was()


async def test_a_reader_opens_the_menu_of_a_post(scene: Scene) -> None:
    message = forged_buttons(scene.served, scene.served.acme.papers, [f"save:{scene.entry.id}"])
    asked = await scene.served.guest.menu(message, "Edit paper")
    assert is_refused(text_of(await asked.shown()))
    assert scene.served.guest.modal is None


# --- who may do one thing and not another -----------------------------------------------------------------------------


async def test_a_maintainer_is_no_operator(scene: Scene) -> None:
    acme = scene.served.acme
    acme.guild.members[acme.guest.id].roles = [acme.curators.id]
    for custom_id in BUTTONS_OF_OPERATORS:
        assert is_refused(await scene.press(acme.guest, custom_id))
    for custom_id, fields in WINDOWS_OF_OPERATORS:
        assert is_refused(await scene.send(acme.guest, custom_id, fields))
    await scene.is_as_it_was()


async def test_an_operator_is_no_maintainer(scene: Scene) -> None:
    for custom_id in BUTTONS_OF_MAINTAINERS:
        assert is_refused(await scene.press(scene.served.acme.owner, custom_id))
    for custom_id, fields in WINDOWS_OF_MAINTAINERS:
        assert is_refused(await scene.send(scene.served.acme.owner, custom_id, fields))
    await scene.is_as_it_was()


async def test_rights_that_were_taken_back_are_gone_at_the_next_press(scene: Scene) -> None:
    served, acme = scene.served, scene.served.acme
    await served.owner.change_role(acme.guild, acme.curators, permissions.MANAGE_GUILD)
    await served.owner.give_role(acme.guild, acme.guest, acme.curators)
    asked = await (await served.guest.command(acme.papers, "digest unsubscribe")).shown()
    await served.owner.take_role(acme.guild, acme.guest, acme.curators)
    (sure,) = [one for one in asked.components[0]["components"][-1]["components"] if "custom_id" in one]
    await served.guest.click(asked, sure["custom_id"])
    await served.server.until(lambda: is_refused(text_of(asked)))
    await scene.is_as_it_was()


# --- other servers and channels ---------------------------------------------------------------------------------------


async def test_who_runs_another_server_has_no_say_here(scene: Scene) -> None:
    other = furnish(scene.served.server, name="Globex")
    for custom_id in ("run:/digest pause {number}", "confirm:end {number}", "run:/digest edit {number}"):
        assert "no subscription" in await scene.press(other.owner, custom_id, other.papers)
    for custom_id, fields in WINDOWS_OF_OPERATORS[1:]:
        assert "no subscription" in await scene.send(other.owner, custom_id, fields, other.papers)
    await scene.is_as_it_was()


async def test_another_channels_subscription_is_changed_there(scene: Scene) -> None:
    owner, lounge = scene.served.acme.owner, scene.served.acme.lounge
    for custom_id in ("run:/digest pause {number}", "confirm:end {number}", "run:/digest edit {number}"):
        assert "no subscription" in await scene.press(owner, custom_id, lounge)
    await scene.is_as_it_was()


async def test_a_role_of_another_server_with_the_same_members_counts_only_by_its_id(scene: Scene) -> None:
    other = furnish(scene.served.server, name="Globex")
    other.guild.members[other.guest.id].roles = [other.curators.id]  # not the one that the settings name
    assert is_refused(await scene.press(other.guest, "run:/paper-remove {entry}", other.papers))
    await scene.is_as_it_was()


async def test_drafts_and_tomorrow_are_not_for_readers(scene: Scene) -> None:
    served = scene.served
    later = served.parts.desk.clock.now().date().replace(year=2099)
    (tomorrow,) = await served.add("Secret plans", day=later)
    message = forged_buttons(served, served.acme.papers, [f"{kind}:{tomorrow.id}" for kind in ("details", "share")])
    for kind in ("details", "share"):
        said = text_of(await (await served.guest.click(message, f"{kind}:{tomorrow.id}")).shown())
        assert "Secret plans" not in said
    assert list(served.acme.papers.messages.values()) == [message]
