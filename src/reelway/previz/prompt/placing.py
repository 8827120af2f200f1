"""Where a shot is: the place that the words name, else the one where its subject belongs, else one for its mood."""

import hashlib

from reelway.previz.prompt.reading import Reading
from reelway.previz.prompt.vocabulary import Hit
from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Cast
from reelway.previz.subjects import SUBJECTS

# Two places that are one: ruins with a jungle round them, a road through a desert.
TOGETHER = {
    frozenset(("castle: ruins", "forest")): "castle: jungle",
    frozenset(("coast", "mars: desert")): "coast: desert",
}
# A kind that gives way to the place itself: the desert of Mars is on Mars.
YIELDS = {"mars: desert": "mars"}
# Words that say how old something is, and not what: an ancient forest is no ruin.
LOOSE = frozenset(["ancient", "overgrown"])
NEIGHBOURS = 2  # words between "castle" and "ruins" that are of one thing

WITHIN, AWAY, FIRST, HOME, ADJECTIVE, NAMESAKE = 2.0, -1.5, 0.5, 0.75, -0.75, 0.25


def place_of(
    reading: Reading, taken: set[int], cast: tuple[Cast, ...], moves: list[str], moods: list[str], prompt: str
) -> tuple[str, bool]:
    """The setting ("field: wheat"), and whether it was guessed. `taken` holds words that are somebody."""
    named = _named(reading, taken, cast)
    if named is None:
        return _unnamed(reading, cast, moods, prompt)
    cast_in = SETTINGS[named.partition(":")[0]].words.cast_in
    if cast and cast_in is not None and cast_in in SETTINGS and "aerial" not in moves and not _flies(cast[0]):
        return cast_in, False
    return named, False


def _flies(one: Cast) -> bool:
    return "fly" in list(SUBJECTS[one.kind].of(one).words.actions)[:1]


def _named(reading: Reading, taken: set[int], cast: tuple[Cast, ...]) -> str | None:
    """The place with the best reasons: where things happen counts more than what is only near or far."""
    scores: dict[str, float] = {}
    words: dict[str, Hit] = {}
    homes = {SUBJECTS[one.kind].of(one).words.home for one in cast[:1]}
    unwanted = {value for field, value in reading.refusals() if field == "setting"}
    for hit, _ in reading.meant("setting"):
        if hit.start in taken or hit.start in reading.filmed:
            continue  # "orbit" is a place too
        score = 1.0 * hit.likeness + (FIRST if not scores else 0.0)
        if reading.is_after(hit.start, "within"):
            score += WITHIN
        elif reading.is_after(hit.start, "away"):
            score += AWAY
        following = reading.hit(hit.end)
        if following is not None and (following.of("setting") or following.of("subject")):
            score += ADJECTIVE  # "desert highway", "street dog": the noun is what follows
        elif reading.word(hit.start) in LOOSE:
            score += ADJECTIVE
        sky = hit.of("time") is not None  # the moon is where one stands, or what shines
        if sky and not reading.is_after(hit.start, "within"):
            continue
        for meaning in hit.meanings:
            if meaning.field == "setting" and meaning.value not in unwanted:
                at_home = HOME if meaning.value in homes else 0.0
                namesake = NAMESAKE if reading.word(hit.end - 1) == meaning.value else 0.0
                scores[meaning.value] = scores.get(meaning.value, at_home) + score + namesake
                if meaning.value not in words or reading.word(words[meaning.value].start) in LOOSE:
                    words[meaning.value] = hit
    if not scores:
        return None
    best = max(scores, key=lambda name: scores[name])
    parts = {best}
    best = _kind_of(best, words, reading) or best
    if YIELDS.get(best) in words:
        best = YIELDS[best]
    parts.add(best)
    for names, whole in TOGETHER.items():
        loose = any(reading.word(words[name].start) in LOOSE for name in names & set(words))
        if best in names and names <= {best, *words} and not loose and unwanted.isdisjoint({*names, whole}):
            parts, best = parts | names, whole
            break
    for hit, _ in reading.meant("setting"):
        if any(meaning.value in parts for meaning in hit.meanings) and hit.start not in taken:
            reading.use(hit, "setting", best)
    return best


def _kind_of(place: str, words: dict[str, Hit], reading: Reading) -> str | None:
    """The kind that a word beside the place's own makes it: "a ruined castle", "a castle in ruins"."""
    for name, hit in words.items():
        if name.startswith(f"{place}: ") and reading.word(hit.start) not in LOOSE:
            first, second = sorted((hit, words[place]), key=lambda one: one.start)
            if second.start - first.end < NEIGHBOURS:
                return name
    return None


def _unnamed(reading: Reading, cast: tuple[Cast, ...], moods: list[str], prompt: str) -> tuple[str, bool]:
    unwanted = {value for field, value in reading.refusals() if field == "setting"}
    if cast:
        homes = [SUBJECTS[one.kind].of(one).words.home for one in cast]
        home = "sea" if homes[0] == "underwater" and "sea" in homes else homes[0]  # a whale beside a boat
        if home.partition(":")[0] in SETTINGS and home not in unwanted:
            return home, False
    for mood in [*moods, "any"]:
        fitting = [
            f"{name}: {kind}" if kind else name
            for name, setting in SETTINGS.items()
            if mood in setting.words.moods
            for kind in (setting.words.moods[mood].split() or [""])
        ]
        fitting = [place for place in fitting if place not in unwanted]
        if fitting:
            digest = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest()
            return fitting[digest[0] % len(fitting)], True
    return next(iter(SETTINGS)), True
