"""A prompt cut into words, each with the place where it stands."""
# ruff: noqa: RUF001  (marks of several scripts)

import re
import unicodedata
from dataclasses import dataclass

PROMPT_MAX = 4000  # characters that are read; the rest of a very long prompt says nothing new
# A sign of Chinese or Japanese is a word of its own; other words are letters and digits.
_SIGN = r"[\u3040-\u30fc\u3400-\u9fff]"
_TOKEN = re.compile(
    rf"({_SIGN})|(\d+\.\d+|(?:(?!{_SIGN})[^\W_]|[&])+(?:['’](?:s|S)(?![^\W_]))?)|([.,;:!?()\[\]\n–—。、，；：！？「」])"
)
_ENDS = frozenset(".;!?\n。；！？")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, or one mark of punctuation."""

    word: str  # lower case, without accents
    text: str  # as it was written
    mark: bool = False

    @property
    def ends(self) -> bool:
        """Whether a sentence ends here."""
        return self.mark and self.text in _ENDS


def plain(text: str) -> str:
    """Lower case without accents."""
    parts = unicodedata.normalize("NFD", text.lower().replace("ß", "ss"))
    return unicodedata.normalize("NFC", "".join(c for c in parts if unicodedata.category(c) != "Mn"))


def tokens(text: str) -> list[Token]:
    """The words and marks of `text`; lone surrogates and control characters are none."""
    kept = unicodedata.normalize("NFC", text[:PROMPT_MAX].encode("utf-8", "replace").decode("utf-8"))
    kept = kept.replace("°", " degrees ")
    found = []
    for sign, word, mark in _TOKEN.findall(kept):
        if mark:
            found.append(Token(mark, mark, mark=True))
        elif letters := plain(sign or word).replace("’", "'").strip("&"):
            found.append(Token(letters, sign or word))
    return found


def joined(read: list[Token]) -> str:
    """The words as they were written: with spaces between them, but for signs."""
    text = " ".join(token.text for token in read if not token.mark)
    return re.sub(rf"(?<={_SIGN}) (?={_SIGN})", "", text)


def is_sign(word: str) -> bool:
    """Whether it is a sign of Chinese or Japanese."""
    return re.fullmatch(_SIGN, word) is not None


def listed(words: str) -> frozenset[str]:
    """The words of a text with spaces between them."""
    return frozenset(words.split())


def words_of(listed: str) -> list[tuple[str, ...]]:
    """The phrases of a vocabulary's text, each as the words that `tokens` would find."""
    return [
        tuple(token.word for token in tokens(phrase.replace("-", " ").replace("_", " "))) for phrase in listed.split()
    ]
