"""Prompt to shot: look every word up, then settle what the words leave open.

Never fails: a prompt without one known word becomes the dream landscape, and the words that meant nothing are listed.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from itertools import pairwise

from reelway.previz.prompt.lexicon import DESERTS, INSIDE, MOONS, PACES, SETTING_OF, SILENT, TABLES
from reelway.previz.shot import Shot

PROMPT_MAX = 4000  # characters that are read; the rest of a very long prompt says nothing new
IGNORED_MAX = 24
IGNORED_CHARACTERS_MAX = 40
_WORD = re.compile(r"[^\W_](?:[^\W_]|['&-](?=[^\W_]))*")
_SPACELESS = re.compile(r"[\u0600-\u06ff\u0900-\u097f\u0400-\u04ff\u3040-\u30ff\u3400-\u9fff]")

# What stands where, when the prompt names a subject and no place.
HOME_OF = {
    "astronaut": ("mars", None),
    "car": ("coast", None),
    "detective": ("alley", None),
    "duck": ("river", None),
    "robot": ("alley", None),
    "person": ("vista", "field"),
}


def _index() -> dict[str, list[tuple[str, str]]]:
    index: dict[str, list[tuple[str, str]]] = {}
    for kind, table in TABLES.items():
        for concept, words in table.items():
            for word in words.split():
                index.setdefault(word, []).append((kind, concept))
    return index


_INDEX = _index()
_PACE = {word: pace for pace, words in PACES.items() for word in words.split()}


@dataclass(slots=True)
class _Found:
    """Concepts in the order of the prompt, and the words that named them."""

    concepts: dict[str, list[str]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    pace: float = 1.0

    def add(self, kind: str, concept: str, word: str) -> None:
        kept = self.concepts.setdefault(kind, [])
        if concept not in kept:
            kept.append(concept)
        self.words.add(word)

    def first(self, kind: str) -> str | None:
        kept = self.concepts.get(kind)
        return kept[0] if kept else None


def parse(prompt: str, negative_prompt: str = "", *, move: str | None = None) -> Shot:
    """The shot that `prompt` asks for; what `negative_prompt` names is left out; `move` overrules both."""
    found, unwanted = _read(prompt), _read(negative_prompt)
    for kind, concepts in unwanted.concepts.items():
        kept = found.concepts.get(kind, [])
        found.concepts[kind] = [concept for concept in kept if concept not in concepts]
    weather = found.first("weather")
    if weather is None and "rain" in unwanted.concepts.get("weather", []):
        weather = "clear"
    subject = found.first("subject")
    setting, variant, fallback = _place(found, subject, prompt)
    return Shot(
        setting=setting,
        variant=variant,
        subject=subject if setting != "city" else None,
        time=_time(found),
        weather=weather,
        move=move or found.first("move"),
        style=tuple(found.concepts.get("style", [])),
        colour=found.first("colour"),
        pace=found.pace,
        ignored=tuple(found.unknown[:IGNORED_MAX]),
        fallback=fallback,
    )


def _time(found: _Found) -> str | None:
    named = found.first("time")
    if named is None and "noir" in found.concepts.get("style", []):
        return "night"
    return named


def _place(found: _Found, subject: str | None, prompt: str) -> tuple[str, str | None, bool]:
    """Setting, variant, and whether it was guessed."""
    place = found.first("place")
    if place is None:
        return _no_place(found, subject, prompt)
    if place == "city" and "coast" in found.concepts["place"] and subject == "car":
        place = "coast"
    elif place == "city" and subject is not None and "aerial" not in found.concepts.get("move", []):
        place = "alley"  # a city is seen from the air; who is named in one stands in its streets
    setting, variant = SETTING_OF[place]
    if place == "mars":
        variant = "moon" if found.words & MOONS else "desert" if found.words & DESERTS else None
        if found.words & {"mars", "martian"} or "火星" in prompt:
            variant = None
    return setting, variant, False


def _no_place(found: _Found, subject: str | None, prompt: str) -> tuple[str, str | None, bool]:
    if subject is not None:
        setting, variant = HOME_OF[subject]
        return setting, variant, False
    styles = found.concepts.get("style", [])
    if "neon" in styles:
        return "city", None, True
    if "noir" in styles:
        return "alley", None, True
    if found.first("weather") == "snow":
        return "vista", "mountains", True
    if found.first("weather") == "dust":
        return "mars", "desert", True
    digest = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).digest()
    return "vista", ("dream", "mountains", "sea")[digest[0] % 3], True


def _plain(text: str) -> str:
    """Lower case without accents, lone surrogates and control characters; at most PROMPT_MAX characters."""
    kept = text[:PROMPT_MAX].encode("utf-8", "replace").decode("utf-8").lower().replace("ß", "ss")
    parts = unicodedata.normalize("NFD", kept)
    return unicodedata.normalize("NFC", "".join(c for c in parts if unicodedata.category(c) != "Mn"))


def _read(text: str) -> _Found:
    found = _Found()
    spoken = unicodedata.normalize("NFC", text[:PROMPT_MAX].encode("utf-8", "replace").decode("utf-8").lower())
    _read_inside(found, spoken)
    words = _WORD.findall(_plain(text))
    taken: set[int] = set()
    for size in (3, 2, 1):
        for start in range(len(words) - size + 1):
            span = range(start, start + size)
            if not taken.intersection(span) and _take(found, "-".join(words[start : start + size])):
                taken.update(span)
    unknown = (word for place, word in enumerate(words) if place not in taken)
    listed = dict.fromkeys(
        word[:IGNORED_CHARACTERS_MAX]
        for word in unknown
        if word not in SILENT and not (_SPACELESS.search(word) and _named_inside(word))
    )
    found.unknown = list(listed)
    _drop_colours_of_places(found, words)
    order = {word: place for place, word in reversed(list(enumerate(words)))}
    _sort_by_mention(found, order)
    return found


def _drop_colours_of_places(found: _Found, words: list[str]) -> None:
    """In "green fields" the colour is not that of whoever stands in them."""
    kept = set()
    for word, following in pairwise([*words, ""]):
        kinds = {kind for form in (following, following.removesuffix("s")) for kind, _ in _INDEX.get(form, [])}
        if not kinds & {"place", "time", "weather", "style"}:
            kept |= {concept for kind, concept in _INDEX.get(word, []) if kind == "colour"}
    found.concepts["colour"] = [concept for concept in found.concepts.get("colour", []) if concept in kept]


def _take(found: _Found, phrase: str) -> bool:
    """Whether `phrase`, or what it is the plural of, means something."""
    if phrase in _PACE:
        found.pace = _PACE[phrase]
        return True
    for form in (phrase, phrase.removesuffix("s"), phrase.removesuffix("'s")):
        if form in _INDEX:
            for kind, concept in _INDEX[form]:
                found.add(kind, concept, form)
            return True
    return False


def _read_inside(found: _Found, spoken: str) -> None:
    if not _SPACELESS.search(spoken):
        return
    for kind, table in INSIDE.items():
        for concept, words in table.items():
            for word in words:
                if word in spoken:
                    found.add(kind, concept, word)


def _named_inside(word: str) -> bool:
    plain_words = (_plain(w) for table in INSIDE.values() for words in table.values() for w in words)
    return any(known in word for known in plain_words)


def _sort_by_mention(found: _Found, order: dict[str, int]) -> None:
    """Longer phrases were looked up first; the order that counts is that of the prompt."""

    def mentioned(kind: str, concept: str) -> int:
        places = [
            order.get(word.split("-")[0], len(order)) for word in TABLES[kind][concept].split() if word in found.words
        ]
        return min(places, default=len(order))

    for kind, concepts in found.concepts.items():
        concepts.sort(key=lambda concept, kind=kind: mentioned(kind, concept))  # type: ignore[misc]
