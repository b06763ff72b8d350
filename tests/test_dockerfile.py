"""The Dockerfile: what it promises, without building it. `make docker-check` carries its steps out."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.dockerfile_steps import BASE, context_files, ignored, parse, words

ROOT = Path(__file__).resolve().parent.parent
STEPS = parse((ROOT / "Dockerfile").read_text())


def texts(keyword: str) -> list[str]:
    return [step.text for step in STEPS if step.keyword == keyword]


def test_two_stages_on_one_pinned_base_that_the_steps_can_stand_in_for() -> None:
    images = [text.partition(" AS ")[0] for text in texts("FROM")]
    assert len(images) == 2
    assert len(set(images)) == 1
    assert BASE.fullmatch(images[0])


def test_runs_as_a_user_without_rights_and_says_how_to_stop_and_check_it() -> None:
    last_stage = STEPS[max(n for n, step in enumerate(STEPS) if step.keyword == "FROM") :]
    last = {step.keyword: step.text for step in last_stage}
    assert last["USER"] == "10001:10001"
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert last["VOLUME"] == "/data"
    assert last["EXPOSE"] == "8080"
    assert "/healthz" in last["HEALTHCHECK"]
    assert words(last["ENTRYPOINT"], {}) + words(last["CMD"], {}) == ["paperboy", "run"]


def test_the_allocator_that_is_preloaded_is_installed_and_no_list_of_packages_stays() -> None:
    (last_stage,) = [text for text in texts("RUN") if "apt-get" in text]
    assert "--no-install-recommends libjemalloc2 " in last_stage
    assert last_stage.endswith("rm -rf /var/lib/apt/lists/*")
    assert "LD_PRELOAD=libjemalloc.so.2" in texts("ENV")


def test_installs_only_what_the_lock_files_name() -> None:
    installs = re.findall(r"pip install [^&]*", " && ".join(texts("RUN")))
    assert installs
    for install in installs:
        assert "--require-hashes -r" in install or "--no-deps --no-index" in install


def test_every_file_it_copies_is_sent_to_the_build_and_nothing_else() -> None:
    sent = list(context_files(ROOT))
    copied = [name for text in texts("COPY") if "--from" not in text for name in words(text, {})[:-1]]
    for name in copied:
        assert any(path == name or path.startswith(f"{name}/") for path in sent), name
    assert {path.split("/")[0] for path in sent} == set(copied)
    assert not texts("ADD")


@pytest.mark.parametrize(
    ("path", "is_left_out"),
    [
        (".env", True),
        ("paperboy.db", True),
        ("tests/test_dockerfile.py", True),
        ("bot/cli.py", False),
        ("bot/__pycache__/cli.cpython-311.pyc", True),
        ("README.md", False),
    ],
)
def test_secrets_databases_and_tests_stay_out_of_the_image(path: str, is_left_out: bool) -> None:
    patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert ignored(path, patterns) is is_left_out


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint is not in this environment: `make test` installs it")
    checked = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")
