"""What a word may be a form of: plurals and verb forms of English, endings of scripts that only know stems."""

import re
from typing import NamedTuple

_STEMMED = re.compile(r"[\u0400-\u04ff\u0600-\u06ff\u0900-\u097f]")
STEM_MIN = 3
_ARTICLES = ("وال", "بال", "كال", "ال", "لل")

PLURALS = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "kids": "kid",
    "mice": "mouse",
    "geese": "goose",
    "feet": "foot",
    "teeth": "tooth",
    "wolves": "wolf",
    "leaves": "leaf",
    "knives": "knife",
    "oxen": "ox",
    "policemen": "policeman",
    "firemen": "fireman",
    "fishermen": "fisherman",
    "skies": "sky",
    # Other languages, where the ending is not an "s".
    "hunde": "hund",
    "pferde": "pferd",
    "vogel": "vogel",
    "manner": "mann",
    "frauen": "frau",
    "kinder": "kind",
    "berge": "berg",
    "autos": "auto",
    "boote": "boot",
    "schiffe": "schiff",
    "cani": "cane",
    "cavalli": "cavallo",
    "uccelli": "uccello",
    "pesci": "pesce",
    "barche": "barca",
    "uomini": "uomo",
    "donne": "donna",
    "bambini": "bambino",
    "chevaux": "cheval",
    "oiseaux": "oiseau",
    "bateaux": "bateau",
    "peces": "pez",
    "aves": "ave",
    "homens": "homem",
    "caes": "cao",
}
VERBS = {
    "ran": "run",
    "rode": "ride",
    "ridden": "ride",
    "flew": "fly",
    "flown": "fly",
    "swam": "swim",
    "swum": "swim",
    "sat": "sit",
    "stood": "stand",
    "drove": "drive",
    "driven": "drive",
    "fell": "fall",
    "fallen": "fall",
    "rose": "rise",
    "risen": "rise",
    "slept": "sleep",
    "dove": "dive",
    "held": "hold",
    "wore": "wear",
    "worn": "wear",
    "lying": "lie",
    "laid": "lie",
    "sang": "sing",
    "ate": "eat",
    "crept": "creep",
    "swept": "sweep",
    "sped": "speed",
    "leapt": "leap",
    "knelt": "kneel",
    "threw": "throw",
    "fought": "fight",
    "spun": "spin",
    "went": "go",
    "began": "begin",
    "swung": "swing",
    "dying": "die",
}


class Form(NamedTuple):
    """What a word may be a form of."""

    base: str
    plural: bool = False
    verb: bool = False  # only a verb has this form: a "parked" car is in no park


def forms(word: str) -> list[Form]:
    """Every base that `word` may stand for, itself first."""
    if _STEMMED.search(word):
        return [Form(stem) for stem in _stems(word)]
    found = [Form(word)]
    if word in PLURALS:
        found.append(Form(PLURALS[word], plural=True))
    if word in VERBS:
        found.append(Form(VERBS[word], verb=True))
    if word.endswith("'s"):
        found.append(Form(word[:-2]))
    found += [Form(base, plural=True) for base in _singulars(word)]
    found += [Form(base, verb=True) for base in _infinitives(word)]
    return found


def _stems(word: str) -> list[str]:
    starts = [word] + [word[len(article) :] for article in _ARTICLES if word.startswith(article)]
    return [start[:end] for start in starts for end in range(len(start), min(STEM_MIN, len(start)) - 1, -1)]


def _singulars(word: str) -> list[str]:
    if not word.endswith("s") or word.endswith("ss") or len(word) < 3:
        return []
    found = [word[:-1]]
    if word.endswith("ies"):
        found.append(word[:-3] + "y")
    if word.endswith("ves"):
        found += [word[:-3] + "f", word[:-3] + "fe"]
    if word.endswith("es"):
        found.append(word[:-2])
    return found


def _infinitives(word: str) -> list[str]:
    found = []
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        found += [stem, stem + "e"]
        if len(stem) > 2 and stem[-1] == stem[-2]:
            found.append(stem[:-1])
        if stem.endswith("i"):
            found.append(stem[:-1] + "y")
        if ending == "ing" and stem.endswith("y"):
            found.append(stem[:-1] + "ie")
    return found
