"""The image without an engine: the Dockerfile's own steps, run in a plain folder as the user that it names."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from reelway import __version__
from servers import free_port

PROJECT = Path(__file__).parents[2]
_BUILD = "deploy/image/build.sh"


class Line(NamedTuple):
    word: str
    rest: str


def _stages() -> list[list[Line]]:
    """The Dockerfile's lines, stage by stage."""
    text = re.sub(r"^#.*\n", "", (PROJECT / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    stages: list[list[Line]] = [[]]
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        stages[-1].append(Line(word, rest.strip()))
    return stages[1:]


BUILD, FINAL = _stages()


def _all(stage: list[Line], word: str) -> list[str]:
    return [line.rest for line in stage if line.word == word]


def _command(word: str) -> list[str]:
    (given,) = _all(FINAL, word)
    command: list[str] = json.loads(given[given.index("[") :])
    return command


class Image:
    """A folder that stands for the image's root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.user = int(_all(FINAL, "USER")[0].partition(":")[0])

    def at(self, path: str) -> str:
        """An absolute path of the image, in the folder; anything else as it is."""
        return str(self.root) + path if path.startswith("/") else path

    def build(self) -> None:
        """Everything that COPY and RUN do with our own files."""
        source = self.root / "source"
        source.mkdir()
        for copied in _all(BUILD, "COPY"):
            *names, target = copied.split()
            for name in names:
                _copy(PROJECT / name, source / target / (name.rpartition("/")[2] if target.endswith("/") else ""))
        (self.root / "data").mkdir()
        (self.root / "var/cache").mkdir(parents=True)
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REELWAY_"))}
        for run in _all(BUILD, "RUN"):
            for step in re.findall(rf"sh {re.escape(_BUILD)} [^&]+", run):
                command = [self.at(part) for part in shlex.split(step)]
                subprocess.run(command, cwd=source, env=own | {"PYTHON": sys.executable}, check=True)
        for folder in ("data", "var/cache/reelway"):
            self._give(self.root / folder)

    def _give(self, folder: Path) -> None:
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.user, self.user)

    def environ(self, **more: str) -> dict[str, str]:
        """ENV, and nothing of ours that could lead a program to our own installation."""
        given = dict(pair.split("=", 1) for env in _all(FINAL, "ENV") for pair in env.split())
        at = {name: ":".join(map(self.at, value.split(":"))) for name, value in given.items()}
        return at | {"PATH": at["PATH"].replace("$PATH", os.environ["PATH"]), "TMPDIR": "/tmp"} | more

    def as_user(self, command: list[str]) -> list[str]:
        """As the image's user where we may; who may still read the interpreter, wherever it is, but write nothing."""
        if os.geteuid() != 0:
            return command
        caps = "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *caps, "--", *command]


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


@contextmanager
def _image() -> Iterator[Image]:
    folder = Path(tempfile.mkdtemp(prefix="reelway-image-"))
    folder.chmod(0o755)
    try:
        image = Image(folder)
        image.build()
        yield image
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(600)  # a minute and a half on two cores: everything is installed and compiled anew
def test_the_image_builds_serves_is_healthy_and_stops_when_asked() -> None:
    with _image() as image:
        environ = image.environ(REELWAY_PORT=str(free_port()))
        said = subprocess.run(
            image.as_user([*_command("ENTRYPOINT"), "--version"]), env=environ, capture_output=True, text=True
        )
        assert said.stdout.strip() == f"reelway {__version__}", said.stderr
        log = image.root / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                image.as_user([*_command("ENTRYPOINT"), *_command("CMD")]), env=environ, stdout=out, stderr=out
            )
        try:
            while _unhealthy(image, environ):
                assert process.poll() is None, log.read_text()
            process.send_signal(getattr(signal, _all(FINAL, "STOPSIGNAL")[0]))
            assert process.wait(60) == 0, log.read_text()
        finally:
            process.kill()
        assert "previz_compiles" not in log.read_text(), "kernels compiled into the image are not taken"
        assert (image.root / "data/reelway.db").exists()


def _unhealthy(image: Image, environ: dict[str, str]) -> bool:
    done = subprocess.run(image.as_user(_command("HEALTHCHECK")), env=environ, capture_output=True, timeout=60)
    return done.returncode != 0


def test_the_final_stage_runs_as_a_user_without_rights() -> None:
    (user,) = _all(FINAL, "USER")
    words = [line.word for line in FINAL]
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    assert "RUN" not in words[words.index("USER") :]


def test_nothing_is_installed_or_compiled_in_the_final_stage() -> None:
    assert not any(re.search(r"\b(pip|apt-get|gcc|build\.sh)\b", run) for run in _all(FINAL, "RUN"))


def test_the_build_context_holds_what_is_copied_and_no_more() -> None:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {name for copy in _all(BUILD, "COPY") for name in copy.split()[:-1]}
    assert "*" in lines
    assert {name for name in copied if not any(name == a or name.startswith(f"{a}/") for a in allowed)} == set()
    assert {a for a in allowed if not any(name == a or name.startswith(f"{a}/") for name in copied)} == set()


def test_base_images_are_named_without_a_registry() -> None:
    for stage in (BUILD, FINAL):
        assert "/" not in stage[0].rest
