"""The supervisor and its children."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reelway.previz import Engine, Order, RenderError

MakeOrder = Callable[..., Order]


def children() -> list[int]:
    """Process ids of our living render processes."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for task in tasks for pid in task.read_text().split()]
    return [pid for pid in pids if b"reelway.previz.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def hear_nothing(share: float) -> None:
    """Progress is of no interest."""


async def test_a_render_reports_what_it_made(engine: Engine, order: MakeOrder, tmp_path: Path) -> None:
    heard: list[float] = []
    (tmp_path / ".a.mp4.1.part").touch()  # of another process that makes the same
    report = await engine.render(
        order("a red car and a zeppelin on a coast road", frames=6), tmp_path / "a.mp4", on_progress=heard.append
    )
    assert (report.width, report.height, report.fps, report.frames, report.codec) == (128, 72, 8, 6, "h264")
    assert report.shot["setting"] == "coast"
    assert report.shot["ignored"] == ["zeppelin"]
    assert report.render_s > 0
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert names(tmp_path) == [".a.mp4.1.part", "a.mp4"]


async def test_sixteen_small_frames_are_quick_once_warm(engine: Engine, order: MakeOrder, tmp_path: Path) -> None:
    await engine.render(order(frames=1), tmp_path / "a.mp4", on_progress=hear_nothing)
    started = time.monotonic()
    await engine.render(order(frames=16), tmp_path / "a.mp4", on_progress=hear_nothing)
    assert time.monotonic() - started < 4  # 0.5 s on a free machine


async def test_cancelling_stops_within_a_second_and_leaves_nothing(
    engine: Engine, order: MakeOrder, tmp_path: Path
) -> None:
    begun = asyncio.Event()
    big = order("rainy alley", width=1280, height=720, frames=400)
    task = asyncio.create_task(engine.render(big, tmp_path / "a.mp4", on_progress=lambda share: begun.set()))
    await asyncio.wait_for(begun.wait(), 60)
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - started < 1.0
    assert names(tmp_path) == []
    # And the slot is free again.
    await engine.render(order(), tmp_path / "b.mp4", on_progress=hear_nothing)


async def test_a_child_that_dies_fails_its_render_and_no_other(
    engine: Engine, order: MakeOrder, tmp_path: Path
) -> None:
    begun = asyncio.Event()
    long = order("mars", width=640, height=360, frames=400)
    task = asyncio.create_task(engine.render(long, tmp_path / "a.mp4", on_progress=lambda share: begun.set()))
    await asyncio.wait_for(begun.wait(), 60)
    (pid,) = children()
    os.kill(pid, 9)
    with pytest.raises(RenderError, match="SIGKILL"):
        await task
    assert names(tmp_path) == []
    await engine.render(order(), tmp_path / "b.mp4", on_progress=hear_nothing)
    assert (tmp_path / "b.mp4").exists()


async def test_an_idle_child_ends_and_another_is_started_on_demand(
    cache_dir: Path, order: MakeOrder, tmp_path: Path
) -> None:
    engine = Engine(cache_dir=cache_dir, idle_s=0.3)
    await engine.render(order(frames=1), tmp_path / "a.mp4", on_progress=hear_nothing)
    async with asyncio.timeout(10):
        while children():
            await asyncio.sleep(0.1)
    await engine.render(order(frames=1), tmp_path / "b.mp4", on_progress=hear_nothing)
    await engine.aclose()
    assert children() == []


async def test_slots_render_side_by_side_and_the_rest_wait(cache_dir: Path, order: MakeOrder, tmp_path: Path) -> None:
    engine = Engine(cache_dir=cache_dir, slots=2)
    jobs = [engine.render(order(seed=n), tmp_path / f"{n}.mp4", on_progress=hear_nothing) for n in range(4)]
    await asyncio.gather(*jobs)
    assert len(children()) == 2
    await engine.aclose()
    assert children() == []


async def test_an_unreadable_picture_is_a_render_error_that_says_why(
    engine: Engine, order: MakeOrder, tmp_path: Path
) -> None:
    with pytest.raises(RenderError, match="the picture is not there"):
        await engine.render(order(image=str(tmp_path / "x.png")), tmp_path / "a.mp4", on_progress=hear_nothing)
    await engine.render(order(), tmp_path / "b.mp4", on_progress=hear_nothing)


async def test_a_lone_surrogate_crosses_the_pipe(engine: Engine, order: MakeOrder, tmp_path: Path) -> None:
    await engine.render(order("\ud800 a\nriver \x00", frames=1), tmp_path / "a.mp4", on_progress=hear_nothing)


async def test_a_closed_engine_makes_nothing(cache_dir: Path, order: MakeOrder, tmp_path: Path) -> None:
    engine = Engine(cache_dir=cache_dir)
    await engine.aclose()
    with pytest.raises(RenderError, match="closed"):
        await engine.render(order(), tmp_path / "a.mp4", on_progress=hear_nothing)


async def test_warm_is_safe_to_call_twice_at_once(engine: Engine) -> None:
    first, second = await asyncio.gather(engine.warm(), engine.warm())
    assert first == second
    assert engine.warmed()


def test_a_fresh_cache_is_not_warm(tmp_path: Path) -> None:
    assert not Engine(cache_dir=tmp_path).warmed()


def test_a_stamp_of_other_kernels_is_not_warm(tmp_path: Path, cache_dir: Path) -> None:
    from reelway.previz import stamp

    (tmp_path / stamp.NAME).write_text('{"key": "other", "files": 0}')
    assert not stamp.is_fresh(tmp_path)
    (tmp_path / stamp.NAME).write_text((cache_dir / stamp.NAME).read_text())
    assert not stamp.is_fresh(tmp_path)  # the right stamp, but nothing compiled beside it
    assert stamp.is_fresh(cache_dir)


def test_nothing_is_compiled_in_a_request(cache_dir: Path, tmp_path: Path) -> None:
    """The warm-up reached every kernel: a process that may not write the cache finds all it needs in it."""
    before = sorted((cache_dir / "numba").rglob("*.nbc"))
    for prompt in ("city", "snowy mars"):
        command = [sys.executable, "-m", "reelway.previz", prompt, "-o", str(tmp_path / "a.mp4"), "--size", "1280x720"]
        command += ["--duration", "0.04", "--cache-dir", str(cache_dir), "--move", "orbit"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "100%" in done.stderr
    assert sorted((cache_dir / "numba").rglob("*.nbc")) == before


def test_a_child_ends_when_its_input_ends(cache_dir: Path) -> None:
    """A server that was killed leaves no orphan."""
    command = [sys.executable, "-m", "reelway.previz.child", "--cache-dir", str(cache_dir)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert b"ready" in child.stdout.readline()
        child.stdin.close()
        assert child.wait(timeout=5) == 0


def test_importing_the_engine_loads_nothing_heavy() -> None:
    """The gateway must stay small while nobody renders."""
    code = "import reelway.previz, sys; print([m for m in ('numpy', 'numba', 'av', 'PIL') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
