"""The process that renders: `python -m reelway.previz.child`, spoken to in JSON lines.

In: `{"op": "warm", "id"}`, `{"op": "render", "id", "order", "output"}`, `{"op": "cancel", "id"}`. Out: `ready`, then
`started`, `preview`, `progress`, `done`, `failed`, `cancelled`, `warmed`, each with the `id` of what it answers. It
does one thing at a time. It ends when its input ends (a server that was killed leaves no orphan) and when nothing was
asked of it for a while.
"""

import argparse
import base64
import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from reelway.previz import stamp
from reelway.previz.order import Order

NICENESS = 5
PROGRESS_EVERY_S = 0.1
#: After the input ends: how long a render has to stop and clean up by itself.
GRACE_S = 2.0
#: How often a child with nothing to do looks whether it is too old.
TICK_S = 0.5

Message = dict[str, Any]


class Child:
    """One child: a thread that reads, a main thread that works."""

    def __init__(self, out: IO[str], *, cache_dir: Path, idle_s: float, threads: int) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._cache_dir = cache_dir
        self._idle_s = idle_s
        self._threads = threads
        self._stops: dict[int, threading.Event] = {}
        self._part: Path | None = None

    def say(self, event: str, **fields: object) -> None:
        """One line out; a closed pipe is the end."""
        line = json.dumps({"event": event, **fields})
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._out.write(line + "\n")
            self._out.flush()

    def listen(self, source: IO[str]) -> None:
        """Read orders until the input ends, then see to it that the process ends."""
        with contextlib.suppress(OSError, ValueError):
            for line in source:
                message = json.loads(line)
                if message["op"] == "cancel":
                    self._stop_of(message["id"]).set()
                else:
                    self._inbox.put(message)
        for stop in list(self._stops.values()):
            stop.set()
        self._inbox.put(None)
        time.sleep(GRACE_S)
        if self._part is not None:
            self._part.unlink(missing_ok=True)
        os._exit(0)

    def work(self) -> None:
        """Do what is asked, one after the other, until told to end or idle for too long."""
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < self._idle_s:
            try:
                message = self._inbox.get(timeout=min(TICK_S, self._idle_s))
            except queue.Empty:
                continue
            if message is None:
                return
            self._do(message)
            idle_since = time.monotonic()

    def _stop_of(self, number: int) -> threading.Event:
        return self._stops.setdefault(number, threading.Event())

    def _do(self, message: Message) -> None:
        number = int(message["id"])
        match message["op"]:
            case "warm":
                self._warm(number)
            case "render":
                self.say("started", id=number)
                try:
                    self._render(number, message)
                finally:
                    self._stops.pop(number, None)
            case other:
                self.say("failed", id=number, message=f"unknown op {other!r}")

    def _warm(self, number: int) -> None:
        self.say("started", id=number)
        try:
            from reelway.previz.warm import warm  # here: importing it loads numba

            self.say("warmed", id=number, seconds=warm(self._cache_dir))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the server must hear of it
            self.say("failed", id=number, message=f"the kernels could not be compiled: {error!r}")

    def _render(self, number: int, message: Message) -> None:
        from reelway.previz.render import Stopped, Unreadable, render  # here: importing it loads numba

        stop = self._stop_of(number)
        output = Path(message["output"])
        self._part = output.with_name(f".{output.name}.{os.getpid()}.part")
        said_at = 0.0

        def progress(share: float) -> None:
            nonlocal said_at
            now = time.monotonic()
            if share >= 1.0 or now - said_at >= PROGRESS_EVERY_S:
                said_at = now
                self.say("progress", id=number, share=share)

        def preview(jpeg: bytes) -> None:
            self.say("preview", id=number, jpeg=base64.b64encode(jpeg).decode())

        try:
            if stop.is_set():
                raise Stopped
            order = Order.from_json(message["order"])
            made = render(order, output, threads=self._threads, stop=stop, on_progress=progress, on_preview=preview)
            self.say(
                "done",
                id=number,
                codec=made.codec,
                render_s=made.render_s,
                shot=made.shot,
                passes=made.passes,
            )
        except Stopped:
            self.say("cancelled", id=number)
        except (Unreadable, OSError, ValueError) as error:
            self.say("failed", id=number, message=str(error))
        except Exception as error:  # noqa: BLE001 -- our bug must fail this job and not the next
            self.say("failed", id=number, message=f"internal error of the renderer: {error!r}")
        finally:
            self._part = None


def main() -> None:
    """Read the command line, keep stdout for the protocol alone, and work."""
    options = argparse.ArgumentParser(prog="reelway.previz.child")
    options.add_argument("--cache-dir", type=Path, required=True)
    options.add_argument("--idle-s", type=float, default=120.0)
    options.add_argument("--threads", type=int, default=0)
    given = options.parse_args()
    # A terminal or a supervisor signals the whole group: the server decides what becomes of a render, and ends our
    # input when it stops.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    # Set before numba is imported, which happens at the first order.
    os.environ["NUMBA_CACHE_DIR"] = str(stamp.cache_folder(given.cache_dir))
    stamp.cache_folder(given.cache_dir).mkdir(parents=True, exist_ok=True)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints goes to the log
    child = Child(out, cache_dir=given.cache_dir, idle_s=given.idle_s, threads=given.threads or _cores())
    threading.Thread(target=child.listen, args=(sys.stdin,), daemon=True).start()
    child.say("ready", pid=os.getpid())
    child.work()
    out.close()
    os._exit(0)  # the reader may sit in a blocking read, which a normal exit would wait for


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
