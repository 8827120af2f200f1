"""Prompt to shot: look every word up, then settle what the words leave open.

Never fails: a prompt without one known word becomes a landscape, and the words that meant nothing are listed.
"""

from reelway.previz.prompt.casting import Role, cast_of
from reelway.previz.prompt.filming import filming_of
from reelway.previz.prompt.placing import place_of
from reelway.previz.prompt.reading import Reading
from reelway.previz.prompt.text import listed
from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Cast, Leg, Shot
from reelway.previz.subjects import SUBJECTS

DURATION_S = 5.0
_TONES = listed("""tone tones hue hues palette colors colours color colour light lighting glow shades haze""")


def parse(prompt: str, negative_prompt: str = "", *, move: str | None = None, duration_s: float = DURATION_S) -> Shot:
    """The shot that `prompt` asks for; what `negative_prompt` names is left out; `move` overrules both.

    Moments in the prompt ("after two seconds") are taken in a clip of `duration_s`.
    """
    reading = Reading(prompt)
    _refuse(reading, Reading(negative_prompt, unwanted=True))
    filming = filming_of(reading, duration_s)
    roles = cast_of(reading)
    cast, gone = _wanted(reading, roles)
    styles = _styles(reading)
    weather = _weather(reading)
    time = _first(reading, "time", skip=_places(reading))
    if time is None and "noir" in styles:
        time = "night"
    moves = [leg.move for leg in filming.camera]
    taken = {role.hit.start for role in roles}
    place, fallback = place_of(reading, taken, cast, moves, [*styles, *([weather] if weather else [])], prompt)
    setting, _, variant = place.partition(": ")
    wind = _first(reading, "wind")
    return Shot(
        setting=setting,
        variant=variant or None,
        cast=cast,
        empty=not cast and (gone or _nobody(reading) or SETTINGS[setting].subject in _refused_kinds(reading)),
        time=time,
        weather=weather,
        wind=wind is not None,
        palette=_palette(reading),
        style=tuple(styles),
        lens=filming.lens,
        size=filming.size,
        angle=filming.angle,
        camera=(Leg(move=move),) if move else filming.camera,
        pace=_pace(reading),
        ignored=reading.ignored(),
        understood=reading.understood(),
        fallback=fallback,
    )


def _refuse(reading: Reading, negative: Reading) -> None:
    """What the negative prompt names is unwanted in the prompt, too."""
    values = {(m.field, m.value) for hit in negative.hits for m in hit.meanings}
    reading.refuse(values)


def _refused_kinds(reading: Reading) -> set[str]:
    kinds = {value for field, value in reading.refusals() if field == "subject"}
    return kinds | {name for name, made in SUBJECTS.items() if made.words.is_a in kinds}


def _wanted(reading: Reading, roles: list[Role]) -> tuple[tuple[Cast, ...], bool]:
    """The cast without those that are unwanted, and whether somebody was."""
    refused = _refused_kinds(reading)
    kept = tuple(role.cast for role in roles if role.cast.named not in refused)
    return kept, len(kept) < len(roles)


def _nobody(reading: Reading) -> bool:
    return bool(reading.viewers) or any(hit.of("nobody") for hit in reading.hits)


def _first(reading: Reading, field: str, skip: frozenset[int] = frozenset()) -> str | None:
    """The first wanted word's value; every word of the same value is told."""
    found = [(hit, meaning) for hit, meaning in reading.meant(field) if hit.start not in skip]
    for hit, meaning in found:
        if meaning.value == found[0][1].value:
            reading.use(hit, field, meaning.value)
    return found[0][1].value if found else None


def _places(reading: Reading) -> frozenset[int]:
    """Words that are a time of day only where they are no place: "on the moon"."""
    return frozenset(
        hit.start for hit, _ in reading.meant("time") if hit.of("setting") and reading.is_after(hit.start, "within")
    )


def _weather(reading: Reading) -> str | None:
    """What falls comes before a clear sky; weather that is unwanted, with none in its place, is a clear sky."""
    named = _first(reading, "weather")
    refused = {value for field, value in reading.refusals() if field == "weather"}
    return "clear" if named is None and refused - {"clear"} else named


def _styles(reading: Reading) -> list[str]:
    found: list[str] = []
    for hit, meaning in reading.meant("style"):
        reading.use(hit, "style", meaning.value)
        if meaning.value not in found:
            found.append(meaning.value)
    return found


def _palette(reading: Reading) -> tuple[str, ...]:
    """Colours of the whole picture: "in blue and orange tones"."""
    found: list[str] = []
    for hit, meaning in reading.meant("colour"):
        after = {reading.word(place) for place in range(hit.end, hit.end + 3)}
        if after & _TONES and meaning.value not in found:
            reading.use(hit, "palette", meaning.value)
            found.append(meaning.value)
    return tuple(found)


def _pace(reading: Reading) -> float:
    found = next(reading.meant("pace"), None)
    if found is None:
        return 1.0
    reading.use(found[0], "pace", found[1].value)
    return float(found[1].value)
