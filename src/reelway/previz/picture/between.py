"""From one picture to another: a morph where the two are alike, else a move out of the first into the second."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reelway.previz.camera.ease import EASES
from reelway.previz.geometry import ease
from reelway.previz.picture.flow import alike, flow_between, morph
from reelway.previz.picture.found import Filmed
from reelway.previz.picture.maps import Map, Picture, stored
from reelway.previz.picture.moves import Shift
from reelway.previz.picture.still import NEUTRAL, Still
from reelway.previz.shot import Shot

FADE = (0.36, 0.64)  # the stretch of the clip in which the second picture comes up
SMALLER = 0.55  # how much of a move each of the two pictures makes


@dataclass(frozen=True, slots=True)
class _Morph:
    there: Map
    back: Map


class Between:
    """A clip that starts on one picture and ends on another, each exactly."""

    def __init__(
        self,
        first: Path,
        last: Path,
        shot: Shot,
        *,
        width: int,
        height: int,
        frames: int,
        fps: int,
        prompt: str = "",
        seed: int = 0,
    ) -> None:
        self._fps = fps
        # The last frame is the picture, not the one that would come after it.
        self._length_s = max(frames - 1, 1) / fps
        shot = replace(shot, weather=None)  # fog would change the two pictures
        self._stills = [
            Still(path, shot, width=width, height=height, duration_s=self._length_s, prompt=prompt, seed=seed)
            for path in (first, last)
        ]
        self._rests = [still.seen(Shift(), 0.0) for still in self._stills]
        self._morph = self._alike()
        self.look = NEUTRAL

    @property
    def filmed(self) -> Filmed:
        """What is told of the clip. The last picture never stirs, and where they morph nor does the first."""
        first, last = (still.found for still in self._stills)
        last = replace(last, stirs=())
        if self.morphs:
            return Filmed(pictures=(replace(first, stirs=()), last), joined="morph", camera=())
        return Filmed(pictures=(first, last), joined="move", camera=self._stills[0].filmed.camera)

    @property
    def morphs(self) -> bool:
        """Whether the two are alike enough to become each other."""
        return self._morph is not None

    def at(self, t: float) -> Picture:
        """The frame at `t` seconds."""
        s = min(max(t / self._length_s, 0.0), 1.0)
        if s <= 0.0 or s >= 1.0:
            return self._rests[round(s)]
        return self._morphed(s) if self._morph is not None else self._moved(s, t)

    def _alike(self) -> _Morph | None:
        first, last = self._rests
        there, back = flow_between(first, last), flow_between(last, first)
        return _Morph(there.stacked, back.stacked) if alike(there, back) else None

    def _morphed(self, s: float) -> Picture:
        assert self._morph is not None
        out = np.empty_like(self._rests[0])
        k = float(EASES["smooth"](s))
        morph(self._rests[0], self._rests[1], self._morph.there, self._morph.back, k, float(ease((k - 0.1) / 0.8)), out)
        return out

    def _moved(self, s: float, t: float) -> Picture:
        """The camera leaves the first picture as it comes to rest in the second."""
        first, last = self._stills
        k = ease(s)
        share = ease((s - FADE[0]) / (FADE[1] - FADE[0]))
        if share <= 0:
            return first.seen(first.partly(k * SMALLER), t)
        if share >= 1:
            return last.seen(last.partly((1 - k) * SMALLER), 0.0)
        one = first.seen(first.partly(k * SMALLER), t).astype(np.float32)
        other = last.seen(last.partly((1 - k) * SMALLER), 0.0)
        # What is bright comes up first, as light does in a dissolve on film.
        lead = other.max(2, keepdims=True).astype(np.float32) / 255 - 0.5
        weight = np.clip(share + 0.5 * lead * (1 - abs(2 * share - 1)), 0, 1)
        return stored(one + (other - one) * weight)
