"""The process that holds the model: `python -m reelway.diffusion.child`, spoken to in JSON lines.

In: `{"op": "make", "id", "order", "output"}`, `{"op": "cancel", "id"}`. Out: `ready`, then `started`, `progress`,
`done`, `failed`, `cancelled`, each with the `id` of what it answers. It makes one clip at a time and keeps the model
between two. It ends when its input ends (a server that was killed leaves no orphan) and when nothing was asked of it
for a while, which gives the memory back.
"""

import argparse
import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from reelway.diffusion import pipelines
from reelway.diffusion.order import Order, Pipeline
from reelway.diffusion.pipelines import CannotMake, Loaded, Stopped, reason_of

_NICENESS: Final = 5
_GRACE_S: Final = 1.0  # after the input ends: how long a run has to stop by itself
_TICK_S: Final = 0.5  # how often a child with nothing to do looks whether it is too old

Message = dict[str, Any]


class Child:
    """A thread that reads, a main thread that works."""

    def __init__(self, out: IO[str], pipeline: Pipeline, *, idle_s: float) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._pipeline = pipeline
        self._loaded: Loaded | None = None
        self._idle_s = idle_s
        self._stops: dict[int, threading.Event] = {}

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
        time.sleep(_GRACE_S)
        os._exit(0)

    def work(self) -> None:
        """Make what is asked, one after the other, until told to end or idle for too long."""
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < self._idle_s:
            try:
                message = self._inbox.get(timeout=min(_TICK_S, self._idle_s))
            except queue.Empty:
                continue
            if message is None:
                return
            number = int(message["id"])
            self.say("started", id=number)
            try:
                self._make(number, message)
            finally:
                self._stops.pop(number, None)
            idle_since = time.monotonic()

    def _stop_of(self, number: int) -> threading.Event:
        return self._stops.setdefault(number, threading.Event())

    def _make(self, number: int, message: Message) -> None:
        stop = self._stop_of(number)

        def on_step(share: float) -> None:
            if stop.is_set():
                raise Stopped
            self.say("progress", id=number, share=share)

        try:
            order = Order(**message["order"])
            if self._loaded is None:
                self._loaded = Loaded(self._pipeline)
            on_step(0.0)
            made = self._loaded.make(order, on_step=on_step)
            from reelway.diffusion import clip  # here: a child that finds no model needs no codec

            pictures = _until(stop, made.pictures)
            clip.write(pictures, Path(message["output"]), width=order.width, height=order.height, fps=order.fps)
            self.say("done", id=number, effective=made.effective)
        except Stopped:
            self.say("cancelled", id=number)
        except CannotMake as error:
            self.say("failed", id=number, reason=error.reason, message=str(error))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it ends this clip, and the server must hear of it
            traceback.print_exc()
            self.say("failed", id=number, reason=reason_of(error), message=f"{type(error).__name__}: {error}")


def _until(stop: threading.Event, pictures: Iterable[Any]) -> Iterator[Any]:
    for picture in pictures:
        if stop.is_set():
            raise Stopped
        yield picture


def main() -> None:
    """Read the command line, keep stdout for the protocol alone, and work."""
    options = argparse.ArgumentParser(prog="reelway.diffusion.child")
    options.add_argument("--pipeline", type=json.loads, required=True)
    options.add_argument("--idle-s", type=float, required=True)
    given = options.parse_args()
    pipeline = Pipeline(**given.pipeline)
    pipelines.quiet(download=pipeline.download)
    # A terminal or a supervisor signals the whole group: the server decides what becomes of a clip, and ends our
    # input when it stops.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints goes to the log
    child = Child(out, pipeline, idle_s=given.idle_s)
    threading.Thread(target=child.listen, args=(sys.stdin,), daemon=True).start()
    child.say("ready", pid=os.getpid())
    child.work()
    out.close()
    os._exit(0)  # the reader may sit in a blocking read, which a normal exit would wait for


if __name__ == "__main__":
    main()
