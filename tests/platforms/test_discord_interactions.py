"""Interactions of the loopback Discord: people at the keyboard, and an app made with the library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands

from tests.platforms.discord import Acme, DiscordServer, furnish, permissions
from tests.platforms.discord.client import Client, connected, register
from tests.platforms.discord.driver import Person
from tests.platforms.discord.refusals import DidNotRespond, NotPossible
from tests.platforms.discord.world import COMPONENTS_V2, EPHEMERAL, LOADING

Interaction = discord.Interaction[Client]


@pytest.fixture
def acme(server: DiscordServer) -> Acme:
    return furnish(server)


@pytest.fixture
def reader(server: DiscordServer, acme: Acme) -> Person:
    return server.person(acme.reader)


class App(Client):
    """An app with a command of each kind; what is asked of it stands in `asked`."""

    def __init__(self, server: DiscordServer) -> None:
        super().__init__(server)
        self.tree = app_commands.CommandTree(self)
        self.asked: list[Interaction] = []
        self.failed: list[BaseException] = []
        self.after = 0.0
        self._add_paper()
        self._add_digest()
        self._add_menu()

    async def setup_hook(self) -> None:
        """Register the commands."""
        await register(self, self.tree)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Nothing may go wrong unseen."""
        raise AssertionError(event_method)

    def _add_paper(self) -> None:
        @self.tree.command(name="paper", description="Papers")
        @app_commands.allowed_installs(guilds=True, users=True)
        @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
        async def paper(interaction: Interaction, tag: app_commands.Range[str, 1, 20], page: int = 1) -> None:
            self.asked.append(interaction)
            await interaction.response.send_message(f"{tag} {page}", ephemeral=True)

        @paper.autocomplete("tag")
        async def tags(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
            self.asked.append(interaction)
            return [app_commands.Choice(name=f"{current}{one}", value=f"{current}{one}") for one in "ab"]

    def _add_digest(self) -> None:
        digest = app_commands.Group(
            name="digest",
            description="Digests",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )

        @digest.command(name="show", description="Shows")
        @app_commands.choices(layout=[app_commands.Choice(name="Cards", value="cards")])
        async def show(
            interaction: Interaction, layout: app_commands.Choice[str], where: discord.TextChannel | None = None
        ) -> None:
            self.asked.append(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)

        self.tree.add_command(digest)

    def _add_menu(self) -> None:
        @self.tree.context_menu(name="Save paper")
        async def save(interaction: Interaction, message: discord.Message) -> None:
            self.asked.append(interaction)
            await interaction.response.send_message(f"saved {message.id}", ephemeral=True)


@pytest.fixture
async def app(server: DiscordServer, acme: Acme) -> AsyncIterator[App]:
    async with connected(App(server)) as running:
        assert isinstance(running, App)
        yield running


async def test_a_command_comes_with_its_options_and_is_answered_privately(
    app: App, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    asked = await reader.command(acme.papers, "paper", tag="rlaif", page=2)
    (answer,) = reader.private
    assert asked.reply is answer
    assert answer.content == "rlaif 2"
    assert server.person(acme.guest).private == []
    assert reader.sees(acme.papers) == [answer]
    (seen,) = app.asked
    assert seen.user.id == acme.reader.id
    assert str(seen.locale) == "ko"
    assert seen.permissions == discord.Permissions(permissions.MEMBERS_USUAL)
    assert seen.app_permissions.send_messages
    assert seen.context.guild
    assert seen.is_guild_integration()
    assert not seen.is_user_integration()


async def test_autocompletion_proposes(app: App, acme: Acme, reader: Person) -> None:
    found = await reader.autocomplete(acme.papers, "paper", "tag", "rl", page=3)
    assert [one["value"] for one in found] == ["rla", "rlb"]
    assert app.asked[0].namespace.page == 3


@pytest.mark.parametrize(
    "options",
    [{}, {"tag": ""}, {"tag": "x" * 21}, {"tag": 5}, {"tag": "a", "page": "2"}, {"tag": "a", "author": "b"}],
    ids=str,
)
async def test_the_client_refuses_wrong_options(app: App, acme: Acme, reader: Person, options: dict[str, Any]) -> None:
    with pytest.raises(NotPossible):
        await reader.command(acme.papers, "paper", **options)
    assert app.asked == []


async def test_commands_are_offered_where_they_may_be_used(app: App, acme: Acme, server: DiscordServer) -> None:
    reader, admin = server.person(acme.reader), server.person(acme.owner)
    assert [one["name"] for one in reader.commands(acme.papers)] == ["paper"]
    assert [one["name"] for one in admin.commands(acme.papers)] == ["paper", "digest"]
    assert [one["name"] for one in reader.commands(reader.direct())] == ["paper"]
    between = reader.direct_with(acme.guest)
    assert reader.commands(between) == []
    await reader.install()
    assert [one["name"] for one in reader.commands(between)] == ["paper"]
    asked = await reader.command(between, "paper", tag="a")
    assert asked.is_external
    assert app.asked[0].context.private_channel
    assert app.asked[0].is_user_integration()


async def test_subcommands_choices_and_channels(app: App, acme: Acme, server: DiscordServer) -> None:
    admin = server.person(acme.owner)
    with pytest.raises(NotPossible, match="offers"):
        await admin.command(acme.papers, "digest show", layout="tables")
    with pytest.raises(NotPossible, match="not complete"):
        await admin.command(acme.papers, "digest")
    with pytest.raises(NotPossible, match="does not offer"):
        await admin.command(acme.papers, "digest show", layout="cards", where=acme.forum)
    asked = await admin.command(acme.papers, "digest show", layout="Cards", where=acme.papers)
    assert asked.reply is not None
    assert asked.reply.flags == LOADING | EPHEMERAL
    assert app.asked[0].namespace.where.id == acme.papers.id
    await app.asked[0].edit_original_response(content="here")
    assert (await asked.shown()).content == "here"
    assert asked.reply.flags == EPHEMERAL


async def test_a_menu_of_a_message(app: App, acme: Acme, reader: Person, server: DiscordServer) -> None:
    message = await server.person(acme.guest).write(acme.papers, "look at this")
    asked = await reader.menu(message, "Save paper")
    assert asked.reply is not None
    assert asked.reply.content == f"saved {message.id}"
    with pytest.raises(NotPossible):
        await reader.menu(asked.reply, "Save paper")


async def test_nobody_there_and_nobody_answering(server: DiscordServer, acme: Acme, reader: Person) -> None:
    server.state.application.commands = [{"id": "5", "name": "ping", "description": "Ping"}]
    with pytest.raises(DidNotRespond, match="not connected"):
        await reader.command(acme.papers, "ping")
    server.interactions.patience = 0.05
    async with connected(Client(server)) as client:
        with pytest.raises(DidNotRespond, match="within"):
            await reader.command(acme.papers, "ping")
        late: Interaction = client.all_of("interaction")[0]
        with pytest.raises(discord.NotFound) as refused:
            await late.response.send_message("late")
        assert refused.value.code == 10062


class Buttons(discord.ui.LayoutView):
    """A message of components."""

    def __init__(self, text: str, *, custom_id: str = "go") -> None:
        super().__init__(timeout=None)
        row = discord.ui.ActionRow[Any](
            discord.ui.Button(label="Go", custom_id=custom_id),
            discord.ui.Button(label="Off", custom_id="off", disabled=True),
            discord.ui.Button(label="Site", url="https://example.org"),
        )
        select = discord.ui.ActionRow[Any](
            discord.ui.Select(
                custom_id="pick",
                placeholder="Pick",
                max_values=2,
                options=[discord.SelectOption(label=one.upper(), value=one) for one in "abc"],
            )
        )
        people = discord.ui.ActionRow[Any](discord.ui.UserSelect(custom_id="who"))
        self.add_item(discord.ui.Container(discord.ui.TextDisplay(text), row, select, people))


@pytest.fixture
async def pressed(server: DiscordServer, acme: Acme) -> AsyncIterator[Client]:
    """A client without commands of its own, which hears all interactions."""
    server.state.application.commands = [{"id": "5", "name": "ping", "description": "Ping", "contexts": None}]
    async with connected(Client(server)) as client:
        yield client


async def ask(client: Client, person: Person, place: Acme, answer: Any) -> tuple[Any, Interaction]:
    """Have `/ping` answered with what `answer(interaction)` does; the person's and the app's side of it."""
    number = len(client.all_of("interaction"))
    asked: list[Interaction] = []

    async def listen() -> None:
        found: list[Interaction] = await client.until("interaction", number + 1)
        asked.append(found[number])
        await answer(found[number])

    listening = asyncio.create_task(listen())
    done = await person.command(place.papers, "ping")
    await listening
    return done, asked[0]


async def heard(client: Client, act: Any, answer: Any) -> Any:
    """Do something as a person and have it answered."""
    number = len(client.all_of("interaction"))
    doing = asyncio.create_task(act)
    found = await client.until("interaction", number + 1)
    await answer(found[number])
    return await doing


async def test_buttons_selects_and_what_they_carry(
    pressed: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    async def show(interaction: Interaction) -> None:
        await interaction.response.send_message(view=Buttons("one"), ephemeral=True)

    asked, _ = await ask(pressed, reader, acme, show)
    message = asked.reply
    assert message.flags == EPHEMERAL | COMPONENTS_V2
    with pytest.raises(NotPossible, match="disabled"):
        await reader.click(message, "Off")
    with pytest.raises(NotPossible, match="link"):
        await reader.click(message, "Site")
    with pytest.raises(NotPossible, match="no one"):
        await reader.click(message, "Nowhere")
    with pytest.raises(NotPossible, match="somebody else"):
        await server.person(acme.guest).click(message, "Go")
    with pytest.raises(NotPossible, match="takes 1 to 2"):
        await reader.select(message, "pick", "a", "b", "c")
    with pytest.raises(NotPossible, match="not among"):
        await reader.select(message, "pick", "z")

    async def replace(interaction: Interaction) -> None:
        assert interaction.data is not None
        text = f"{interaction.data.get('custom_id')} {interaction.data.get('values')}"
        await interaction.response.edit_message(view=Buttons(text))

    await heard(pressed, reader.click(message, "Go"), replace)
    assert message.components[0]["components"][0]["content"] == "go None"
    await heard(pressed, reader.select(message, "Pick", "a", "C"), replace)
    assert message.components[0]["components"][0]["content"] == "pick ['a', 'c']"

    async def name(interaction: Interaction) -> None:
        assert interaction.data is not None
        assert str(acme.guest.id) in interaction.data["resolved"]["members"]  # type: ignore[typeddict-item]
        await interaction.response.defer()

    await heard(pressed, reader.select(message, "who", acme.guest), name)
    assert reader.private == [message]


async def test_one_answer_then_followups_until_the_token_ends(
    pressed: Client, acme: Acme, reader: Person, server: DiscordServer
) -> None:
    async def think(interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)

    asked, interaction = await ask(pressed, reader, acme, think)
    interaction.response._response_type = None
    with pytest.raises(discord.HTTPException) as twice:
        await interaction.response.send_message("again")
    assert twice.value.code == 40060
    await interaction.edit_original_response(view=Buttons("done"))
    assert asked.reply.flags == EPHEMERAL | COMPONENTS_V2
    more = await interaction.followup.send("more", ephemeral=True, wait=True)
    open_one = await interaction.followup.send("for all", wait=True)
    assert [one.content for one in reader.private] == ["", "more"]
    assert [one.content for one in server.person(acme.guest).sees(acme.papers)] == ["for all"]
    await more.edit(content="changed")
    await open_one.delete()
    await interaction.delete_original_response()
    assert [one.content for one in reader.private] == ["changed"]
    with pytest.raises(discord.NotFound) as gone:
        await interaction.edit_original_response(content="x")
    assert gone.value.code == 10008
    server.clock.advance(15 * 60)
    with pytest.raises(discord.HTTPException) as late:
        await interaction.followup.send("late")
    assert late.value.code == 50027


class Form(discord.ui.Modal, title="Add"):
    """A modal with one of each."""

    def __init__(self, most: int = 10) -> None:
        super().__init__(custom_id="form")
        self.add_item(discord.ui.TextDisplay("About"))
        text = discord.ui.TextInput[Any](custom_id="title", max_length=most, default="old")
        self.add_item(discord.ui.Label(text="Title", component=text))
        options = [discord.SelectOption(label="A", value="a", default=True), discord.SelectOption(label="B", value="b")]
        self.add_item(discord.ui.Label(text="Kind", component=discord.ui.Select(custom_id="kind", options=options)))
        channels = discord.ui.ChannelSelect[Any](
            custom_id="where", required=True, channel_types=[discord.ChannelType.text]
        )
        self.add_item(discord.ui.Label(text="Where", component=channels))
        self.add_item(discord.ui.Label(text="Note", component=discord.ui.TextInput(custom_id="note", required=False)))


async def test_a_modal_is_filled_in_and_submitted(pressed: Client, acme: Acme, reader: Person) -> None:
    async def open_form(interaction: Interaction) -> None:
        await interaction.response.send_modal(Form())

    await ask(pressed, reader, acme, open_form)
    modal = reader.modal
    assert modal is not None
    assert (modal.title, modal.texts) == ("Add", ["About"])
    assert modal.values == {"title": "old", "kind": ["a"], "where": [], "note": ""}
    with pytest.raises(NotPossible, match="where takes 1"):
        await reader.submit()
    with pytest.raises(NotPossible, match="does not offer"):
        await reader.submit({"where": acme.forum})
    with pytest.raises(NotPossible, match="characters"):
        await reader.submit({"where": acme.papers, "title": "x" * 11})
    with pytest.raises(NotPossible, match="one line"):
        await reader.submit({"title": "a\nb"})
    with pytest.raises(NotPossible, match="filled in"):
        await reader.submit({"title": ""})
    assert len(pressed.all_of("interaction")) == 1

    async def take(interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send(str(interaction.type), ephemeral=True)

    submitted = await heard(pressed, reader.submit({"Title": "new", "kind": "B"}), take)
    assert (await submitted.shown()).content == "InteractionType.modal_submit"
    assert reader.modal is None
    data: Any = pressed.all_of("interaction")[1].data
    assert [one["component"].get("values", one["component"].get("value")) for one in data["components"][1:]] == [
        "new",
        ["b"],
        [str(acme.papers.id)],
        "",
    ]
    assert str(acme.papers.id) in data["resolved"]["channels"]


async def test_what_people_do_themselves(pressed: Client, acme: Acme, reader: Person, server: DiscordServer) -> None:
    admin, guest = server.person(acme.owner), server.person(acme.guest)
    message = await reader.write(acme.papers, "look at this")
    await guest.react(message, "👍")
    await guest.react(message, "👍", burst=True)
    await guest.unreact(message, "👍")
    thread = await guest.start_thread(message, "about it")
    reply = await reader.write(thread, "yes")
    await guest.archive(thread)
    with pytest.raises(NotPossible, match="archived"):
        await guest.react(reply, "👍")
    await reader.write(thread, "open again")
    assert not thread.archived
    with pytest.raises(NotPossible, match="may not"):
        await reader.lock(thread)
    await admin.lock(thread)
    with pytest.raises(NotPossible, match="locked"):
        await reader.write(thread, "no")
    with pytest.raises(NotPossible, match="may not"):
        await guest.delete(reply)
    await admin.delete(reply)
    added = await pressed.until("raw_reaction_add", 2)
    assert [(one.burst, one.member is not None, one.message_author_id) for one in added] == [
        (False, True, acme.reader.id),
        (True, True, acme.reader.id),
    ]
    (gone,) = await pressed.until("raw_reaction_remove")
    assert gone.user_id == acme.guest.id
    (made,) = await pressed.until("thread_create")
    assert made.id == message.id
    (deleted,) = await pressed.until("raw_message_delete")
    assert deleted.channel_id == thread.id
    seen = await pressed.until("message", 3)
    assert [one.content for one in seen] == ["", "", ""]  # the intent is not there


async def test_forums_channels_and_the_end(pressed: Client, acme: Acme, reader: Person, server: DiscordServer) -> None:
    admin = server.person(acme.owner)
    post = await reader.start_post(acme.forum, "Question", "What?")
    assert reader.threads(acme.forum) == [post]
    with pytest.raises(NotPossible, match="itself"):
        await reader.write(acme.forum, "no")
    await admin.allow(
        acme.lounge, server.state.guilds[acme.guild.id].roles[acme.guild.id], deny=permissions.VIEW_CHANNEL
    )
    with pytest.raises(NotPossible, match="does not see"):
        reader.sees(acme.lounge)
    await admin.write(acme.lounge, "unseen")
    await admin.delete_channel(acme.forum)
    (gone,) = await pressed.until("guild_channel_delete")
    assert gone.id == acme.forum.id
    assert server.gateway.told("MESSAGE_CREATE")[-1]["channel_id"] == str(post.id)
    with pytest.raises(NotPossible, match="not there any more"):
        reader.sees(post)
    await admin.kick_bot(acme.guild)
    await pressed.until("guild_remove")
    with pytest.raises(NotPossible, match="offers"):
        await reader.command(acme.papers, "ping")
    await admin.invite_bot(acme.guild, permissions.MEMBERS_USUAL)
    await pressed.until("guild_join")
    assert await pressed.until("interaction", 0) == []
