"""A model is data: what it can make, what that costs, how long it lives, and who may serve it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

from reelway.domain.generation import (
    Asset,
    ClipSpec,
    Control,
    GenerationRequest,
    Mode,
    OutputType,
    Role,
)
from reelway.domain.passes import Pass
from reelway.domain.prices import Price
from reelway.domain.shapes import Misfit, Rule, Shape, roles_of
from reelway.errors import ConfigError, InvalidRequest

SEED_MAX: Final = 2**32 - 1
PROMPT_CHARS_MAX: Final = 32_000


class Life(StrEnum):
    """The life of an upstream model. A public id lives as long as one route does."""

    LIVE = "live"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


class Likeness(StrEnum):
    """How near what a route makes is to the model it is a route of; nearest first."""

    MODEL = "model"  # the model itself, whoever runs it
    FAMILY = "family"  # a sibling by the same vendor
    OTHER = "other"  # another model


class Substitution(StrEnum):
    """What may stand in for the model that was asked for."""

    FORBID = "forbid"
    SAME_FAMILY = "same_family"
    ANY = "any"

    def allows(self, likeness: Likeness) -> bool:
        """Whether a route of that likeness may serve."""
        return (
            likeness is Likeness.MODEL or (likeness is Likeness.FAMILY and self is not self.FORBID) or self is self.ANY
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One upstream that can serve a card's clips: all of them, or those that it makes."""

    provider: str  # the kind of provider, or the name of one table
    upstream_model: str
    life: Life
    retires_on: date | None = None
    free: bool = False  # makes previews: costs the caller nothing, and says so
    likeness: Likeness = Likeness.MODEL
    makes: Shape = field(default_factory=Shape)
    rules: tuple[Rule, ...] = ()
    control: tuple[Control, ...] = ()  # kinds of control video that it takes
    cost: Price | None = None  # what its provider charges us; None: as the card's own price
    passes: tuple[Pass, ...] = ()  # what it can make beside a clip of words

    def alive(self, today: date) -> bool:
        """Whether the upstream still exists on that day."""
        return self.life is not Life.RETIRED and (self.retires_on is None or today < self.retires_on)

    def misfit(self, spec: ClipSpec, roles: Collection[Role]) -> Misfit | None:
        """Why it cannot make this clip; None when it can."""
        if spec.control is not None and spec.control not in self.control:
            return Misfit("control_type", spec.control, " or ".join(self.control) or "a clip without control")
        broken = (rule.broken(spec, roles) for rule in self.rules)
        return self.makes.misfit(spec, roles) or next((b for b in broken if b is not None), None) or self._lacks(spec)

    def _lacks(self, spec: ClipSpec) -> Misfit | None:
        lacking = [one for one in spec.passes if one not in self.passes]
        if not lacking:
            return None
        asked = ", ".join(lacking)
        if not self.passes:
            return Misfit("passes", asked, "leaving them out", say="only the model previz makes passes")
        return Misfit("passes", asked, f"only {', '.join(self.passes)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One public model id: a shape that people's programs ask for."""

    id: str
    name: str
    family: str
    vendor: str
    description: str
    modes: tuple[Mode, ...]
    durations_s: tuple[int, ...]  # lengths that may be asked in seconds; the first is the default
    frames_min: int  # lengths asked in frames may be anything in this range
    frames_max: int
    fps: int
    fps_max: int
    sizes: tuple[tuple[int, int], ...]  # the first is the default; (0, 0) in it: any size in bounds
    audio: str  # "on", "optional" or "none"
    last_frame: bool
    prompt_chars_max: int
    price: Price | None  # what a caller pays
    vendor_price: Price | None  # the same before the operator's margin
    rules: tuple[Rule, ...]
    rank: int  # how good its pictures are among all models, 1 is best; for the policy `best`
    good_for: tuple[str, ...]  # uses that it is chosen for, like photoreal or motion
    life: Life  # of the model at its vendor
    retired_on: date | None
    successor: str | None
    aliases: tuple[str, ...]
    routes: tuple[Route, ...]
    source: str

    @property
    def control(self) -> tuple[Control, ...]:
        """The kinds of control video that one of its routes takes, or another."""
        return tuple(kind for kind in Control if any(kind in route.control for route in self.routes))

    # -- what is asked -> what will be made ------------------------------------------------

    def resolve(self, request: GenerationRequest, assets: Sequence[Asset], *, seed: int) -> ClipSpec:
        """The exact clip; raises InvalidRequest naming the value and what is allowed instead."""
        if request.mode not in self.modes:
            raise InvalidRequest(f"{self.id} makes {' and '.join(self.modes)}, not {request.mode}", param="model_id")
        self._check_prompt(request)
        if request.passes and request.mode is not Mode.TEXT_TO_VIDEO:
            message = f"passes are made beside clips of words alone, not {request.mode}; leave them out"
            raise InvalidRequest(message, param="passes")
        width, height = self._size(request)
        fps, frames = self._length(request)
        spec = ClipSpec(
            model=self.id,
            mode=request.mode,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            width=width,
            height=height,
            fps=fps,
            frames=frames,
            seed=_seed(request, seed),
            audio=self._audio(request),
            output_type=request.output_type,
            assets=tuple(assets),
            control=request.control,
            passes=request.passes,
        )
        for rule in self.rules:
            if misfit := rule.broken(spec, request.roles):
                raise self.refuse(misfit)
        return spec

    def price_microusd(self, spec: ClipSpec, roles: Collection[Role] | None = None) -> int:
        """The one door for prices, rounded up to a micro-dollar; `roles` when its inputs are not fetched yet."""
        if self.price is None:
            raise ConfigError(f"model {self.id} has no price; add [model.price] to its catalogue entry")
        return self.price.of(spec, roles_of(spec) if roles is None else roles)

    def nearest(self, route: Route, spec: ClipSpec, roles: Collection[Role]) -> ClipSpec | None:
        """The clip most like `spec` that the route makes; None when it makes nothing of the kind."""
        fitting = (other for other in self._others(route, spec) if route.misfit(other, roles) is None)
        return min(fitting, key=lambda other: _unlike(spec, other), default=None)

    def refuse(self, misfit: Misfit) -> InvalidRequest:
        """The error that names what was asked and what is possible."""
        rule = f"{misfit.say}; " if misfit.say else ""
        message = f"{self.id}: {rule}{misfit.param} {misfit.asked} is not possible here, {misfit.allowed} is"
        return InvalidRequest(message, param=misfit.param)

    def _others(self, route: Route, spec: ClipSpec) -> Iterator[ClipSpec]:
        own_sizes = [size for size in self.sizes if size != (0, 0)]
        for seconds in route.makes.durations_s or self.durations_s:
            for width, height in route.makes.sizes or own_sizes:
                for audio in (spec.audio, not spec.audio):
                    yield replace(spec, frames=seconds * spec.fps, width=width, height=height, audio=audio)

    def _check_prompt(self, request: GenerationRequest) -> None:
        if not request.prompt.strip() and request.mode is Mode.TEXT_TO_VIDEO:
            raise InvalidRequest("prompt is required", param="prompt", code="prompt_required")
        for param, text in (("prompt", request.prompt), ("negative_prompt", request.negative_prompt)):
            if any("\ud800" <= char <= "\udfff" for char in text):
                raise InvalidRequest(f"{param} is not valid Unicode: it has half of a surrogate pair", param=param)
            if len(text) > self.prompt_chars_max:
                raise InvalidRequest(
                    f"{param} has {len(text)} characters; {self.id} takes at most {self.prompt_chars_max}",
                    param=param,
                    code="prompt_too_long",
                )
        for role, mode in ((Role.FIRST_FRAME, Mode.IMAGE_TO_VIDEO), (Role.SOURCE_VIDEO, Mode.VIDEO_TO_VIDEO)):
            if request.mode is mode and not any(i.role is role for i in request.inputs):
                name = "init_image" if role is Role.FIRST_FRAME else "init_video"
                raise InvalidRequest(f"{name} is required", param=name)
        if not self.last_frame and any(i.role is Role.LAST_FRAME for i in request.inputs):
            raise InvalidRequest(f"{self.id} takes one init_image, not a start and an end frame", param="init_image")

    def _size(self, request: GenerationRequest) -> tuple[int, int]:
        any_size = (0, 0) in self.sizes
        named = [s for s in self.sizes if s != (0, 0)]
        if request.width is not None or request.height is not None:
            width, height = _given_size(request, named[0])
            if request.clamp:
                return (width, height) if any_size else min(named, key=lambda s: _distance(s, (width, height)))
            if (width, height) in named or any_size:
                return width, height
            raise InvalidRequest(f"{self.id} makes {_sizes(named)}; {width}x{height} is not one of them", param="size")
        wanted = list(named)
        if request.aspect_ratio is not None:
            ratio = parse_ratio(request.aspect_ratio)
            wanted = [s for s in wanted if abs(Fraction(s[0], s[1]) - ratio) / ratio < Fraction(1, 40)]
            if not wanted and any_size:
                wanted = [_fit(ratio, request.resolution or min(named[0]))]
            if not wanted:
                raise InvalidRequest(
                    f"{self.id} makes {_sizes(named)}; none of them is {request.aspect_ratio}",
                    param="aspect_ratio",
                )
        elif request.portrait:
            wanted = [s for s in wanted if s[1] > s[0]] or [(h, w) for w, h in wanted[:1] if any_size]
            if not wanted:
                raise InvalidRequest(f"{self.id} makes {_sizes(named)}; none is portrait", param="portrait")
        if request.resolution is not None:
            return self._at_resolution(request, wanted, any_size=any_size)
        return wanted[0]

    def _at_resolution(
        self, request: GenerationRequest, wanted: list[tuple[int, int]], *, any_size: bool
    ) -> tuple[int, int]:
        side = request.resolution or 0
        if request.clamp:
            side = min(max(side, 64), 2160)
        exact = [s for s in wanted if min(s) == side]
        if exact:
            return exact[0]
        if any_size:
            return _fit(Fraction(*wanted[0]), side)
        if request.clamp:
            return min(wanted, key=lambda s: abs(min(s) - side))
        offered = sorted({min(s) for s in wanted})
        raise InvalidRequest(
            f"{self.id} makes {', '.join(f'{s}p' for s in offered)}; {side}p is not one of them",
            param="resolution",
        )

    def _length(self, request: GenerationRequest) -> tuple[int, int]:
        fps = self.fps if request.fps is None else request.fps
        if request.clamp:
            fps = min(max(fps, 1), self.fps_max)
        if not 1 <= fps <= self.fps_max:
            raise InvalidRequest(f"{self.id} makes 1 to {self.fps_max} fps; {fps} is not possible", param="fps")
        if request.duration_s is not None:
            return fps, self._frames_of(request.duration_s, fps, clamp=request.clamp)
        if request.frames is None:
            return fps, self.durations_s[0] * fps
        frames = request.frames
        if request.clamp:
            frames = min(max(frames, self.frames_min), self.frames_max)
        if not self.frames_min <= frames <= self.frames_max:
            raise InvalidRequest(
                f"{self.id} makes {self.frames_min} to {self.frames_max} frames; {frames} is not possible",
                param="num_frames",
            )
        return fps, frames

    def _frames_of(self, duration_s: Fraction, fps: int, *, clamp: bool) -> int:
        if clamp:
            duration_s = Fraction(min(self.durations_s, key=lambda d: abs(d - duration_s)))
        if duration_s not in self.durations_s:
            offered = ", ".join(str(d) for d in sorted(self.durations_s))
            raise InvalidRequest(
                f"{self.id} makes clips of {offered} s; {float(duration_s):g} s is not one of them",
                param="duration",
            )
        return int(duration_s * fps)

    def _audio(self, request: GenerationRequest) -> bool:
        if self.audio == "none" and request.audio and not request.clamp:
            raise InvalidRequest(f"{self.id} makes silent clips; leave generate_audio out", param="generate_audio")
        return self.audio == "on" or bool(request.audio and self.audio == "optional")


def parse_ratio(text: str) -> Fraction:
    """'16:9', '1280:720' or '1280x720' as width / height; raises InvalidRequest."""
    for separator in (":", "x", "/"):
        left, found, right = text.strip().lower().partition(separator)
        if found and left.isascii() and right.isascii() and left.isdigit() and right.isdigit():
            if len(left) <= 5 and len(right) <= 5 and int(left) and int(right):
                return Fraction(int(left), int(right))
            break
    raise InvalidRequest(f"aspect_ratio {text[:40]!r} is not like 16:9", param="aspect_ratio")


def parse_substitution(text: str, *other_words: str) -> Substitution:
    """Raises InvalidRequest naming those there are, and the other words that are taken in that place."""
    try:
        return Substitution(text.strip().lower())
    except ValueError:
        message = f"substitution {text[:40]!r} is not known; there are {', '.join((*Substitution, *other_words))}"
        raise InvalidRequest(message, param="substitution") from None


def parse_control(text: str, param: str) -> Control:
    """Raises InvalidRequest for a kind that there is none of."""
    try:
        return Control(text.strip().lower())
    except ValueError:
        message = f"{param} {text[:40]!r} is not known; there are {', '.join(Control)}"
        raise InvalidRequest(message, param=param) from None


def _given_size(request: GenerationRequest, default: tuple[int, int]) -> tuple[int, int]:
    width = default[0] if request.width is None else request.width
    height = default[1] if request.height is None else request.height
    low, high = 64, 2160
    if request.clamp:
        width, height = (min(max(v, low), high) // 2 * 2 for v in (width, height))
    for name, value in (("width", width), ("height", height)):
        if not low <= value <= high or value % 2:
            raise InvalidRequest(
                f"{name} {value} is not possible; it is an even number of pixels from {low} to {high}",
                param=name,
            )
    return width, height


def _fit(ratio: Fraction, short_side: int) -> tuple[int, int]:
    """Even width and height with that ratio and that shorter side."""
    if not 64 <= short_side <= 2160:
        raise InvalidRequest(f"resolution {short_side} is not possible; 64 to 2160 is", param="resolution")
    if not Fraction(1, 4) <= ratio <= 4:
        raise InvalidRequest("aspect_ratio is not possible; 1:4 to 4:1 is", param="aspect_ratio")
    long_side = round(short_side * max(ratio, 1 / ratio) / 2) * 2
    short_side = short_side // 2 * 2
    return (long_side, short_side) if ratio >= 1 else (short_side, long_side)


def _distance(a: tuple[int, int], b: tuple[int, int]) -> int:
    return abs(a[0] - b[0]) + abs(a[1] - b[1])


def _unlike(spec: ClipSpec, other: ClipSpec) -> tuple[bool, Fraction, Fraction, int]:
    """How much another clip differs: sound first, then shape, length, and number of pixels."""
    shape = abs(Fraction(spec.width, spec.height) - Fraction(other.width, other.height))
    length = abs(spec.duration_s - other.duration_s)
    return spec.audio is not other.audio, shape, length, abs(spec.width - other.width)


def _sizes(sizes: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{w}x{h}" for w, h in sizes)


def _seed(request: GenerationRequest, fallback: int) -> int:
    if request.seed is None:
        return fallback
    if request.clamp:
        return request.seed % (SEED_MAX + 1)
    if not 0 <= request.seed <= SEED_MAX:
        raise InvalidRequest(f"seed {request.seed} is not possible; 0 to {SEED_MAX} is", param="seed")
    return request.seed


def smallest_clip(card: ModelCard) -> ClipSpec:
    """The cheapest clip of a card; the catalogue prices it when it loads."""
    sizes = [s for s in card.sizes if s != (0, 0)]
    return _clip(card, min(sizes, key=lambda s: s[0] * s[1]), max(card.frames_min, 1), audio=False)


def typical_clip(card: ModelCard) -> ClipSpec:
    """What is made when a request says nothing but a prompt."""
    size = next(s for s in card.sizes if s != (0, 0))
    return _clip(card, size, card.durations_s[0] * card.fps, audio=card.audio == "on")


def _clip(card: ModelCard, size: tuple[int, int], frames: int, *, audio: bool) -> ClipSpec:
    width, height = size
    return ClipSpec(
        model=card.id,
        mode=card.modes[0],
        prompt="a red kite",
        negative_prompt="",
        width=width,
        height=height,
        fps=card.fps,
        frames=frames,
        seed=0,
        audio=audio,
        output_type=OutputType.MP4,
    )
