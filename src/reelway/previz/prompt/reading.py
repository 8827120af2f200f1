"""One prompt while it is read: its words, what they mean, and which of them have been used."""

from collections.abc import Iterator

from reelway.previz.prompt import likeness, things
from reelway.previz.prompt.text import Token, joined, listed, tokens
from reelway.previz.prompt.vocabulary import Hit, Meaning, hits, is_english, silent
from reelway.previz.shot import Heard

IGNORED_MAX = 24
IGNORED_CHARACTERS_MAX = 40
# A list goes on after a comma: "without people, cars or signs".
_OPEN = frozenset([",", "，", "、"])  # noqa: RUF001
_JOINS = listed("""or and nor oder und ou et o y e""")
_VIEWS = listed("""seen view views viewed pov perspective filmed shot looking""")
_ARTICLES = listed("""a an the inside within""")
_BUT = listed("""but just only aber mais pero mas ma""")


class Reading:
    """What `text` says; words that are unwanted ("no rain") or only compared with are set apart."""

    def __init__(self, text: str, *, unwanted: bool = False) -> None:
        """`unwanted`: the text is a list of what is to be left out."""
        self.tokens: list[Token] = tokens(text)
        self.hits: list[Hit] = hits(self.tokens)
        if is_english(self.tokens):
            self.hits = [hit for hit in self.hits if not self._is_foreign(hit)]
            self._guess()
        self.hits = things.settled(self.hits, self.tokens, every=unwanted)
        self._covering: dict[int, int] = {}
        for number, hit in enumerate(self.hits):
            self._covering.update(dict.fromkeys(range(hit.start, hit.end), number))
        self.unwanted: set[int] = set()
        self.aside: set[int] = set()
        self.viewers: set[int] = set()  # places of words for what the camera is in
        self._heard: dict[tuple[int, str], Heard] = {}
        self._unused: set[int] = set()
        self.filmed: set[int] = set()  # places of words that speak of the camera
        self._refused: set[tuple[str, str]] = set()
        self._set_apart()

    # Looking.

    def hit(self, place: int) -> Hit | None:
        """What the word at `place` is part of."""
        number = self._covering.get(place)
        return None if number is None else self.hits[number]

    def word(self, place: int) -> str:
        """The word at `place`; empty outside and for a mark."""
        inside = 0 <= place < len(self.tokens) and not self.tokens[place].mark
        return self.tokens[place].word if inside else ""

    def wanted(self, hit: Hit) -> bool:
        """Whether the words are neither denied nor only compared with."""
        number = self._covering[hit.start]
        return number not in self.unwanted and number not in self.aside

    def meant(self, *fields: str) -> Iterator[tuple[Hit, Meaning]]:
        """Wanted words with a meaning in one of the fields, in the order of the prompt."""
        for hit in self.hits:
            if self.wanted(hit):
                for field in fields:
                    if meaning := hit.of(field):
                        yield hit, meaning
                        break

    def refusals(self) -> set[tuple[str, str]]:
        """Fields and values that are unwanted."""
        here = {(meaning.field, meaning.value) for number in self.unwanted for meaning in self.hits[number].meanings}
        return here | self._refused

    def refuse(self, values: set[tuple[str, str]]) -> None:
        """Words with one of these meanings are unwanted."""
        self._refused |= values
        for number, hit in enumerate(self.hits):
            if any((m.field, m.value) in values and m.field != "number" for m in hit.meanings):
                self.unwanted.add(number)

    def clause(self, place: int) -> int:
        """Number of the clause: they are parted by marks."""
        return sum(token.mark for token in self.tokens[:place])

    def sentence(self, place: int) -> int:
        """Number of the sentence."""
        return sum(token.ends for token in self.tokens[:place])

    def is_after(self, place: int, field: str, within: int = 3) -> bool:
        """Whether a word with a meaning in `field` comes shortly before `place`, with no mark between."""
        for before in range(place - 1, max(place - 1 - within, -1), -1):
            if self.tokens[before].mark:
                return False
            hit = self.hit(before)
            if hit is not None and hit.of(field):
                return True
        return False

    def text_of(self, hit: Hit) -> str:
        """The words as they were written."""
        return joined(self.tokens[hit.start : hit.end])

    # Telling.

    def use(self, hit: Hit, field: str, value: str, *, end: int = 0) -> None:
        """The words, with those up to `end`, became `value`."""
        text = joined(self.tokens[hit.start : max(hit.end, end)])
        heard = Heard(text=text, field=field, value=value, likeness=round(hit.likeness, 2))
        self._heard.setdefault((hit.start, field), heard)

    def leave(self, hit: Hit) -> None:
        """The words mean something that could not be used."""
        self._unused.update(range(hit.start, hit.end))

    def understood(self) -> tuple[Heard, ...]:
        """What was used, in the order of the prompt."""
        return tuple(self._heard[key] for key in sorted(self._heard))

    def ignored(self) -> tuple[str, ...]:
        """Words that meant nothing."""
        used = {place for place, _ in self._heard}
        listed: dict[str, None] = {}
        for place, token in enumerate(self.tokens):
            unknown = place not in self._covering and place not in self.filmed and not silent(token.word)
            if not token.mark and (unknown or (place in self._unused and place not in used)):
                listed.setdefault(token.text.lower()[:IGNORED_CHARACTERS_MAX])
        return tuple(listed)[:IGNORED_MAX]

    # Setting apart.

    def _guess(self) -> None:
        """Words that the lexicon does not know are taken for the words that they are nearest to in meaning."""
        known = {place for hit in self.hits for place in range(hit.start, hit.end)}
        about = things.somebody(self.hits)
        for place, token in enumerate(self.tokens):
            if place in known or token.mark or silent(token.word):
                continue
            name = place > 0 and not self.tokens[place - 1].ends and token.text[:1].isupper()
            if guess := likeness.nearest(token.word, beasts=not name, things=not (name or about)):
                self.hits.append(Hit(place, place + 1, (guess.meaning,), guess.plural, guess.likeness))
        self.hits.sort(key=lambda hit: hit.start)

    def _is_foreign(self, hit: Hit) -> bool:
        """A word of another language in an English prompt; other scripts tell of themselves."""
        return hit.of("icon_elsewhere") is not None and self.tokens[hit.start].word.isascii()

    def _set_apart(self) -> None:
        for hit in self.hits:
            if hit.of("not"):
                self.unwanted.update(self._following(hit.end, stops=("within", "camera")))
            elif hit.of("like"):
                self.aside.update(self._following(hit.end, stops=("within",)))
            elif hit.of("style_of"):
                follows = self._following(hit.end, stops=())
                self.aside.update(number for number in follows if not self.hits[number].of("style"))
            elif self._sees(hit):
                self.viewers.update(range(hit.start, hit.end))
                self.aside.add(self._covering[hit.start])

    def _sees(self, hit: Hit) -> bool:
        """ "Seen from a car", "the view from a plane": nobody sees what the camera is in."""
        place = hit.start - 1
        while self.word(place) in _ARTICLES:
            place -= 1
        said = {self.word(before) for before in range(max(place - 3, 0), place)}
        follows = {self.word(after) for after in range(hit.end, hit.end + 3)}
        return bool(hit.of("subject")) and self.word(place) == "from" and bool(said & _VIEWS) and "to" not in follows

    def _following(self, place: int, stops: tuple[str, ...]) -> Iterator[int]:
        """Numbers of the hits in the noun phrases from `place` on."""
        found = False
        while place < len(self.tokens):
            token, hit = self.tokens[place], self.hit(place)
            if token.word in _BUT or (token.mark and not (token.text in _OPEN and found and self._list_goes_on(place))):
                return
            if hit is not None:
                if found and any(hit.of(stop) for stop in stops):
                    return
                found = True
                yield self._covering[place]
                place = hit.end
            else:
                place += 1

    def _list_goes_on(self, comma: int) -> bool:
        """Whether another comma or an "or" follows within three words."""
        for place in range(comma + 1, min(comma + 4, len(self.tokens))):
            if self.tokens[place].mark:
                return self.tokens[place].text in _OPEN
            if self.tokens[place].word in _JOINS and self.tokens[place].word in ("or", "nor", "oder", "ou", "o"):
                return True
        return False
