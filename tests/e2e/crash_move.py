"""A move that kills itself with SIGKILL: `crash_move.py BATCHES DELAY_S`, with the new place in the environment.

It dies DELAY_S after it has moved that many batches of rows, or files; 0: never.
"""

import asyncio
import os
import signal
import sys
import threading

from reelway.kit.clock import SystemClock
from reelway.move.installation import move
from reelway.settings import load_settings


def main(batches: int, delay_s: float) -> None:
    new = load_settings({})
    old = load_settings({"database": "sqlite", "storage": "local"})
    told = 0

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        told += 1
        if told == batches:
            threading.Timer(delay_s, os.kill, (os.getpid(), signal.SIGKILL)).start()

    asyncio.run(move(old, new, SystemClock(), resume=True, tell=tell, batch_rows=5))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
