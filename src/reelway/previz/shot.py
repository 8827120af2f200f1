"""What was understood of a prompt: the shot that the scenes build."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """The words of a prompt, sorted; None where it says nothing and the setting's own habit stands."""

    setting: str
    subject: str | None = None
    time: str | None = None
    weather: str | None = None
    move: str | None = None
    style: tuple[str, ...] = ()
    colour: str | None = None
    pace: float = 1.0
    variant: str | None = None  # which kind of vista: mountains, sea, field, snow
    ignored: tuple[str, ...] = ()
    fallback: bool = False  # no word named a place: the setting was chosen for the mood

    def to_json(self) -> dict[str, object]:
        """The part that a caller is told: what was understood and what was not."""
        return {
            "setting": self.setting if self.variant is None else f"{self.setting}: {self.variant}",
            "subject": self.subject,
            "time": self.time,
            "weather": self.weather,
            "move": self.move,
            "style": list(self.style),
            "ignored": list(self.ignored),
            "fallback": self.fallback,
        }
