"""The process that holds the model: `python -m reelway.diffusion.child`, which obeys (kit/obey.py).

It is asked to `make` an `order` into `output`, and says `progress`, then `done` with what it really did, or `failed`
with the reason. The model stays loaded between two clips.
"""

import argparse
import json
import threading
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

from reelway.diffusion import pipelines
from reelway.diffusion.order import Order, Pipeline
from reelway.diffusion.pipelines import CannotMake, Loaded, Stopped, reason_of
from reelway.kit.obey import Asked, obey


class Maker:
    """Makes clips with one model, which it loads for the first."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._loaded: Loaded | None = None

    def make(self, asked: Asked) -> None:
        """One clip, and how it ended."""
        try:
            asked.say("done", effective=self._made(asked))
        except Stopped:
            asked.say("cancelled")
        except CannotMake as error:
            asked.say("failed", reason=error.reason, message=str(error))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it ends this clip, and the server must hear of it
            traceback.print_exc()
            asked.say("failed", reason=reason_of(error), message=f"{type(error).__name__}: {error}")

    def _made(self, asked: Asked) -> dict[str, Any]:
        def on_step(share: float) -> None:
            if asked.stop.is_set():
                raise Stopped
            asked.say("progress", share=share)

        order = Order(**asked.message["order"])
        if self._loaded is None:
            self._loaded = Loaded(self._pipeline)
        on_step(0.0)
        made = self._loaded.make(order, on_step=on_step)
        from reelway.diffusion import clip  # here: a child that finds no model needs no codec

        pictures = _until(asked.stop, made.pictures)
        clip.write(pictures, asked.output, width=order.width, height=order.height, fps=order.fps)
        return made.effective


def _until(stop: threading.Event, pictures: Iterable[Any]) -> Iterator[Any]:
    for picture in pictures:
        if stop.is_set():
            raise Stopped
        yield picture


def main() -> None:
    """Read the command line, and work."""
    options = argparse.ArgumentParser(prog="reelway.diffusion.child")
    options.add_argument("--pipeline", type=json.loads, required=True)
    options.add_argument("--idle-s", type=float, required=True)
    given = options.parse_args()
    pipeline = Pipeline(**given.pipeline)
    pipelines.quiet(download=pipeline.download)
    obey(Maker(pipeline).make, idle_s=given.idle_s)


if __name__ == "__main__":
    main()
