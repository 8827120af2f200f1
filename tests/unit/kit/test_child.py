"""A process that obeys in JSON lines, and whoever speaks to it: real ones, on pipes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reelway.kit.child import Child, ChildGone
from reelway.kit.parts import part_path, sweep

# `wait` stops when it is told to, `sleep` hears nothing.
PROGRAM = """
import sys, time
from reelway.kit import obey
from reelway.kit.parts import part_path

obey._GRACE_S = 0.2

def do(asked):
    print("what a library prints")
    asked.say("progress", share=0.5)
    match asked.message["op"]:
        case "greet":
            asked.say("done", words="hello")
        case "wait":
            asked.stop.wait()
            asked.say("cancelled")
        case "sleep":
            part_path(asked.output).write_text("half a clip")
            asked.say("written")
            time.sleep(600)
        case "die":
            sys.exit("no luck")

obey.obey(do, idle_s=float(sys.argv[1]))
"""


def command(idle_s: float = 600.0) -> tuple[str, ...]:
    return (sys.executable, "-c", PROGRAM, str(idle_s))


class Piped:
    """One without a supervisor: its lines as they are."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin, self.stdout = process.stdin, process.stdout

    def tell(self, op: str, number: int, **more: Any) -> None:
        self.stdin.write(json.dumps({"op": op, "id": number, **more}) + "\n")
        self.stdin.flush()

    def said(self, event: str, number: int) -> list[tuple[str, int]]:
        """All lines until that one."""
        lines = []
        while not lines or lines[-1] != (event, number):
            line = json.loads(self.stdout.readline())
            lines.append((line["event"], line["id"]))
        return lines


@contextmanager
def piped(idle_s: float = 600.0) -> Iterator[Piped]:
    with subprocess.Popen(command(idle_s), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            one = Piped(process)
            assert json.loads(one.stdout.readline())["event"] == "ready"
            yield one
        finally:
            process.kill()


def test_it_does_one_thing_after_the_other_and_stops_what_has_not_begun() -> None:
    with piped() as one:
        one.tell("wait", 1)
        one.tell("wait", 2)
        one.tell("cancel", 2)
        one.tell("cancel", 1)
        assert one.said("cancelled", 1) == [("started", 1), ("progress", 1), ("cancelled", 1)]
        assert one.said("cancelled", 2) == [("started", 2), ("progress", 2), ("cancelled", 2)]
        one.tell("cancel", 1)  # it has ended: nothing to stop
        one.tell("greet", 3)
        assert one.said("done", 3) == [("started", 3), ("progress", 3), ("done", 3)]


def test_when_its_input_ends_what_it_does_and_what_waits_is_stopped() -> None:
    with piped() as one:
        one.tell("wait", 1)
        one.tell("wait", 2)
        one.stdin.close()
        assert one.said("cancelled", 2)[-4:] == [("cancelled", 1), ("started", 2), ("progress", 2), ("cancelled", 2)]
        assert one.process.wait(timeout=10) == 0


def test_when_its_input_ends_it_ends_whatever_it_does_and_leaves_no_half_file(tmp_path: Path) -> None:
    theirs = part_path(tmp_path / "a.mp4")
    theirs.write_text("of another process")
    with piped() as one:
        one.tell("sleep", 1, output=str(tmp_path / "a.mp4"))
        one.said("written", 1)
        assert len(list(tmp_path.iterdir())) == 2
        one.stdin.close()
        assert one.process.wait(timeout=10) == 0
    assert list(tmp_path.iterdir()) == [theirs]


def test_one_that_is_asked_nothing_ends() -> None:
    with piped(idle_s=0.1) as one:
        assert one.process.wait(timeout=10) == 0


async def test_a_supervisor_hears_how_it_goes_and_how_it_ends(tmp_path: Path) -> None:
    child = await Child.start(command(), ready_s=30)
    heard: list[Any] = []
    end = await child.outcome(child.ask("greet"), heard.append)
    assert [line["event"] for line in heard] == ["started", "progress"]
    assert (end["event"], end["words"], child.alive) == ("done", "hello", True)
    assert (await child.stop(child.ask("wait"), within_s=10) or {})["event"] == "cancelled"
    assert await child.stop(child.ask("sleep", output=str(tmp_path / "a")), within_s=0.1) is None  # killed for it
    assert not child.alive
    with pytest.raises(ChildGone, match="SIGKILL"):
        await child.outcome(child.ask("greet"))


async def test_one_that_dies_says_its_last_words() -> None:
    child = await Child.start(command(), ready_s=30)
    with pytest.raises(ChildGone, match="it ended with code 1 no luck"):
        await child.outcome(child.ask("die"))


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('no luck')"), "it did not start: no luck"),
        ((sys.executable, "-c", "import time; time.sleep(600)"), r"it did not start: it said nothing for 1 s"),
        (("/nowhere/at/all",), "it did not start: .*No such file"),
    ],
)
async def test_one_that_does_not_start_says_why(program: tuple[str, ...], says: str) -> None:
    with pytest.raises(ChildGone, match=says):
        await Child.start(program, ready_s=1)


def test_half_files_are_told_apart_by_what_they_become(tmp_path: Path) -> None:
    clip, like_it = tmp_path / "a[1].mp4", tmp_path / "a1.mp4"
    for path in (part_path(clip), part_path(clip, "depth.mkv"), part_path(like_it), clip):
        path.touch()
    sweep(clip, by=os.getpid())
    assert sorted(tmp_path.iterdir()) == sorted([part_path(like_it), clip])
