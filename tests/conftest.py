"""Rules for the whole suite: markers, Hypothesis profiles, the browser, and what a skip means where it counts."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from itertools import groupby
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from storage.opening import migrated

from .databases import KINDS, POSTGRESQL, SQLITE
from .postgres import Server, running_server

IN_CI = os.environ.get("CI") == "true"

# A test may be skipped for what the machine cannot have, and says so with this prefix. In CI any other skip fails.
ENVIRONMENT = "environment:"

_MARKERS = (
    "browser: goes through pages in a headless Chromium",
    "slow: takes more than a second or two",
)
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC_CHROMIUMS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "default")


def chromium_path() -> str | None:
    """The Chromium that browser tests drive: the one named in CHROMIUM, else one that is installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    installed = next((path for name in _CHROMIUMS if (path := shutil.which(name))), None)
    return installed or next((path for path in _MAC_CHROMIUMS if Path(path).exists()), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; without one the test is skipped, which CI does not let pass."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in CHROMIUM")
    return path


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> None:
    """Faults that are logged are written as Python does it: with colours and values, each takes a tenth of a second."""
    for one in structlog.get_config()["processors"]:
        if isinstance(one, structlog.dev.ConsoleRenderer):
            one.exception_formatter = structlog.dev.plain_traceback


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server, started when the first test asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> str:
    """The name of an empty database with the newest schema."""
    name = postgres.create()
    migrated(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and nothing in it, to copy: making one takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "paperboy.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(template: Path, tmp_path: Path) -> str:
    """An empty SQLite database of this test's own."""
    return f"sqlite:///{shutil.copy(template, tmp_path / 'paperboy.db')}"


@pytest.fixture
def postgresql_url(postgres: Server, postgres_template: str) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    name = postgres.create(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of this test's own: the test runs on each kind."""
    return str(request.getfixturevalue({SQLITE: "sqlite_url", POSTGRESQL: "postgresql_url"}[request.param]))


def pytest_configure(config: pytest.Config) -> None:
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first, those of a file together, and each worker of `pytest -n` has its share of the files.

    Workers get equal parts, one after the other, and take tests from each other in the end. Those are short ones then:
    nobody is left alone with a long one.
    """
    slow = [item for item in items if item.get_closest_marker("slow")]
    rest = [item for item in items if not item.get_closest_marker("slow")]
    files = [list(group) for _, group in groupby(slow, key=lambda item: item.path)]
    ordered: list[pytest.Item] = []
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for worker in range(workers):
        size = (len(items) - len(ordered)) // (workers - worker)
        first = [item for file in files[worker::workers] for item in file]
        others = max(size - len(first), 0)
        ordered += first + rest[:others]
        del rest[:others]
    items[:] = ordered + rest


def pytest_collection_finish() -> None:
    """What is there now stays to the end: no collection of garbage has to look through it, test after test."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") and chromium_path() is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in CHROMIUM")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure in CI, unless its reason names what the machine cannot have."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if IN_CI and not reason.startswith(ENVIRONMENT):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {reason}"
