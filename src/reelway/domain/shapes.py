"""Kinds of clip as data: what a price is for, what a route can make, and which values go together."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

from reelway.domain.generation import ClipSpec, Mode, Role


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a clip is not of a kind: the field, what was asked, and what is allowed instead."""

    param: str
    asked: str
    allowed: str
    say: str = ""  # the rule in words, when it is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of clip; what is empty or None says nothing."""

    modes: tuple[Mode, ...] = ()
    durations_s: tuple[int, ...] = ()
    whole_seconds: bool = False
    seconds_max: int | None = None
    sizes: tuple[tuple[int, int], ...] = ()
    sides: tuple[int, ...] = ()  # the shorter side, exactly
    side_from: int | None = None  # the shorter side, at least
    side_to: int | None = None  # at most
    fps: tuple[int, ...] = ()
    audio: bool | None = None
    first_frame: bool | None = None
    last_frame: bool | None = None
    control: bool | None = None  # with a control video, or without one
    negative_prompt: bool | None = None
    prompt_chars_min: int | None = None
    prompt_chars_max: int | None = None

    def holds(self, spec: ClipSpec, roles: Collection[Role]) -> bool:
        """Whether a clip with inputs of these roles is of this kind."""
        return self.misfit(spec, roles) is None

    def misfit(self, spec: ClipSpec, roles: Collection[Role]) -> Misfit | None:
        """The first reason why it is not; None when it is."""
        return next(self._misfits(spec, roles), None)

    def to_json(self) -> dict[str, Any]:
        """What it says, under its own names; sizes as `1280x720`."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}
        if self.sizes:
            said["sizes"] = tuple("any" if size == (0, 0) else f"{size[0]}x{size[1]}" for size in self.sizes)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}

    def _misfits(self, spec: ClipSpec, roles: Collection[Role]) -> Iterator[Misfit]:
        seconds, short = spec.duration_s, min(spec.width, spec.height)
        length = f"{float(seconds):g} s"
        if self.modes and spec.mode not in self.modes:
            yield Misfit("model_id", str(spec.mode), _words(self.modes))
        if self.sizes and (spec.width, spec.height) not in self.sizes:
            yield Misfit("size", spec.size, _nearest_sizes(self.sizes, spec))
        if self.sides and short not in self.sides:
            yield Misfit("resolution", f"{short}p", _words(f"{s}p" for s in _nearest(self.sides, short)))
        if self.side_from is not None and short < self.side_from:
            yield Misfit("resolution", f"{short}p", f"{self.side_from}p and more")
        if self.side_to is not None and short > self.side_to:
            yield Misfit("resolution", f"{short}p", f"at most {self.side_to}p")
        if self.durations_s and seconds not in self.durations_s:
            yield Misfit("duration", length, f"{_words(_nearest(self.durations_s, seconds))} s")
        if self.whole_seconds and seconds.denominator != 1:
            low = int(seconds)
            yield Misfit("duration", length, f"{_words(s for s in (low, low + 1) if s)} s")
        if self.seconds_max is not None and seconds > self.seconds_max:
            yield Misfit("duration", length, f"at most {self.seconds_max} s")
        if self.fps and spec.fps not in self.fps:
            yield Misfit("fps", str(spec.fps), _words(_nearest(self.fps, spec.fps)))
        if self.audio is not None and spec.audio is not self.audio:
            yield Misfit("generate_audio", _with(spec.audio, "sound"), _with(self.audio, "sound"))
        for param, wanted, role, thing in (
            ("init_image", self.first_frame, Role.FIRST_FRAME, "a first frame"),
            ("end_image", self.last_frame, Role.LAST_FRAME, "an end frame"),
            ("control_video", self.control, Role.CONTROL_VIDEO, "a control video"),
        ):
            if wanted is not None and (role in roles) is not wanted:
                yield Misfit(param, _with(not wanted, thing), _with(wanted, thing))
        if self.negative_prompt is not None and bool(spec.negative_prompt) is not self.negative_prompt:
            words = "a negative prompt"
            yield Misfit("negative_prompt", _with(not self.negative_prompt, words), _with(self.negative_prompt, words))
        if self.prompt_chars_min is not None and (chars := len(spec.prompt.strip())) < self.prompt_chars_min:
            yield Misfit("prompt", f"{chars} characters", f"at least {self.prompt_chars_min}")
        if self.prompt_chars_max is not None and len(spec.prompt) > self.prompt_chars_max:
            yield Misfit("prompt", f"{len(spec.prompt)} characters", f"at most {self.prompt_chars_max}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Values that go together: a clip of the kind `when` has to be of the kind `need` as well."""

    when: Shape
    need: Shape
    say: str  # the rule in words, like "1080p clips are 8 s long"

    def broken(self, spec: ClipSpec, roles: Collection[Role]) -> Misfit | None:
        """What breaks it, or None."""
        misfit = self.need.misfit(spec, roles) if self.when.holds(spec, roles) else None
        return None if misfit is None else replace(misfit, say=self.say)


def roles_of(spec: ClipSpec) -> frozenset[Role]:
    """The roles of the inputs that a clip has."""
    return frozenset(asset.role for asset in spec.assets)


def _nearest(allowed: Iterable[int], asked: int | Fraction) -> list[int]:
    """The nearest value below and above."""
    below = [v for v in allowed if v < asked]
    above = [v for v in allowed if v > asked]
    return ([max(below)] if below else []) + ([min(above)] if above else [])


def _nearest_sizes(sizes: Iterable[tuple[int, int]], spec: ClipSpec) -> str:
    near = sorted(sizes, key=lambda s: abs(s[0] - spec.width) + abs(s[1] - spec.height))
    return _words(f"{width}x{height}" for width, height in near[:3])


def _words(values: Iterable[object]) -> str:
    return " or ".join(str(value) for value in values)


def _with(there: bool, thing: str) -> str:
    return f"{'with' if there else 'without'} {thing}"
