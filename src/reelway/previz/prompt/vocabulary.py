"""All words that mean something, from the settings, subjects and moves that declare them and from `lexicon`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from reelway.previz.camera import MOVES
from reelway.previz.icons.facts import called, called_elsewhere
from reelway.previz.prompt import lexicon
from reelway.previz.prompt.forms import STEM_MIN, forms
from reelway.previz.prompt.text import Token, is_sign, words_of
from reelway.previz.settings import SETTINGS
from reelway.previz.subjects import SUBJECTS

# Fields whose words are, or come from, verbs.
VERBAL = frozenset(["action", "move", "move_verb", "timing", "weather", "wind", "direction", "idiom", "like", "angle"])


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word may stand for: a value of a field of the shot, or a part of speech that helps to read others."""

    field: str
    value: str
    of: str = ""  # the subject that an outfit or an action is declared by; the move that a verb names
    outfit: str = ""  # what a role wears
    colour: str = ""  # what colour a name implies


@dataclass(slots=True)
class _Node:
    """One step of the way through a phrase."""

    after: dict[str, "_Node"] = field(default_factory=dict)
    meanings: list[Meaning] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hit:
    """Words of the prompt that mean something."""

    start: int
    end: int  # one past the last word
    meanings: tuple[Meaning, ...]
    plural: bool
    likeness: float = 1.0

    def of(self, field: str) -> Meaning | None:
        """Its first meaning in a field."""
        return next((meaning for meaning in self.meanings if meaning.field == field), None)


@cache
def _root() -> _Node:
    root = _Node()

    def put(listed: str, meaning: Meaning, unless: str = "") -> None:
        for phrase in words_of(listed):
            node = root
            for word in phrase:
                node = node.after.setdefault(word, _Node())
            taken = any(other.field == unless for other in node.meanings)
            if phrase and meaning not in node.meanings and not taken:
                node.meanings.append(meaning)

    def table(field: str, lines: Mapping[str, str]) -> None:
        for value, listed in lines.items():
            put(listed, Meaning(field, value))

    put(lexicon.IDIOMS, Meaning("idiom", ""))
    for name, setting in SETTINGS.items():
        put(setting.words.names, Meaning("setting", name))
        for kind, listed in setting.words.kinds.items():
            put(listed, Meaning("setting", f"{name}: {kind}"))
    for name, subject in SUBJECTS.items():
        spoken = subject.words
        for colour, listed in spoken.colour.items():
            put(listed, Meaning("subject", name, colour=colour))
        for outfit, listed in spoken.roles.items():
            put(listed, Meaning("subject", name, outfit=outfit))
        put(spoken.names, Meaning("subject", name))
        for outfit, listed in spoken.outfits.items():
            put(listed, Meaning("outfit", outfit, of=name))
        for action, listed in spoken.actions.items():
            put(f"{listed} {action}", Meaning("action", action, of=name))
    if "person" in SUBJECTS:
        put(lexicon.PEOPLE, Meaning("subject", "person"), unless="subject")
    table("action", lexicon.ACTIONS)
    table("time", lexicon.TIMES)
    table("weather", lexicon.WEATHERS)
    put(lexicon.WIND, Meaning("wind", "wind"))
    table("style", lexicon.STYLES)
    table("colour", lexicon.COLOURS)
    table("pace", {str(pace): listed for pace, listed in lexicon.PACES.items()})
    put(lexicon.CLOTHES, Meaning("clothes", ""))
    table("number", {str(count): listed for count, listed in lexicon.NUMBERS.items()})
    table("several", {str(count): listed for count, listed in lexicon.SEVERAL.items()})
    table("size", lexicon.SIZES)
    table("size_adjective", lexicon.SIZE_ADJECTIVES)
    table("lens", lexicon.LENSES)
    table("angle", lexicon.ANGLES)
    for name, move in MOVES.items():
        put(move.words, Meaning("move", name))
        for verb in move.verbs.split():
            put(verb, Meaning("move_verb", name, of=verb))
    put(lexicon.CAMERA, Meaning("camera", ""))
    table("direction", lexicon.DIRECTIONS)
    table("timing", lexicon.TIMING)
    put(lexicon.NOBODY, Meaning("nobody", ""))
    put(lexicon.NEGATIONS, Meaning("not", ""))
    put(lexicon.WITHIN, Meaning("within", ""))
    put(lexicon.AWAY, Meaning("away", ""))
    put(lexicon.LIKE, Meaning("like", ""))
    put(lexicon.STYLE_OF, Meaning("style_of", ""))
    for name, icon in called().items():
        if _may_be_called(root, name):
            put(name, Meaning("icon", f"silhouette: {icon}"))
    for name, icon in called_elsewhere().items():
        if _may_be_called(root, name, elsewhere=True):
            put(name, Meaning("icon_elsewhere", f"silhouette: {icon}"))
    return root


def _may_be_called(root: _Node, name: str, *, elsewhere: bool = False) -> bool:
    """Whether an icon is known by a name: words that mean something go on meaning it, also at the end of others."""
    phrases = words_of(name)
    if not phrases or not phrases[0] or name in lexicon.NO_ICONS.split():
        return False
    node: _Node | None = root
    for word in phrases[0]:
        node = node.after.get(word) if node is not None else None
    if node is not None and node.meanings:
        return False
    first, last = phrases[0][0], phrases[0][-1]
    if name in lexicon.ICONS.split():
        return True
    if len(phrases[0]) > 1:
        end = root.after.get(last)
        return is_sign(first) or end is None or all(m.field not in ("subject", "setting") for m in end.meanings)
    if elsewhere:
        # A sign is part of other words, and a stem of few letters begins them.
        return not silent(first) and not is_sign(first) and len(first) >= (4 if first.isascii() else STEM_MIN + 2)
    return not silent(first)


@cache
def names(field: str) -> tuple[tuple[tuple[str, ...], Meaning], ...]:
    """Every phrase with a meaning in `field`."""
    found: list[tuple[tuple[str, ...], Meaning]] = []

    def walk(node: _Node, phrase: tuple[str, ...]) -> None:
        found.extend((phrase, meaning) for meaning in node.meanings if meaning.field == field)
        for word, after in node.after.items():
            walk(after, (*phrase, word))

    walk(_root(), ())
    return tuple(found)


@cache
def _listed(text: str) -> frozenset[str]:
    return frozenset(word for phrase in words_of(text) for word in phrase)


def silent(word: str) -> bool:
    """Whether the word says nothing that a picture could show."""
    return word in _listed(lexicon.SILENT) or word.isdigit()


def is_english(read: list[Token]) -> bool:
    """By its small words; a prompt with none of them counts as English."""
    words = [token.word for token in read]
    here = sum(word in _listed(lexicon.ENGLISH) for word in words)
    return here >= sum(word in _listed(lexicon.OTHER_LANGUAGES) for word in words)


def hits(read: list[Token]) -> list[Hit]:
    """From left to right, the longest phrase that means something at each word."""
    hidden = _listed(lexicon.FALSE_FRIENDS) if is_english(read) else frozenset[str]()
    found: list[Hit] = []
    at = 0
    while at < len(read):
        hit = _longest(read, at, hidden)
        if hit is not None:
            found.append(hit)
        at = hit.end if hit is not None else at + 1
    return found


def _longest(read: list[Token], at: int, hidden: frozenset[str]) -> Hit | None:
    best: tuple[int, int] = (at, 0)
    meanings: dict[Meaning, None] = {}
    plural = False

    def walk(node: _Node, place: int, bent: int, many: bool, last: str, only_verbs: bool) -> None:
        nonlocal best, meanings, plural
        meant = [meaning for meaning in node.meanings if not only_verbs or meaning.field in VERBAL]
        if meant and not (place == at + 1 and last in hidden and _foreign(node)):
            key = (place, -bent)
            if place > best[0]:
                best, meanings, plural = key, {}, many
            elif place == best[0] and many:
                plural = True
            if place == best[0]:
                meanings.update(dict.fromkeys(meant))
        if place < len(read) and not read[place].mark:
            for number, form in enumerate(forms(read[place].word)):
                if form.base in node.after:
                    only_verbs = form.verb and place == at
                    walk(node.after[form.base], place + 1, bent + number, many or form.plural, form.base, only_verbs)

    walk(_root(), at, 0, False, "", False)
    idiom = [meaning for meaning in meanings if meaning.field == "idiom"]  # and nothing else
    return Hit(at, best[0], tuple(idiom or meanings), plural) if meanings else None


def _foreign(node: _Node) -> bool:
    """A false friend is hidden; but a small word of English stays one."""
    return not any(meaning.field in ("within", "away", "not", "number", "move_verb") for meaning in node.meanings)
