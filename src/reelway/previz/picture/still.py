"""Image-to-video: a picture taken apart into layers, a camera that moves among them, and what stirs in them."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from reelway.previz import filters
from reelway.previz.look import Look, styled
from reelway.previz.picture.found import Clue, Filmed, Found, FoundSubject
from reelway.previz.picture.kernels import (
    DOLLY,
    FIELDS,
    GAIN,
    MIDDLE_X,
    MIDDLE_Y,
    NEAR,
    PLATE_X,
    PLATE_Y,
    ROLL,
    SKY_X,
    SKY_Y,
    SUBJECT_NEAR,
    SUBJECT_X,
    SUBJECT_Y,
    TRUCK_X,
    TRUCK_Y,
    TURN_X,
    TURN_Y,
    ZOOM,
    compose,
)
from reelway.previz.picture.layers import COARSE, SEEN, Layers, taken_apart
from reelway.previz.picture.load import open_picture
from reelway.previz.picture.maps import Map, Picture, part_of, resized, shrunk
from reelway.previz.picture.moves import Moves, Room, Shift
from reelway.previz.picture.stirring import Stirring
from reelway.previz.picture.subject import Seen, Subject, find_subject
from reelway.previz.picture.weather import FALLS, Weather, fog_colour, veiled
from reelway.previz.shot import Shot

NEUTRAL = Look(grain=0.0, shutter=0.0)
ROOM_MAX = 0.20  # how much of a picture beyond the frame is kept for the camera to turn to, in frame widths
FOG = 0.055
CLOSEST = 1.4  # how much larger a subject becomes at the most
NOTHING = np.zeros((2, 2, 3), np.uint8)
UNSEEN_SKY = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """As much of a picture as the camera may see, at the frame's scale."""

    picture: Picture
    middle: tuple[float, float]  # of the frame, in the canvas's pixels
    room: Room
    seen: Seen | None


class Still:
    """A picture that can be seen at any moment of its clip; the first is the picture itself."""

    def __init__(
        self,
        path: Path,
        shot: Shot,
        *,
        width: int,
        height: int,
        duration_s: float,
        prompt: str = "",
        seed: int = 0,
    ) -> None:
        canvas = _canvas(open_picture(path), width, height)
        layers = _in_fog(taken_apart(canvas.picture, canvas.seen), shot)
        self._layers, self._canvas = layers, canvas
        self._size = (width, height)
        self._duration_s = duration_s
        self._moves = Moves(
            shot,
            duration_s=duration_s,
            aspect=width / height,
            level=layers.level,
            room=canvas.room,
            focus=self._focus(),
        )
        self._stirring = Stirring(layers, prompt, shot, seed=seed)
        self._fields = np.zeros((FIELDS, *layers.coarse), np.float32)
        self._fields[NEAR], self._fields[SUBJECT_NEAR], self._fields[GAIN] = layers.ground_near, layers.front_near, 1.0
        self._weather = self._falling(shot, seed)
        self.look = styled(NEUTRAL, shot.style)

    @property
    def filmed(self) -> Filmed:
        """What is told of the clip."""
        return Filmed(pictures=(self.found,), camera=self._moves.legs)

    @property
    def found(self) -> Found:
        """What the picture showed, and what stirs in it."""
        subject, sky = self._layers.subject, self._layers.horizon
        clues: list[Clue] = []
        if sky is not None:
            clues.append("horizon")
        if subject is not None:
            clues.append("foot")
        return Found(
            subject=None if subject is None else _told(subject),
            sky=None if sky is None else round(sky, 3),
            depth=tuple(clues),
            stirs=(*self._stirring.names, *([] if self._weather is None else [self._weather.falls])),
        )

    def at(self, t: float) -> Picture:
        """The frame at `t` seconds."""
        seen = self.seen(self._moves.at(t), t)
        if self._weather is not None:
            seen = self._weather.over(seen, t)
        return seen if self.look == NEUTRAL else graded(seen, self.look)

    def partly(self, share: float) -> Shift:
        """Where the camera is after `share` of its way."""
        return self._moves.at(share * self._duration_s)

    def seen(self, shift: Shift, t: float) -> Picture:
        """The layers from where the camera is, without weather and grade."""
        layers, width = self._layers, self._size[0]
        camera = np.zeros(11)
        camera[ZOOM], camera[ROLL], camera[DOLLY] = shift.zoom, shift.roll, shift.dolly
        camera[TURN_X], camera[TURN_Y] = shift.turn_x * width, shift.turn_y * width
        camera[TRUCK_X], camera[TRUCK_Y] = shift.truck_x * width, shift.truck_y * width
        camera[MIDDLE_X], camera[MIDDLE_Y] = self._canvas.middle
        camera[SKY_X], camera[SKY_Y] = self._stirring.sky_x * t, self._stirring.sky_y * t
        fields = self._fields
        if not self._stirring.idle:
            stirred = self._stirring.at(t)
            fields = fields.copy()
            fields[PLATE_X], fields[PLATE_Y], fields[GAIN] = stirred.plate_x, stirred.plate_y, stirred.gain
            fields[SUBJECT_X], fields[SUBJECT_Y] = stirred.front_x, stirred.front_y
        out = np.empty((self._size[1], width, 3), np.uint8)
        has_sky, has_front = layers.sky is not None, layers.front is not None
        compose(
            layers.plate,
            layers.sky if layers.sky is not None else NOTHING,
            layers.sky_alpha,
            layers.front if layers.front is not None else NOTHING,
            layers.front_alpha,
            fields,
            float(COARSE),
            camera,
            has_sky,
            has_front,
            not self._stirring.idle,
            out,
        )
        return out

    def _focus(self) -> tuple[float, float]:
        """Where the subject is in the frame: shares of its width from its middle."""
        subject = self._layers.subject
        if subject is None:
            return 0.0, 0.0
        rows, columns, _ = self._layers.picture.shape
        width, height = self._size
        x = (subject.focus[0] * columns - self._canvas.middle[0]) / width
        y = (subject.focus[1] * rows - self._canvas.middle[1]) / width
        half = 0.5 * height / width
        # However near the camera comes, it leaves some room over the head.
        top = (subject.top * rows - self._canvas.middle[1]) / width
        spare = max(top + half, 0.0) * 0.5
        y = min(y, (top * CLOSEST + half - spare) / (CLOSEST - 1)) if top > -half else y
        return min(max(x, -0.4), 0.4), min(max(y, -0.9 * half), 0.8 * half)

    def _falling(self, shot: Shot, seed: int) -> Weather | None:
        if shot.weather not in FALLS:
            return None
        width, height = self._size
        near = _nearness(self._layers)
        x, y = (round(middle - side / 2) for middle, side in zip(self._canvas.middle, self._size, strict=True))
        cut = np.ascontiguousarray(near[y : y + height, x : x + width])
        return Weather(shot.weather, cut, self._canvas.picture, seed=seed)


def _told(subject: Subject) -> FoundSubject:
    return FoundSubject(share=round(float(subject.alpha.mean()), 3), sure=round(subject.sure, 2))


def graded(picture: Picture, look: Look) -> Picture:
    """`picture` under `look`."""
    out = np.empty_like(picture)
    filters.regrade(picture, out, look.row())
    return out


def _canvas(image: Image.Image, width: int, height: int) -> Canvas:
    """The frame lies where the subject is; what the picture has beyond it is kept as room to move."""
    scale = max(width / image.width, height / image.height)
    wide, high = max(round(image.width * scale), width), max(round(image.height * scale), height)
    seen = find_subject(shrunk(np.asarray(image, np.uint8), SEEN))
    centre = seen.anchor(height / high) if seen else (0.5, 0.5)
    left = min(max(round(centre[0] * wide - width / 2), 0), wide - width)
    top = min(max(round(centre[1] * high - height / 2), 0), high - height)
    spare = round(ROOM_MAX * width)
    x0, x1 = max(left - spare, 0), min(left + width + spare, wide)
    y0, y1 = max(top - spare, 0), min(top + height + spare, high)
    box = (x0 / wide, y0 / high, x1 / wide, y1 / high)
    cut = (box[0] * image.width, box[1] * image.height, box[2] * image.width, box[3] * image.height)
    picture = np.asarray(image.resize((x1 - x0, y1 - y0), Image.Resampling.LANCZOS, box=cut), np.uint8)
    return Canvas(
        picture=np.ascontiguousarray(picture),
        middle=(left - x0 + width / 2, top - y0 + height / 2),
        room=Room(
            left=(left - x0) / width,
            right=(x1 - left - width) / width,
            top=(top - y0) / width,
            bottom=(y1 - top - height) / width,
        ),
        seen=seen.within(box) if seen else None,
    )


def _nearness(layers: Layers) -> Map:
    """How near what is seen is, at the canvas's size."""
    height, width, _ = layers.picture.shape
    near = resized(layers.ground_near, width, height)
    if layers.sky is not None:
        near = near * (1 - part_of(layers.sky_alpha))
    if layers.front is not None:
        part = part_of(layers.front_alpha)
        near = near + (layers.level - near) * part
    return near


def _in_fog(layers: Layers, shot: Shot) -> Layers:
    if shot.weather != "fog":
        return layers
    height, width, _ = layers.picture.shape
    colour = fog_colour(layers.picture)
    ground = resized(layers.ground_near, width, height)
    return replace(
        layers,
        plate=veiled(layers.plate, ground, FOG, colour),
        sky=None if layers.sky is None else veiled(layers.sky, UNSEEN_SKY, FOG, colour),
        front=None if layers.front is None else veiled(layers.front, layers.level, FOG, colour),
    )


__all__ = ["NEUTRAL", "Still", "graded"]
