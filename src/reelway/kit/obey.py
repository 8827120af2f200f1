"""The other end of kit/child.py: a process that does what it is told in JSON lines, one thing at a time.

In come an `op` with its `id`, and `{"op": "cancel", "id"}` for one that is to stop. Out go `ready`, then `started` and
what else there is to say, each with the `id` of what it answers; `done`, `failed` or `cancelled` is the last. It ends
when its input ends (a server that was killed leaves no orphan), and when nothing was asked of it for a while, which
gives its memory back.
"""

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final, NoReturn

from reelway.kit.parts import sweep

_NICENESS: Final = 5
_GRACE_S: Final = 2.0  # after the input ends: how long the work has to stop and clean up by itself
_TICK_S: Final = 0.5  # how often a process with nothing to do looks whether it is too old

Message = dict[str, Any]


class Asked:
    """One thing to do, and the way to tell how it goes; `stop` is set when it is not wanted any more."""

    def __init__(self, message: Message, stop: threading.Event, say: Callable[..., None]) -> None:
        self.message = message
        self.stop = stop
        self._say = say

    @property
    def output(self) -> Path:
        """The file to make."""
        return Path(self.message["output"])

    def say(self, event: str, **fields: object) -> None:
        """One line out about it."""
        self._say(event, id=self.message["id"], **fields)


def obey(do: Callable[[Asked], None], *, idle_s: float) -> NoReturn:
    """Be such a process from now on: `do` is called for each thing that is asked, and says how it ended.

    stdout is kept for the lines: what a library prints goes to the log.
    """
    # A terminal or a supervisor signals the whole group: the server decides what becomes of the work, and ends our
    # input when it stops.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        ear = _Ear(out)
        threading.Thread(target=ear.listen, args=(sys.stdin,), daemon=True).start()
        ear.say("ready", pid=os.getpid())
        ear.work(do, idle_s)
    os._exit(0)  # the reader may sit in a blocking read, which a normal exit would wait for


class _Ear:
    """A thread that reads, a main thread that works."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._inbox: queue.Queue[Message | None] = queue.Queue()
        self._stops: dict[int, threading.Event] = {}
        self._output: Path | None = None

    def say(self, event: str, **fields: object) -> None:
        """One line out; a closed pipe is the end."""
        line = json.dumps({"event": event, **fields})
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._out.write(line + "\n")
            self._out.flush()

    def listen(self, source: IO[str]) -> None:
        """Read until the input ends, then see to it that the process ends."""
        with contextlib.suppress(OSError, ValueError):
            for line in source:
                message = json.loads(line)
                if message["op"] != "cancel":
                    self._stops[message["id"]] = threading.Event()
                    self._inbox.put(message)
                elif (stop := self._stops.get(message["id"])) is not None:  # else it has ended
                    stop.set()
        for stop in list(self._stops.values()):
            stop.set()
        self._inbox.put(None)
        time.sleep(_GRACE_S)
        if (output := self._output) is not None:
            sweep(output, by=os.getpid())
        os._exit(0)

    def work(self, do: Callable[[Asked], None], idle_s: float) -> None:
        """Do what is asked, one after the other, until told to end or idle for too long."""
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < idle_s:
            try:
                message = self._inbox.get(timeout=min(_TICK_S, idle_s))
            except queue.Empty:
                continue
            if message is None:
                return
            asked = Asked(message, self._stops[message["id"]], self.say)
            self._output = asked.output if "output" in message else None
            asked.say("started")
            try:
                do(asked)
            finally:
                self._output = None
                del self._stops[message["id"]]
            idle_since = time.monotonic()
