"""A word that no vocabulary has, taken for the one that it is nearest to in meaning.

`words.npz` holds 24,000 English words as vectors, baked from all-MiniLM-L6-v2 (Apache-2.0) by
`tools/build_word_table.py`. Looking one up takes no model and no network.
"""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelway.previz.icons.facts import kin
from reelway.previz.prompt import lexicon
from reelway.previz.prompt.forms import forms
from reelway.previz.prompt.things import is_animal, lives
from reelway.previz.prompt.vocabulary import Meaning, names

# Each word of the lexicon was left out in turn and guessed from the others: from here on most guesses are right.
ENOUGH = {"subject": 0.50, "setting": 0.50, "weather": 0.55, "time": 0.58}
# Of what only an icon stands for: animals are alike in more ways than one.
ENOUGH_ALIVE, ENOUGH_THING = 0.58, 0.68
LEAST = min(*ENOUGH.values(), ENOUGH_ALIVE, ENOUGH_THING)
TRIED = 3
WORD_MIN = 3
# Forms of verbs and adverbs: an action is never guessed, and their stems are like the wrong things.
_NOT_NOUNS = ("ing", "ed", "ly")
# Whoever is named by a trade is somebody: "violinist", "blacksmith". The vectors are poor at this.
_TRADES = ("ist", "ists", "smith", "woman", "women", "man", "men")
_TRADE = 0.6
_KIN = 0.8  # what is known to be nearly something


@dataclass(frozen=True, slots=True)
class Guess:
    """What a word probably means."""

    meaning: Meaning
    likeness: float
    plural: bool = False


@cache
def _table() -> tuple[dict[str, int], npt.NDArray[np.float32]]:
    with np.load(Path(__file__).with_name("words.npz")) as held:
        words = str(held["words"]).split()
        vectors = held["table"].astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return {word: number for number, word in enumerate(words)}, vectors


@cache
def _known() -> tuple[tuple[Meaning, ...], npt.NDArray[np.float32]]:
    """Single words of the vocabularies that the table has, and their vectors."""
    places, vectors = _table()
    foreign = set(lexicon.FALSE_FRIENDS.split())
    found = [
        (meaning, places[phrase[0]])
        for field in (*ENOUGH, "icon")
        for phrase, meaning in names(field)
        if len(phrase) == 1 and phrase[0] in places and phrase[0] not in foreign
    ]
    return tuple(meaning for meaning, _ in found), vectors[[place for _, place in found]]


@cache
def _somebody() -> Meaning | None:
    return next((meaning for phrase, meaning in names("subject") if phrase == ("person",)), None)


@cache
def nearest(word: str, *, beasts: bool = True, things: bool = True) -> Guess | None:
    """The known word nearest to `word`, if any is near enough; whether icons of beasts and of things may be it."""
    known_as = next((form for form in forms(word) if form.base in kin()), None)
    if known_as is not None:
        icon = Meaning("icon", f"silhouette: {kin()[known_as.base]}")
        return Guess(icon, _KIN, known_as.plural) if beasts and (things or lives(icon)) else None
    if len(word) < WORD_MIN or not word.isascii() or word.endswith(_NOT_NOUNS):
        return None
    if word.endswith(_TRADES) and (person := _somebody()) is not None:
        return Guess(person, _TRADE, word.endswith(("s", "men")))
    places, vectors = _table()
    form = next((form for form in forms(word) if form.base in places), None)
    if form is None:
        return None
    meanings, known = _known()
    alike = known @ vectors[places[form.base]]
    tried = 0
    for number in np.argsort(-alike):
        enough = _enough(meanings[number], beasts=beasts, things=things)
        if alike[number] >= enough:
            return Guess(meanings[number], float(alike[number]), form.plural)
        tried += meanings[number].field in ENOUGH
        if tried == TRIED or alike[number] < LEAST:
            break
    return None


def _enough(meaning: Meaning, *, beasts: bool, things: bool) -> float:
    if meaning.field in ENOUGH:
        return ENOUGH[meaning.field]
    if lives(meaning):
        return ENOUGH_ALIVE if beasts and is_animal(meaning) else math.inf
    return ENOUGH_THING if things else math.inf
