"""The process that renders: `python -m reelway.previz.child`, which obeys (kit/obey.py).

It is asked to `render` an `order` into `output`, and says `preview`, `progress`, then `done` with what it made; or to
`warm`, which compiles the kernels of pictures.
"""

import argparse
import base64
import os
import time
from pathlib import Path

from reelway.kit.obey import Asked, obey
from reelway.previz import stamp
from reelway.previz.order import Order

PROGRESS_EVERY_S = 0.1


class Renderer:
    """Renders on `threads` threads."""

    def __init__(self, cache_dir: Path, threads: int) -> None:
        self._cache_dir = cache_dir
        self._threads = threads

    def do(self, asked: Asked) -> None:
        """One thing, and how it ended."""
        match asked.message["op"]:
            case "warm":
                self._warm(asked)
            case "render":
                self._render(asked)
            case other:
                asked.say("failed", message=f"unknown op {other!r}")

    def _warm(self, asked: Asked) -> None:
        try:
            from reelway.previz.warm import warm  # here: importing it loads numba

            asked.say("done", seconds=warm(self._cache_dir, gently=True))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the server must hear of it
            asked.say("failed", message=f"the kernels could not be compiled: {error!r}")

    def _render(self, asked: Asked) -> None:
        from reelway.previz.render import Stopped, Unreadable, render  # here: importing it loads numba

        said_at = 0.0

        def progress(share: float) -> None:
            nonlocal said_at
            now = time.monotonic()
            if share >= 1.0 or now - said_at >= PROGRESS_EVERY_S:
                said_at = now
                asked.say("progress", share=share)

        def preview(jpeg: bytes) -> None:
            asked.say("preview", jpeg=base64.b64encode(jpeg).decode())

        try:
            if asked.stop.is_set():
                raise Stopped
            made = render(
                Order.from_json(asked.message["order"]),
                asked.output,
                threads=self._threads,
                stop=asked.stop,
                on_progress=progress,
                on_preview=preview,
            )
            asked.say("done", codec=made.codec, render_s=made.render_s, shot=made.shot, passes=made.passes)
        except Stopped:
            asked.say("cancelled")
        except (Unreadable, OSError, ValueError) as error:
            asked.say("failed", message=str(error))
        except Exception as error:  # noqa: BLE001 -- our bug must fail this job and not the next
            asked.say("failed", message=f"internal error of the renderer: {error!r}")


def main() -> None:
    """Read the command line, and work."""
    options = argparse.ArgumentParser(prog="reelway.previz.child")
    options.add_argument("--cache-dir", type=Path, required=True)
    options.add_argument("--idle-s", type=float, default=120.0)
    options.add_argument("--threads", type=int, default=0)
    given = options.parse_args()
    # Set before numba is imported, which happens at the first order.
    os.environ["NUMBA_CACHE_DIR"] = str(stamp.cache_folder(given.cache_dir))
    stamp.cache_folder(given.cache_dir).mkdir(parents=True, exist_ok=True)
    obey(Renderer(given.cache_dir, given.threads or _cores()).do, idle_s=given.idle_s)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
