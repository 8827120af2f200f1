"""Which beds go under a shot, and how loud: read off the place, the weather, the cast and a few words of the prompt."""

import re
from dataclasses import dataclass

from reelway.previz.shot import Shot

QUIET, NORMAL, LOUD = -30.0, -27.0, -24.0  # LUFS, near enough


@dataclass(frozen=True, slots=True)
class Score:
    """Decibels by bed, the ground for feet, and the loudness of it all."""

    beds: dict[str, float]
    ground: str = "stone"
    loudness: float = NORMAL
    muffled: bool = False  # no feet, no engines: there is no air, or only water
    steps: float = -1.0


# What a place sounds like by itself: decibels by bed, and its ground.
PLACES: dict[str, tuple[dict[str, float], str]] = {
    "alley": ({"city": -7.0, "room": -10.0}, "stone"),
    "castle": ({"wind": -5.0, "birds": -8.0}, "stone"),
    "city": ({"city": 0.0, "wind": -14.0}, "stone"),
    "coast": ({"sea": -2.0, "wind": -9.0}, "stone"),
    "dream": ({"space": -4.0, "wind": -9.0}, "grass"),
    "field": ({"birds": -3.0, "wind": -7.0}, "grass"),
    "forest": ({"birds": 0.0, "wind": -9.0}, "earth"),
    "mars": ({"wind": 0.0, "space": -8.0}, "sand"),
    "mountains": ({"wind": 0.0}, "snow"),
    "river": ({"river": 0.0, "birds": -8.0}, "wood"),
    "room": ({"room": 0.0}, "wood"),
    "sea": ({"sea": 0.0, "wind": -10.0}, "wood"),
    "space": ({"space": 0.0}, "stone"),
    "street": ({"city": 0.0, "crowd": -12.0}, "stone"),
    "underwater": ({"underwater": 0.0}, "sand"),
}
VARIANTS: dict[str, tuple[dict[str, float], str]] = {
    "moon": ({"space": 0.0}, "sand"),
    "desert": ({"wind": 0.0}, "sand"),
    "field": ({"birds": -3.0, "wind": -7.0}, "grass"),
    "sea": ({"sea": 0.0, "wind": -10.0}, "sand"),
    "mountains": ({"wind": 0.0}, "snow"),
    "forest": ({"birds": 0.0, "wind": -9.0}, "earth"),
}
VOICES = {  # what the cast adds, where it can be heard
    "car": ("engine", -2.0),
    "motorbike": ("motorbike", -2.0),
    "boat": ("boat", -6.0),
    "plane": ("propeller", -3.0),
    "spaceship": ("thrusters", -4.0),
    "robot": ("servos", -8.0),
}
_SAID = {
    "rain": (r"rain\w*|drizzl\w*|downpour", 0.0),
    "thunder": (r"thunder\w*|lightning", 1.0),
    "wind": (r"wind|windy|gusts?|gale|blizzard|breeze", -4.0),
    "sea": (r"sea|ocean|waves?|beach|surf|shore", -1.0),
    "river": (r"river|stream|brook|creek|waterfall|fountain|rapids", -1.0),
    "city": (r"city|traffic|downtown|skyline|skyscrapers?", -3.0),
    "crowd": (r"crowd\w*|market|bazaar|audience|cafe|restaurant|party|stadium|people talking", -3.0),
    "fire": (r"fire|fireplace|campfire|bonfire|burning|flames?|candles?", -4.0),
    "birds": (r"birds?|birdsong|forest|woods|jungle|garden|meadow", -5.0),
    "crickets": (r"crickets?|cicadas?", -4.0),
    "engine": (r"engine|cars? (?:driv|rac|speed)\w*|highway|motorway", -2.0),
    "boat": (r"motorboat|speedboat|ferry", -4.0),
    "underwater": (r"underwater|coral|reef|diver|scuba", 0.0),
    "space": (r"outer space|space|galaxy|nebula|spaceship|asteroid", -2.0),
}
_WORDS = {bed: (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), level) for bed, (words, level) in _SAID.items()}
_SILENT = re.compile(r"\b(?:silent|silence|no sound|soundless|mute[d]?)\b", re.IGNORECASE)


def score(shot: Shot, prompt: str, *, made_up: bool = True, unwanted: str = "") -> Score:
    """What to play. Where the picture is the caller's own (`made_up` is false), only the words count."""
    said = {bed: level for bed, (word, level) in _WORDS.items() if word.search(prompt)}
    refused = {bed for bed, (word, _) in _WORDS.items() if word.search(unwanted)}
    beds, ground = ({}, "stone") if not made_up else _place(shot)
    for bed, level in said.items():
        # In a place that has its own sound the words add to it; "space" in a room is not the universe.
        if not made_up or bed in ("rain", "thunder", "wind", "crowd", "fire", "crickets", "birds", "river", "sea"):
            beds[bed] = max(beds.get(bed, -99.0), level)
    muffled = made_up and (shot.setting in ("space", "underwater") or shot.variant == "moon")
    if not muffled:
        _weather(shot, beds)
        for one in shot.cast:
            if made_up and one.kind in VOICES:
                bed, level = VOICES[one.kind]
                beds[bed] = max(beds.get(bed, -99.0), level)
    if shot.time == "night" and "birds" in beds and "birds" not in said:
        beds["crickets"] = beds.pop("birds")
    beds = {bed: level for bed, level in beds.items() if bed not in refused}
    if not beds:
        beds = {"room": 0.0}
    loudness = LOUD if beds.keys() & {"thunder", "engine", "motorbike", "propeller", "thrusters"} else NORMAL
    if beds.keys() <= {"room", "space", "underwater"}:
        loudness = QUIET
    if _SILENT.search(prompt):
        beds, loudness = {"room": 0.0}, QUIET - 8.0
    if shot.weather == "rain" and ground in ("stone", "earth"):
        ground = "wet"
    elif shot.weather == "snow":
        ground = "snow"
    return Score(beds=beds, ground=ground, loudness=loudness, muffled=muffled)


def _place(shot: Shot) -> tuple[dict[str, float], str]:
    beds, ground = VARIANTS.get(shot.variant or "") or PLACES.get(shot.setting) or ({"wind": -4.0}, "stone")
    return dict(beds), ground


def _weather(shot: Shot, beds: dict[str, float]) -> None:
    """Rain drives the birds away and covers the rest."""
    match shot.weather:
        case "rain":
            beds["rain"] = max(beds.get("rain", -99.0), 0.0 if shot.setting != "room" else -8.0)
            beds.pop("birds", None)
        case "snow" | "fog":
            beds["wind"] = max(beds.get("wind", -99.0), -6.0)
            beds.pop("birds", None)
        case "dust":
            beds["wind"] = max(beds.get("wind", -99.0), 0.0)
        case _:
            pass
    if shot.wind:
        beds["wind"] = max(beds.get("wind", -99.0), -2.0)
