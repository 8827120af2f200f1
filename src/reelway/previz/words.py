"""How a setting or a subject says what it is called. Standard library only; read by `prompt`.

Every text is a list of words with spaces between them, English first, then any other languages, without accents and
in the singular: the reader makes plurals and verb forms itself. Words joined by "-" are found next to each other
("sports-car"). Words of scripts without spaces (Chinese, Japanese) are found anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingWords:
    """The vocabulary of a place."""

    names: str  # what it is called
    kinds: Mapping[str, str] = field(default_factory=dict)  # words that name it and one of its kinds (Shot.variant)
    indoors: bool = False
    cast_in: str | None = None  # a place seen from the air only: the setting where those who are named in it stand
    moods: Mapping[str, str] = field(default_factory=dict)  # a style or weather that brings a prompt without a place
    #   here, and the kinds it may become ("" is none); the mood "any" is that of all other prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectWords:
    """The vocabulary of someone or something."""

    names: str
    home: str  # the setting where it is put when the prompt names none; "field: wheat" names its kind, too
    is_a: str | None = None  # a wider kind of subject: who wants no "person" wants no "astronaut"
    actions: Mapping[str, str] = field(default_factory=dict)  # what it can do (first: its habit), and further words
    outfits: Mapping[str, str] = field(default_factory=dict)  # what it can wear: the words for the clothes
    roles: Mapping[str, str] = field(default_factory=dict)  # words that name it and what it wears: "monk" in a robe
    undressed: frozenset[str] = frozenset()  # roles that say nothing of clothes: those named beside them are worn
    colour: Mapping[str, str] = field(default_factory=dict)  # words that name it and its colour: {"white": "swan"}
