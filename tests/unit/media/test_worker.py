"""Media work stays off the event loop, and the libraries stay out of an idle gateway."""

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reelway.media.probe import UnreadableClip, probe
from reelway.media.worker import run_long_media, run_media


async def test_the_event_loop_goes_on_while_media_work_runs() -> None:
    work = asyncio.create_task(run_media(time.sleep, 0.3))
    started = time.monotonic()
    await asyncio.sleep(0.01)
    assert time.monotonic() - started < 0.2
    assert not work.done()
    await work


async def test_errors_come_back_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no clip")
    with pytest.raises(UnreadableClip):
        await run_media(probe, path)


async def test_no_more_than_two_run_at_once() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    await asyncio.gather(*(run_media(work) for _ in range(8)))
    assert most == 2


async def test_what_takes_seconds_holds_up_nothing_else() -> None:
    over = threading.Event()
    long = [asyncio.create_task(run_long_media(over.wait)) for _ in range(3)]
    try:
        await asyncio.wait_for(run_media(int), 5)
        assert not any(one.done() for one in long)
    finally:
        over.set()
        await asyncio.gather(*long)


def test_importing_the_room_loads_neither_pyav_nor_pillow() -> None:
    """Together they are 60 MB, half of what an idle gateway may weigh."""
    program = (
        "import sys\n"
        "import reelway.media.picture, reelway.media.probe, reelway.media.poster, reelway.media.gif\n"
        "import reelway.media.worker\n"
        "print([name for name in ('av', 'PIL', 'numpy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
