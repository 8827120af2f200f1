"""What was understood of a prompt: the shot that the scenes build and the camera films. Standard library only."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Someone or something in the shot."""

    kind: str  # a name of `subjects.SUBJECTS`
    what: str | None = None  # of a silhouette: which of the icons
    count: int = 1
    action: str | None = None  # one that the subject's `words.actions` names; None is its own habit
    outfit: str | None = None  # one that the subject's `words.outfits` names
    colour: str | None = None

    @property
    def named(self) -> str:
        """As the vocabularies name it: "dog", "silhouette: giraffe"."""
        return self.kind if self.what is None else f"{self.kind}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One stretch of the camera's way. Legs may overlap: what they do is added up."""

    move: str  # a name of `camera.MOVES`
    way: str = ""  # left, right, up, down, in, out: which of the move's ways; empty is its first
    starts: float = 0.0  # shares of the clip
    ends: float = 1.0
    pace: float = 1.0  # 1 is neither slow nor fast
    ease: str = "glide"  # how it starts and stops: a name of `camera.ease.EASES`
    degrees: float | None = None  # how far it turns, where the prompt says so
    size: str | None = None  # the shot size that it ends at, where the prompt says so

    @property
    def named(self) -> str:
        """As a person would say it."""
        return f"{self.move} {self.way}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Words of the prompt, and what they became."""

    text: str
    field: str  # which field of the shot
    value: str
    likeness: float = 1.0  # less than 1: guessed, because the words mean nearly this


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """The words of a prompt, sorted; None where it says nothing and the setting's own habit stands."""

    setting: str
    variant: str | None = None  # which kind of the setting: one that its `words.kinds` names
    cast: tuple[Cast, ...] = ()
    empty: bool = False  # nobody is wanted: the setting's own subject stays away, too
    time: str | None = None
    weather: str | None = None
    wind: bool = False
    palette: tuple[str, ...] = ()  # colours of the whole picture
    style: tuple[str, ...] = ()
    lens: str | None = None  # wide, normal, long or macro
    size: str | None = None  # how much of the subject is seen: wide, full, medium or close
    angle: str | None = None  # low, high, overhead or eye
    camera: tuple[Leg, ...] = ()
    pace: float = 1.0
    ignored: tuple[str, ...] = ()
    understood: tuple[Heard, ...] = ()
    fallback: bool = False  # no word named a place: the setting was chosen for the mood

    @property
    def subject(self) -> str | None:
        """The kind of the first of the cast."""
        return self.cast[0].kind if self.cast else None

    @property
    def colour(self) -> str | None:
        """The colour of the first of the cast."""
        return self.cast[0].colour if self.cast else None

    @property
    def move(self) -> str | None:
        """The first move of the camera."""
        return self.camera[0].move if self.camera else None

    def to_json(self) -> dict[str, object]:
        """What a caller is told: what was understood, by which words, and what was not."""
        return {
            "setting": self.setting if self.variant is None else f"{self.setting}: {self.variant}",
            "subject": self.subject,
            "cast": [asdict(one) for one in self.cast],
            "time": self.time,
            "weather": self.weather,
            "wind": self.wind,
            "palette": list(self.palette),
            "style": list(self.style),
            "lens": self.lens,
            "size": self.size,
            "angle": self.angle,
            "move": self.move,
            "camera": [asdict(leg) for leg in self.camera],
            "pace": self.pace,
            "understood": [asdict(heard) for heard in self.understood],
            "ignored": list(self.ignored),
            "fallback": self.fallback,
        }
