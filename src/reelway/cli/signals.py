"""How a person or a supervisor stops a server."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Final

from reelway.cli.output import note

_ECHO_S: Final = 0.5  # shells, `timeout` and supervisors pass one Ctrl-C on twice


class Signals:
    """The first SIGINT or SIGTERM drains; Ctrl-C after it ends the process where it stands, which loses no row."""

    def __init__(self, says: str) -> None:
        self._says = says
        self._asked_at_s: float | None = None
        self._drain: Callable[[], None] = lambda: None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._came, number)

    def on_first(self, drain: Callable[[], None]) -> None:
        """What the first one does; at once when it has come already."""
        self._drain = drain
        if self._asked_at_s is not None:
            drain()

    def _came(self, number: signal.Signals) -> None:
        now_s = time.monotonic()
        if self._asked_at_s is None:
            self._asked_at_s = now_s
            note(f"stopping: {self._says}; Ctrl-C again to stop at once")
            self._drain()
        elif number == signal.SIGINT and now_s - self._asked_at_s > _ECHO_S:
            note("stopped at once")
            os._exit(128 + number)
