"""Rules of the house that a machine can keep: what is locked, what is written down, what may stand in a file."""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

DOCUMENTS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/operating.md"]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-build.lock"]
IMPORTED_AS = {
    "discord-py": "discord",
    "python-dotenv": "dotenv",
    "slack-bolt": "slack_bolt",
    "slack-sdk": "slack_sdk",
}
NEVER_IMPORTED = {"tzdata"}  # zoneinfo finds it where the system has no time zones
LEFT_OUT = {"build", "dist", "htmlcov", "__pycache__"}


def files(*suffixes: str) -> Iterator[Path]:
    """Files of the project with these suffixes, without what is made: environments, caches, builds."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT and (not name.startswith(".") or name == ".ci")]
        yield from (Path(folder, name) for name in names if name.endswith(suffixes) or not suffixes)


def locked(lock: str) -> dict[str, str]:
    """Names and exact versions of a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))


def group(name: str) -> list[str]:
    """A dependency group, with those it includes."""
    found = []
    for item in PROJECT["dependency-groups"][name]:
        found += [item] if isinstance(item, str) else group(item["include-group"])
    return found


# --- lock files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"] + group("dev")),
        ("requirements-build.lock", group("build") + PROJECT["build-system"]["requires"]),
    ],
)
def test_locks_hold_what_pyproject_asks_for(lock: str, wanted: list[str]) -> None:
    versions = locked(lock)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{name} is not in {lock}: make lock"
        assert requirement.specifier.contains(versions[name]), f"{name} {versions[name]} in {lock}: make lock"


def test_tests_run_with_the_versions_that_are_shipped() -> None:
    tested = locked("requirements-dev.lock")
    assert {name: tested.get(name) for name in locked("requirements.lock")} == locked("requirements.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_say_how_they_are_made_and_name_no_machine(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "make lock" in text.splitlines()[1]
    assert not re.search(r"--(extra-)?index-url|--find-links|://|^[./]", text, re.MULTILINE)
    for pin in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in pin, pin.splitlines()[0]


def test_every_library_that_is_imported_is_declared_and_the_other_way_round() -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]}
    modules = {IMPORTED_AS.get(name, name) for name in declared}
    imported: set[str] = set()
    for path in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("storage/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.split(".")[0])
    libraries = imported - set(sys.stdlib_module_names) - {"bot", "storage"}
    assert libraries <= modules, "declare these in pyproject.toml"
    assert modules - libraries <= NEVER_IMPORTED, "nobody imports these any more"


# --- documents ----------------------------------------------------------------------------------------------------


def test_the_changelog_has_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog
    assert f"## [{PROJECT['project']['version']}]" in changelog
    init = (ROOT / "bot/__init__.py").read_text(encoding="utf-8")
    assert PROJECT["project"]["version"] in init


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_commands_in_documents_exist(document: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    code = re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    named = {name for parts in code for part in parts for name in re.findall(r"^make ([a-z-]+)", part, re.MULTILINE)}
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_in_documents_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (ROOT / document).parent / path if path else ROOT / document
        assert linked.exists(), target
        if anchor:
            assert anchor in headings(linked), target


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def test_the_first_commands_of_the_readme_are_run_and_test() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = re.search(r"```sh\n(.*?)```", readme, re.DOTALL)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make run", "make test"]


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    from bot.settings import DEFAULTS, OPTIONAL

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", readme, re.MULTILINE))
    assert set(rows) == {*DEFAULTS, *OPTIONAL}
    for name, default in DEFAULTS.items():
        assert default in rows[name] or name == "PAPERBOY_ARXIV_URL", name


def test_every_command_stands_in_the_readme() -> None:
    from bot.cli import paperboy

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in paperboy.commands:
        assert f"`paperboy {name}" in readme, name


def test_the_layers_in_the_architecture_are_those_that_are_checked() -> None:
    (layers,) = (
        contract["layers"] for contract in PROJECT["tool"]["importlinter"]["contracts"] if contract["type"] == "layers"
    )
    names = ([name.strip().removeprefix("bot.") for name in layer.split("|")] for layer in layers)
    drawn = [" | ".join(layer) for layer in names if layer != ["__main__"]]
    assert "\n".join(["```", *drawn, "```"]) in (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


# --- files --------------------------------------------------------------------------------------------------------


def test_no_file_names_a_folder_of_one_machine() -> None:
    machines = re.compile(r"(?<![\w.*])/(work|root|home/\w+)/")
    suffixes = (".py", ".md", ".toml", ".lock", ".yaml", ".sh", ".html", ".css", ".js", ".po", "Makefile", "Dockerfile")
    paths = [*files(*suffixes), ROOT / ".ci/run"]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in paths
        if path != Path(__file__).resolve()
        for match in machines.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found
