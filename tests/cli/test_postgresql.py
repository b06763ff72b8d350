"""The command line on a server: an archive is moved there, used, looked after, and moved back."""

from __future__ import annotations

from pathlib import Path

from tests.postgres import Server
from tests.processes import ROOT, free_port, paperboy

SEEDS = ROOT / "seeds"


async def test_an_archive_moves_to_a_server_and_back(postgres: Server, tmp_path: Path) -> None:
    await paperboy(tmp_path, "import", str(SEEDS))
    server = postgres.url(postgres.create())
    shown = server.replace("paperboy@", "paperboy:secret@")
    moved = await paperboy(tmp_path, "copy", "--to", shown)
    assert moved.code == 0, moved.err
    assert server in moved.out
    assert "secret" not in moved.out + moved.err
    again = await paperboy(tmp_path, "copy", "--to", shown)
    assert (again.code, again.out) == (1, "")
    assert "is not empty" in again.err

    for command in (("export",), ("paper", "tag:rlaif", "-tag:alignment"), ("paper", "강화학습", "sort:relevance")):
        here = await paperboy(tmp_path, *command, COLUMNS="200")
        there = await paperboy(tmp_path, *command, COLUMNS="200", DATABASE_URL=shown)
        assert (there.code, there.out) == (0, here.out), there.err
    checked = await paperboy(tmp_path, "doctor", DATABASE_URL=shown, PAPERBOY_WEB_PORT=str(free_port()))
    assert checked.code == 0, checked.out
    assert "sound, 63 entries" in checked.out
    assert (await paperboy(tmp_path, "db", "upgrade", DATABASE_URL=shown)).code == 0
    backed_up = await paperboy(tmp_path, "backup", "backup.dump", DATABASE_URL=shown)
    assert backed_up.code == 3
    assert "pg_dump" in backed_up.err

    file = f"sqlite:///{tmp_path / 'back.db'}"
    assert (await paperboy(tmp_path, "copy", "--to", file, DATABASE_URL=shown)).code == 0
    assert (await paperboy(tmp_path, "export", DATABASE_URL=file)).out == (await paperboy(tmp_path, "export")).out


async def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    nobody = "postgresql://paperboy:secret@127.0.0.1:9/paperboy"
    ended = await paperboy(tmp_path, "paper", DATABASE_URL=nobody)
    assert ended.code == 3
    assert len(ended.err.splitlines()) == 1
    assert "cannot be reached" in ended.err
    assert "secret" not in ended.err
    port = str(free_port())
    checked = await paperboy(tmp_path, "doctor", DATABASE_URL=nobody, PAPERBOY_WEB_PORT=port, COLUMNS="200")
    assert checked.code == 1
    assert "cannot be reached" in checked.out
    assert "secret" not in checked.out + checked.err


async def test_where_there_is_nothing_to_copy_to(tmp_path: Path) -> None:
    for target in ("papers", "mysql://host/papers", "postgresql://host"):
        ended = await paperboy(tmp_path, "copy", "--to", target)
        assert ended.code == 3
        assert "--to is not the address of a database" in ended.err
