"""The command line as a process: what it prints, and how it ends."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import sys
from pathlib import Path

import pytest

from tests.processes import FRESH, ROOT, Finished, free_port, paperboy, running

SEEDS = ROOT / "seeds"
FIELDS = [
    *("id", "digest_date", "paper_date", "title", "title_derived", "authors", "organisation", "url", "arxiv_id"),
    *("abstract", "commentary", "commentary_en", "tags", "links", "kind", "status", "sources", "warnings"),
]


def one_line(finished: Finished) -> str:
    """What stands on standard error, which must be a single line and no traceback."""
    lines = finished.err.strip().splitlines()
    assert len(lines) == 1, finished.err
    assert lines[0].startswith("paperboy: ")
    return lines[0]


async def test_import_paper_export_backup_doctor(tmp_path: Path) -> None:
    imported = await paperboy(tmp_path, "import", str(SEEDS), "--json", how=FRESH)
    assert imported.code == 0, imported.err
    report = json.loads(imported.out)
    assert report["new"] == 63
    assert report["skipped"] == [{"path": "README.md", "reason": "not-an-entry", "detail": ""}]

    found = await paperboy(tmp_path, "paper", "tag:rlaif", "-tag:alignment", "sort:old", COLUMNS="200")
    assert found.code == 0, found.err
    assert found.out.count("#rlaif") == 7
    assert "alignment" not in found.out

    lines = (await paperboy(tmp_path, "export")).out.splitlines()
    assert len(lines) == 63
    assert list(json.loads(lines[0])) == FIELDS
    assert (await paperboy(tmp_path, "export", "--format", "bibtex", "date:2024-07-19")).out.count("@") == 4
    assert "<feed" in (await paperboy(tmp_path, "export", "--format", "atom", "tag:rlaif")).out

    copy = tmp_path / "copy.db"
    assert (await paperboy(tmp_path, "backup", str(copy))).code == 0
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT count(*) FROM entries").fetchone() == (63,)
    connection.close()
    again = await paperboy(tmp_path, "backup", str(copy))
    assert again.code != 0
    assert "copy.db" in one_line(again)

    checked = await paperboy(tmp_path, "doctor", PAPERBOY_WEB_PORT=str(free_port()))
    assert checked.code == 0, checked.out
    assert "sound, 63 entries" in checked.out


async def test_import_again_adds_nothing_and_says_so(tmp_path: Path) -> None:
    await paperboy(tmp_path, "import", str(SEEDS))
    again = json.loads((await paperboy(tmp_path, "import", str(SEEDS), "--json")).out)
    assert (again["new"], again["merged"], again["unchanged"]) == (0, 0, 63)


async def test_the_command_line_speaks_korean(tmp_path: Path) -> None:
    helped = await paperboy(tmp_path, "--help", PAPERBOY_LANGUAGE="ko")
    assert "아카이브" in helped.out
    wrong = await paperboy(tmp_path, "paper", "tga:x", PAPERBOY_LANGUAGE="ko")
    assert "tag:" in wrong.err
    assert any("가" <= letter <= "힣" for letter in wrong.err)


async def test_a_query_that_is_not_understood(tmp_path: Path) -> None:
    await paperboy(tmp_path, "import", str(SEEDS))
    key = await paperboy(tmp_path, "paper", "tga:rlaif")
    assert key.code == 2
    assert "tag:rlaif" in key.err
    tag = await paperboy(tmp_path, "paper", "#rlfai")
    assert tag.code == 2
    assert "#rlaif (15)" in tag.err
    begun = await paperboy(tmp_path, "paper", "quanti")
    assert begun.out.startswith("No entry has the word “quanti”.")
    nothing = await paperboy(tmp_path, "paper", "date:2024-06-22")
    assert nothing.code == 1
    assert "date:2024-06-21" in nothing.out


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"PAPERBOY_WEB_PORT": "eighty"}, "PAPERBOY_WEB_PORT"),
        ({"PAPERBOY_WEB_PORT": "70000"}, "PAPERBOY_WEB_PORT"),
        ({"PAPERBOY_TIMEZONE": "Mars/Olympus"}, "PAPERBOY_TIMEZONE"),
        ({"PAPERBOY_LANGUAGE": "fr"}, "PAPERBOY_LANGUAGE"),
        ({"PAPERBOY_WEB_PROT": "8080"}, "Did you mean PAPERBOY_WEB_PORT?"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({"PAPERBOY_WEB_HOST": "exa mple"}, "PAPERBOY_WEB_HOST"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"DISCORD_TOKEN": "not-a-real-one"}, "DISCORD_TOKEN"),
    ],
)
async def test_a_wrong_setting_is_one_line(tmp_path: Path, settings: dict[str, str], words: str) -> None:
    ended = await paperboy(tmp_path, "doctor", **settings)
    assert ended.code == 2
    assert words in one_line(ended)
    assert ended.out == ""
    assert not [value for name, value in settings.items() if name.endswith("_TOKEN") and value in ended.err]


async def test_settings_files(tmp_path: Path) -> None:
    (tmp_path / "paperboy.toml").write_text("paperboy_prot = 1\n")
    assert "paperboy.toml" in one_line(await paperboy(tmp_path, "doctor"))
    (tmp_path / "paperboy.toml").write_text("not toml at all\n")
    assert "paperboy.toml" in one_line(await paperboy(tmp_path, "doctor"))
    (tmp_path / "paperboy.toml").unlink()
    (tmp_path / ".env").write_text("PAPERBOY_TIMEZONE=Mars\nOTHER_PROGRAM=1\n")
    assert "PAPERBOY_TIMEZONE" in one_line(await paperboy(tmp_path, "doctor"))


async def test_port_in_use(tmp_path: Path) -> None:
    port = free_port()
    async with running(tmp_path, port):
        second = tmp_path / "second"
        second.mkdir()
        ended = await paperboy(second, "run", PAPERBOY_WEB_PORT=str(port))
        assert ended.code == 2
        assert str(port) in ended.err.splitlines()[-1]
        checked = await paperboy(tmp_path, "doctor", PAPERBOY_WEB_PORT=str(port))
        assert checked.code == 0, checked.out
        assert f"Paperboy is running on 127.0.0.1:{port}" in checked.out
    with socket.create_server(("127.0.0.1", port)):
        checked = await paperboy(tmp_path, "doctor", PAPERBOY_WEB_PORT=str(port))
        assert checked.code == 1
        assert f":{port} cannot be used" in checked.out


async def test_a_database_that_cannot_be_used(tmp_path: Path) -> None:
    for number, url in enumerate(("sqlite:////proc/paperboy.db", f"sqlite:///{tmp_path}/no/such/folder/x.db")):
        ended = await paperboy(tmp_path, "paper", DATABASE_URL=url)
        assert ended.code == 3, (number, ended.err)
        one_line(ended)
    noise = tmp_path / "noise.db"
    noise.write_bytes(b"this is no database at all" * 100)
    ended = await paperboy(tmp_path, "paper", DATABASE_URL=f"sqlite:///{noise}")
    assert ended.code == 3
    assert "noise.db" in one_line(ended)
    assert noise.read_bytes() == b"this is no database at all" * 100


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    await paperboy(tmp_path, "import", str(SEEDS))
    connection = sqlite3.connect(tmp_path / "paperboy.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    for command in (("paper",), ("import", str(SEEDS)), ("db", "upgrade"), ("run",), ("export",)):
        ended = await paperboy(tmp_path, *command, PAPERBOY_WEB_PORT=str(free_port()))
        assert ended.code == 3, command
        assert "newer" in ended.err.splitlines()[-1]


async def test_bad_documents(tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    folder.mkdir()
    (folder / "240620 Good.md").write_text("https://arxiv.org/abs/2406.14548\n\nGood (A B)\n\n#x\n", encoding="utf-8")
    (folder / "240621 Cp949.md").write_bytes("한글".encode("cp949"))
    (folder / "240622 Large.md").write_bytes(b"a" * 50 * 1024 * 1024)
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n")
    (folder / "240623 Loop.md").symlink_to(folder / "240623 Loop.md")
    (folder / "240624 Gone.md").symlink_to(folder / "nowhere")
    ended = await paperboy(tmp_path, "import", str(folder), "--json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert report["new"] == 1
    assert {skip["path"]: skip["reason"] for skip in report["skipped"]} == {
        "240621 Cp949.md": "not-utf8",
        "240622 Large.md": "too-large",
        "picture.png": "unknown-format",
        "240623 Loop.md": "unreadable",
        "240624 Gone.md": "unreadable",
    }
    missing = await paperboy(tmp_path, "import", str(tmp_path / "nothing"))
    assert missing.code == 2
    assert "nothing" in one_line(missing)


async def test_an_alias_finds_what_its_tag_finds(tmp_path: Path) -> None:
    await paperboy(tmp_path, "import", str(SEEDS))
    assert (await paperboy(tmp_path, "paper", "tag:ai-feedback")).code == 2
    declared = await paperboy(tmp_path, "alias", "#ai-feedback", "rlaif")
    assert declared.code == 0, declared.err
    found = await paperboy(tmp_path, "paper", "tag:ai-feedback", "--limit", "100")
    assert found.out == (await paperboy(tmp_path, "paper", "tag:rlaif", "--limit", "100")).out
    assert "15 of 15" in found.out
    unknown = await paperboy(tmp_path, "alias", "x", "no-such-tag")
    assert unknown.code == 1
    assert "no-such-tag" in one_line(unknown)


async def test_wrong_words(tmp_path: Path) -> None:
    for words in (("nonsense",), ("export", "--format", "xml"), ("paper", "--limit", "0"), ("import",)):
        ended = await paperboy(tmp_path, *words)
        assert ended.code == 2, words
        assert "Traceback" not in ended.err


async def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    await paperboy(tmp_path, "import", str(SEEDS))
    from tests.processes import environment

    pipe = await asyncio.create_subprocess_shell(
        f"set -o pipefail; {sys.executable} -m bot export | head -1",
        executable="/bin/bash",
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await pipe.communicate()
    assert out.count(b"\n") == 1
    assert err == b""


async def test_sigterm_ends_a_run_cleanly(tmp_path: Path) -> None:
    async with running(tmp_path, how=FRESH) as server:
        assert await asyncio.wait_for(server.stop(), 10) == 0
    assert "Traceback" not in (tmp_path / "log.txt").read_text()
