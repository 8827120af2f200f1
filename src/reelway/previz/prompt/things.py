"""Which of the words that only an icon stands for are somebody, or something, in the shot.

Who lives is always there. A thing is there where it is what the prompt is about: a guitar on a stage, but neither the
guitar that somebody plays nor the table that a cat sits on.
"""

from dataclasses import replace

from reelway.previz.icons import icons
from reelway.previz.icons.facts import facts
from reelway.previz.prompt.text import Token, listed
from reelway.previz.prompt.vocabulary import Hit, Meaning, silent

FIELDS = ("icon", "icon_elsewhere")
WITHIN = 3  # words before one that may say that it is a place
_AUXILIARIES = listed("to can could will would must may might should")
_OF = frozenset(["of"])
_FROM_TO = frozenset(["from", "to", "von", "zu", "de", "da", "a"])
_AND = frozenset(["and", ",", "und", "et", "y", "e", "и"])
_VERBAL = ("s", "ing", "ed", "ly")
_ADJECTIVES = frozenset(["alien"])  # "an alien planet"
_PROPER = listed("turkey buffalo phoenix")
_PROPER_ICONS = listed("turkey bison phoenix-bird")


def icon_of(hit: Hit) -> Meaning | None:
    """The icon that the words stand for, if they mean nothing else."""
    return next((meaning for meaning in hit.meanings if meaning.field in FIELDS), None)


def lives(icon: Meaning) -> bool:
    """Whether it is somebody."""
    return facts(icon.value.partition(": ")[2]).alive


def is_animal(icon: Meaning) -> bool:
    """Whether it is one that other animals may be like."""
    name = icon.value.partition(": ")[2]
    return icons()[name].group.startswith("animal-") and name not in _PROPER_ICONS


def somebody(hits: list[Hit]) -> bool:
    """Whether the shot is about somebody, or about a thing that has a model."""
    return any(hit.of("subject") or ((icon := icon_of(hit)) is not None and lives(icon)) for hit in hits)


def settled(hits: list[Hit], read: list[Token], *, every: bool = False) -> list[Hit]:
    """`hits`, with icons as subjects or left out; `every` one is a subject in a list of what is not wanted."""
    about = somebody(hits)
    found: list[Hit] = []
    last: Hit | None = None  # the thing before
    for number, hit in enumerate(hits):
        icon = icon_of(hit)
        if icon is None:
            found.append(hit)
            continue
        there = every or _is_there(hit, icon, read, hits[max(number - WITHIN, 0) : number], hits[number + 1 :], about)
        if there and not every and not lives(icon):
            there = last is None or any(read[place].word in _AND for place in range(last.end, hit.start))
            last = hit
        if there:
            found.append(replace(hit, meanings=(replace(icon, field="subject"),)))
    return found


def _is_there(hit: Hit, icon: Meaning, read: list[Token], before: list[Hit], after: list[Hit], about: bool) -> bool:
    following = after[0] if after and after[0].start == hit.end else None
    if lives(icon):
        describes = read[hit.end - 1].word in _ADJECTIVES and following is not None and following.of("setting")
        return not describes and _is_noun(hit, read)
    return _is_focus(hit, read, before) or (not about and _is_topic(hit, read, before, following))


def _is_focus(hit: Hit, read: list[Token], before: list[Hit]) -> bool:
    """What the focus comes from, or goes to."""
    return any(
        meaning.value == "rack" and _word(read, one.end) in _FROM_TO and hit.start - one.end < WITHIN
        for one in before
        if (meaning := one.of("move")) is not None
    )


def _is_noun(hit: Hit, read: list[Token]) -> bool:
    before, token = _word(read, hit.start - 1), read[hit.start]
    named = token.word in _PROPER and token.text[:1].isupper()
    place = named and (bool(before) or (hit.end < len(read) and read[hit.end].mark))
    return before not in _AUXILIARIES and not place


def _is_topic(hit: Hit, read: list[Token], before: list[Hit], following: Hit | None) -> bool:
    """Neither a place that something is in, nor what a place is full of, nor what only describes the next noun."""
    if any(_is_within(hit, one, read) for one in before):
        return False
    full = any(one.end == hit.start - 1 and one.of("setting") for one in before)
    if full and _word(read, hit.start - 1) in _OF:
        return False
    if following is not None:
        return not (following.of("setting") or following.of("subject"))
    word = _word(read, hit.end)
    return not word or silent(word) or word.endswith(_VERBAL) or not word.isascii()


def _is_within(hit: Hit, before: Hit, read: list[Token]) -> bool:
    """Whether "in", "on" and the like come shortly before; "an" is like them in German only."""
    if not before.of("within") or read[before.start].word == "an" or hit.start - before.end >= WITHIN:
        return False
    return not any(token.mark for token in read[before.end : hit.start])


def _word(read: list[Token], place: int) -> str:
    return read[place].word if 0 <= place < len(read) and not read[place].mark else ""
