"""Carry out the Dockerfile without a Docker engine, and see that what it makes runs.

    context (.dockerignore) ─┐
    base tree ──copy──> stage 1: RUN, COPY in a chroot ──COPY --from──> stage 2 ──> ENTRYPOINT + CMD
                                                                                    HEALTHCHECK, SIGTERM, start again

Needs Debian, root and debootstrap (`make docker-check`). Every command has mount and process namespaces of its own.
The program is started as the image's user, as process 1, on a read-only tree with only /tmp and the volumes writable,
in a network namespace without any network but loopback.

What this cannot show: the base image. A minimal Debian of the same release, with Debian's own Python of the same
version, stands in for it, and image layers, registries and Docker's own start are not involved.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Final

HERE: Final = Path(__file__).resolve().parent.parent
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paperboy" / "dockerfile-base"
BASE: Final = re.compile(r"python:3\.11(\.\d+)?-slim-(?P<suite>bookworm)")
BASE_PACKAGES: Final = "python3,python3-venv,ca-certificates"
BASE_ENV: Final = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
# How this machine reaches package registries; a Docker build would get these as build arguments.
NETWORK_ENV: Final = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL")
CERTIFICATES: Final = "etc/ssl/certs/ca-certificates.crt"

HEALTHY_WITHIN: Final = 60.0  # seconds
STOPPED_WITHIN: Final = 10.0

LOOPBACK_UP: Final = """
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
"""


class StepFailed(Exception):
    """A step of the Dockerfile did not do what it says."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: `COPY`, `--from=builder /a /b`."""

    keyword: str
    text: str


@dataclass(slots=True)
class Stage:
    """A stage under way, and what its instructions have set."""

    name: str
    root: Path
    env: dict[str, str] = field(default_factory=lambda: dict(BASE_ENV))
    workdir: str = "/"
    user: str = "0:0"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stop_signal: signal.Signals = signal.SIGTERM


# --- reading -------------------------------------------------------------------------------------------------------


def parse(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile, continued lines joined."""
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\s*\n\s*", "", "\n".join(lines))
    return [
        Instruction(word.upper(), rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines())
    ]


def words(text: str, env: Mapping[str, str]) -> list[str]:
    """An instruction's words: a JSON list as it is, anything else split like a shell does, with variables filled in."""
    if text.startswith("["):
        return [str(word) for word in json.loads(text)]
    return shlex.split(Template(text).safe_substitute(env))


def ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether `.dockerignore` leaves a path of the context out; the last pattern that matches decides."""
    parts = path.split("/")
    prefixes = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    verdict = False
    for pattern in patterns:
        wanted = re.escape(pattern.removeprefix("!").strip("/"))
        wanted = wanted.replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        if any(re.fullmatch(wanted, prefix) for prefix in prefixes):
            verdict = not pattern.startswith("!")
    return verdict


def context_files(directory: Path) -> Iterator[str]:
    """Paths of the files that are sent to the build, relative to the context."""
    lines = (directory / ".dockerignore").read_text().splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    for top in sorted(directory.iterdir()):
        if ignored(top.name, patterns) and not any(line.startswith(f"!{top.name}/") for line in patterns):
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            relative = path.relative_to(directory).as_posix()
            if path.is_file() and not ignored(relative, patterns):
                yield relative


# --- doing ---------------------------------------------------------------------------------------------------------


def base_tree(image: str) -> Path:
    """A tree that stands in for the base image; made once, then kept in the user's cache."""
    known = BASE.fullmatch(image)
    if known is None:
        raise StepFailed(f"no stand-in is known for the base image {image}")
    tree = CACHE / known["suite"]
    if (tree / "usr/local/bin/python").is_symlink():
        return tree
    say(f"making a minimal Debian {known['suite']} in {tree}")
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    command = ["debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", known["suite"], str(tree)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode:
        raise StepFailed(f"debootstrap: {made.stdout.strip()[-600:]}")
    for name in ("python", "python3"):
        (tree / "usr/local/bin" / name).symlink_to("/usr/bin/python3.11")
    return tree


def in_stage(stage: Stage, command: Sequence[str], *, user: str, extra_env: Mapping[str, str]) -> list[str]:
    """The command line that runs a command inside a stage's tree, once its mounts are there."""
    env = [f"{name}={value}" for name, value in {**stage.env, **extra_env}.items()]
    enter = f"cd {shlex.quote(stage.workdir)} && exec {shlex.join(command)}"
    return ["chroot", f"--userspec={user}", "--groups=", str(stage.root), "env", "-i", *env, "sh", "-c", enter]


def run_step(stage: Stage, text: str) -> None:
    """RUN: a shell command in the tree, with this machine's way to the package registries."""
    root = stage.root
    for name in ("etc/resolv.conf", "etc/hosts", CERTIFICATES):
        if Path("/", name).exists():
            shutil.copy(Path("/", name), root / name)
    network = {name: os.environ[name] for name in NETWORK_ENV if name in os.environ}
    shell = words(text, {}) if text.startswith("[") else ["/bin/sh", "-c", text]
    command = in_stage(stage, shell, user=stage.user, extra_env={**network, "PIP_CERT": f"/{CERTIFICATES}"})
    mounts = f"mount -t proc proc {root}/proc && mount --rbind /dev {root}/dev"
    isolated = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "sh",
        "-c",
        f"{mounts} && {shlex.join(command)}",
    ]
    if subprocess.run(isolated, check=False).returncode:
        raise StepFailed(f"RUN {text}")


def copy_step(stage: Stage, text: str, stages: Mapping[str, Stage], context: Path) -> None:
    """COPY, from the context or from another stage."""
    arguments = words(text, stage.env)
    options = dict(word.removeprefix("--").split("=", 1) for word in arguments if word.startswith("--"))
    if unknown := set(options) - {"from"}:
        raise StepFailed(f"COPY options not known here: {unknown}")
    *sources, target = [word for word in arguments if not word.startswith("--")]
    source_root = stages[options["from"]].root if "from" in options else context
    into = inside(stage, target)
    for source in sources:
        origin = source_root / source.lstrip("/")
        if not origin.exists():
            raise StepFailed(f"COPY: {source} is not there, or left out by .dockerignore")
        if origin.is_dir():
            shutil.copytree(origin, into, symlinks=True, dirs_exist_ok=True)
        else:
            place = into / origin.name if target.endswith("/") or len(sources) > 1 else into
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(origin, place)


def inside(stage: Stage, path: str) -> Path:
    """A path of the stage as a path of this machine."""
    return stage.root / Path(stage.workdir, path).as_posix().lstrip("/")


def carry_out(stage: Stage, step: Instruction, stages: Mapping[str, Stage], context: Path) -> None:
    """One instruction other than FROM."""
    match step.keyword:
        case "RUN":
            run_step(stage, step.text)
        case "COPY":
            copy_step(stage, step.text, stages, context)
        case "WORKDIR":
            stage.workdir = Path(stage.workdir, *words(step.text, stage.env)).as_posix()
            inside(stage, ".").mkdir(parents=True, exist_ok=True)
        case "LABEL" | "EXPOSE":
            words(step.text, stage.env)
        case _:
            configure(stage, step)


def configure(stage: Stage, step: Instruction) -> None:
    """An instruction that only says how the image is to be run."""
    match step.keyword:
        case "ENV":
            pairs = (word.partition("=") for word in words(step.text, stage.env))
            stage.env.update({name: value for name, _, value in pairs})
        case "USER":
            stage.user = step.text
        case "VOLUME":
            stage.volumes += words(step.text, stage.env)
        case "ENTRYPOINT":
            stage.entrypoint = words(step.text, stage.env)
        case "CMD":
            stage.cmd = words(step.text, stage.env)
        case "HEALTHCHECK":
            stage.health = words(step.text.partition("CMD ")[2].strip(), stage.env)
        case "STOPSIGNAL":
            stage.stop_signal = signal.Signals[step.text]
        case _:
            raise StepFailed(f"{step.keyword} is not known here")


def build(steps: Sequence[Instruction], work: Path) -> Stage:
    """All stages, one after the other; hands back the last."""
    context = work / "context"
    for name in context_files(HERE):
        place = context / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(HERE / name, place)
    stages: dict[str, Stage] = {}
    for step in steps:
        say(f"{step.keyword} {step.text}")
        if step.keyword == "FROM":
            image, _, name = step.text.partition(" AS ")
            stage = Stage(name or str(len(stages)), work / f"stage-{len(stages)}")
            subprocess.run(["cp", "-a", str(base_tree(image)), str(stage.root)], check=True)
            stages[stage.name] = stage
        else:
            carry_out(stage, step, stages, context)
    return stage


# --- running -------------------------------------------------------------------------------------------------------


class Container:
    """The image's program under way."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        root = stage.root
        mounts = [f"mount --bind {root} {root}", f"mount -o remount,bind,ro {root}"]
        mounts += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        mounts += [f"mount -t tmpfs tmpfs {root}/tmp"]
        for volume in stage.volumes:
            mounts += [f"mount --bind {volume_of(stage, volume)} {root}{volume}"]
        program = in_stage(stage, [*stage.entrypoint, *stage.cmd], user=stage.user, extra_env={})
        script = " && ".join([*mounts, shlex.join([sys.executable, "-c", LOOPBACK_UP]), f"exec {shlex.join(program)}"])
        isolate = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]
        self._outer = subprocess.Popen([*isolate, "sh", "-c", script])

    @property
    def pid(self) -> int:
        """The program's process id on this machine; inside it is 1."""
        for _ in range(50):
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
            if self._outer.poll() is not None:
                raise StepFailed(f"the program ended by itself with {self._outer.returncode}")
            if found := children.read_text().split():
                return int(found[0])
            time.sleep(0.1)
        raise StepFailed("the program was not started within 5 s")

    def ask(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run another command in the container."""
        enter = ["nsenter", f"--target={self.pid}", "--mount", "--pid", "--net"]
        inner = in_stage(self._stage, command, user=self._stage.user, extra_env={})
        return subprocess.run([*enter, *inner], capture_output=True, text=True, check=False)

    def wait_until_healthy(self) -> float:
        """Seconds until HEALTHCHECK passed, and a load balancer may send people here."""
        start = time.monotonic()
        for check in (self._stage.health, ["python", "-c", READY]):
            while self.ask(check).returncode:
                if time.monotonic() - start > HEALTHY_WITHIN:
                    raise StepFailed(f"not healthy within {HEALTHY_WITHIN:.0f} s: {self.ask(check).stderr[-400:]}")
                time.sleep(0.2)
        return time.monotonic() - start

    def stop(self) -> float:
        """Seconds from STOPSIGNAL to the end; the exit code must be 0."""
        start = time.monotonic()
        os.kill(self.pid, self._stage.stop_signal)
        try:
            code = self._outer.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired as error:
            raise StepFailed(f"still there {STOPPED_WITHIN:.0f} s after {self._stage.stop_signal.name}") from error
        if code:
            raise StepFailed(f"ended with {code} after {self._stage.stop_signal.name}")
        return time.monotonic() - start

    def kill(self) -> None:
        """End it, whatever it does."""
        self._outer.kill()
        self._outer.wait()


def volume_of(stage: Stage, path: str) -> Path:
    """Where the volume for a path of the image is: beside the image's tree."""
    return stage.root.with_name("volumes") / path.strip("/")


READY: Final = "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"
PAGE: Final = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').read().decode())"
WRITE: Final = "import sys; open('/opt/paperboy/x', 'w')"


def try_out(stage: Stage) -> None:
    """Start, look, stop; then start again on the same volume."""
    for volume in stage.volumes:  # as Docker does it: a new volume gets what the image has there, with its owner
        volume_of(stage, volume).parent.mkdir(parents=True)
        subprocess.run(["cp", "-a", f"{stage.root}{volume}", str(volume_of(stage, volume))], check=True)
    pages = []
    for start in ("first", "second"):
        container = Container(stage)
        try:
            say(f"{start} start: healthy after {container.wait_until_healthy():.1f} s")
            status = Path(f"/proc/{container.pid}/status").read_text()
            uids = re.search(r"^Uid:\s+(.*)$", status, re.MULTILINE)
            say(f"  runs as user {uids[1].split()[0] if uids else '?'}")
            preloaded = stage.env.get("LD_PRELOAD", "")
            if preloaded not in Path(f"/proc/{container.pid}/maps").read_text():
                raise StepFailed(f"the program runs without {preloaded}")
            if container.ask(["python", "-c", WRITE]).returncode == 0:
                raise StepFailed("the program's own files can be written by its user")
            page = container.ask(["python", "-c", PAGE])
            if page.returncode:
                raise StepFailed(f"no front page: {page.stderr[-400:]}")
            title = re.search(r"<title>(.*?)</title>", page.stdout, re.DOTALL)
            say(f"  front page: {title[1].strip() if title else 'without a title'} ({len(page.stdout):,} characters)")
            pages.append(page.stdout)
            say(f"  stopped {container.stop():.1f} s after {stage.stop_signal.name}, exit code 0")
        finally:
            container.kill()
    if pages[0] != pages[1]:
        raise StepFailed("the second start shows another front page than the first")
    say("second start shows the same front page from the volume")


def say(text: str) -> None:
    """One line of progress."""
    print(f"==> {text}", flush=True)


def main() -> None:
    """Build, try out, and leave nothing behind but the base tree."""
    parser = argparse.ArgumentParser(description="Carry out the Dockerfile without a Docker engine.")
    parser.add_argument("--keep", action="store_true", help="leave the trees for a look")
    keep = parser.parse_args().keep
    missing = [tool for tool in ("debootstrap", "unshare", "nsenter", "chroot") if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        sys.exit(f"This needs Debian, root, and {', '.join(missing or ['unshare'])} (apt-get install debootstrap).")
    work = Path(tempfile.mkdtemp(prefix="paperboy-image-"))
    os.chmod(work, 0o755)  # noqa: PTH101 - the image's user walks through it
    try:
        try_out(build(parse((HERE / "Dockerfile").read_text()), work))
    except StepFailed as error:
        sys.exit(f"==> FAILED: {error}")
    finally:
        if keep:
            say(f"kept in {work}")
        else:
            shutil.rmtree(work)
    say("The Dockerfile's steps work.")


if __name__ == "__main__":
    main()
