"""People, in what the prompt dresses them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import turn_x, turn_y, turn_z
from reelway.previz.subjects.base import Colour
from reelway.previz.subjects.body import Body, limb
from reelway.previz.subjects.figure import SIDES, Figure
from reelway.previz.subjects.human import ACTIONS, Human
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials

SKINS: tuple[Colour, ...] = ((0.37, 0.235, 0.165), (0.20, 0.11, 0.07), (0.43, 0.285, 0.21), (0.30, 0.18, 0.11))
TOPS: tuple[Colour, ...] = ((0.075, 0.13, 0.24), (0.36, 0.10, 0.07), (0.11, 0.19, 0.12), (0.40, 0.32, 0.20))
HAIRS: tuple[Colour, ...] = ((0.035, 0.02, 0.012), (0.16, 0.085, 0.035), (0.012, 0.010, 0.010), (0.30, 0.20, 0.09))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """Colours where the prompt names none; `dyed` is what its colour word dyes."""

    top: Colour | None = None  # None: one of TOPS
    legs: Colour = (0.045, 0.05, 0.07)
    shoes: Colour = (0.03, 0.025, 0.02)
    dyed: str = "top"
    long_hair: bool = False
    tall: float = 1.78
    metal: bool = False


OUTFITS = {
    "plain": Outfit(),
    "coat": Outfit(top=(0.115, 0.095, 0.07), legs=(0.03, 0.03, 0.034), tall=1.84),
    "raincoat": Outfit(top=(0.62, 0.42, 0.02), legs=(0.05, 0.06, 0.09)),
    "dress": Outfit(top=(0.36, 0.03, 0.05), legs=(0.42, 0.28, 0.20), long_hair=True, tall=1.70),
    "suit": Outfit(top=(0.022, 0.026, 0.038), legs=(0.022, 0.026, 0.038), tall=1.83),
    "hoodie": Outfit(top=(0.20, 0.21, 0.23), legs=(0.05, 0.07, 0.13), shoes=(0.55, 0.55, 0.55)),
    "robe": Outfit(top=(0.22, 0.075, 0.03), legs=(0.18, 0.06, 0.025)),
    "armour": Outfit(top=(0.40, 0.41, 0.43), legs=(0.32, 0.33, 0.35), shoes=(0.28, 0.29, 0.31), metal=True, tall=1.86),
    "sport": Outfit(legs=(0.025, 0.025, 0.03), shoes=(0.6, 0.6, 0.6), long_hair=True, tall=1.74),
    "woman": Outfit(legs=(0.04, 0.055, 0.10), shoes=(0.10, 0.04, 0.03), long_hair=True, tall=1.68),
    "child": Outfit(legs=(0.06, 0.09, 0.18), shoes=(0.5, 0.08, 0.06), tall=1.22),
}


class Person(Human):
    """Someone; a colour word dyes the top."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""person man people figure couple grandfather someone traveler traveller pedestrian stranger
            mann homme hombre homem uomo 人 男人 男性 человек мужчин رجل आदमी""",
        home="field",
        actions=ACTIONS,
        outfits={
            "coat": "trench-coat coat overcoat fedora cloak mantel manteau abrigo cappotto",
            "raincoat": "raincoat poncho anorak regenmantel impermeable",
            "dress": "dress gown skirt kleid robe-de-soiree vestido vestito",
            "suit": "suit tuxedo jacket-and-tie anzug costume traje",
            "hoodie": "hoodie hooded sweater sweatshirt kapuzenpulli sudadera",
            "robe": "robe robes habit kimono kutte",
            "armour": "armour armor chainmail rustung armure armadura",
            "sport": "sportswear tracksuit leggings",
        },
        roles={
            "woman": """woman women lady ladies grandmother mother mom mum daughter sister aunt niece wife girlfriend
                waitress actress frau frauen femme mujer mulher donna 女人 女性 женщин امرأة औरत""",
            "child": """child kid boy girl toddler kind junge madchen enfant garcon fille nino nina menino menina
                女孩 男孩""",
            "dress": "dancer ballerina queen princess bride tanzerin danseuse bailarina",
            "suit": "businessman groom banker agent",
            "robe": "monk wizard priest sorcerer",
            "armour": "knight soldier warrior samurai ritter chevalier caballero cavaliere",
            "sport": "runner jogger athlete laufer coureur corredor",
            "hoodie": "skater skateboarder teenager hacker",
            "coat": "hiker fisherman wanderer",
        },
        undressed=frozenset(["woman"]),
    )
    habit: ClassVar[str] = "plain"

    def build(self, materials: Materials) -> None:
        name = self.cast.outfit if self.cast.outfit in OUTFITS else self.habit
        self.outfit, self.wears = OUTFITS[name], name
        wear, n = self.outfit, self.number
        dye = self.paint(wear.top or TOPS[n % len(TOPS)])
        trousers = self.paint(wear.legs) if wear.metal else wear.legs

        def cloth(colour: Colour) -> int:
            if wear.metal:
                return materials.add(colour, specular=0.9, gloss=0.8, mirror=0.22)
            return materials.add(colour, specular=0.18)

        self.cloth = cloth(dye)
        inner = wear.top is not None and name in ("coat", "raincoat", "suit")
        self.top = cloth((0.03, 0.03, 0.034) if inner else dye)
        self.legs = cloth(trousers)
        self.shoes = materials.add(wear.shoes, specular=0.3, gloss=0.5)
        self.hands = materials.add(SKINS[n % len(SKINS)], specular=0.15)
        self.hair = materials.add(HAIRS[n % len(HAIRS)], specular=0.3, gloss=0.5)
        skin = SKINS[n % len(SKINS)]
        self.lips = materials.add((skin[0] * 0.85, skin[1] * 0.45, skin[2] * 0.45), specular=0.3, gloss=0.5)
        self.dark = materials.add((0.012, 0.012, 0.013), specular=0.5, gloss=0.6)
        self.white = materials.add((0.62, 0.62, 0.60), specular=0.2)
        self.tall = wear.tall * (1.0 - 0.035 * (n % 3))
        share = self.tall / 1.8
        self.eyes, self.length = 1.30 * share, max(1.9 * share, 1.4)

    def dress(self, body: Body, f: Figure) -> None:
        _CLOTHES.get(self.wears, _nothing)(self, body, f)
        self._head(body, f)

    def _head(self, body: Body, f: Figure) -> None:
        body.group()
        body.rod(self.hands, f.neck + np.array([0, -0.05, 0]), f.head + np.array([0, -0.05, 0]), 0.052, 0.05, 0.02)
        body.egg(self.hands, f.head, (0.080, 0.115, 0.098), 0.02)
        body.egg(self.hands, f.head + np.array([0, -0.075, 0.035]), (0.048, 0.045, 0.05), 0.03)
        body.egg(self.hands, f.head + np.array([0, -0.012, 0.098]), (0.014, 0.022, 0.016), 0.012)
        for side in SIDES:
            body.egg(self.hands, f.head + np.array([side * 0.079, -0.012, -0.004]), (0.012, 0.027, 0.017), 0.008)
        self._features(body, f)
        if self.wears in ("armour", "raincoat", "hoodie", "robe", "coat"):
            return
        body.group()
        body.egg(self.hair, f.head + np.array([0, 0.040, -0.024]), (0.090, 0.100, 0.098), 0.02)
        body.rod(
            self.hair,
            f.head + np.array([-0.045, 0.098, 0.052]),
            f.head + np.array([0.050, 0.104, 0.046]),
            0.022,
            0.027,
            0.03,
        )
        if self.outfit.long_hair:
            fall = f.neck + np.array([-0.02 * f.sway, -0.10, -0.09 - 0.05 * abs(f.sway)])
            body.rod(self.hair, f.head + np.array([0, 0.0, -0.06]), fall, 0.075, 0.045, 0.04)

    def _features(self, body: Body, f: Figure) -> None:
        """Eyes that lie in the face, brows over them, a mouth."""
        body.group()
        for side in SIDES:
            body.egg(self.white, f.head + np.array([side * 0.032, 0.016, 0.0805]), (0.0150, 0.0085, 0.0085))
            body.egg(self.dark, f.head + np.array([side * 0.0315, 0.016, 0.0862]), (0.0082, 0.0082, 0.0068))
            inner, outer = (np.array([side * x, y, z]) for x, y, z in ((0.017, 0.041, 0.091), (0.048, 0.039, 0.077)))
            body.rod(self.hair, f.head + inner, f.head + outer, 0.0042, 0.0030)
            corner = f.head + np.array([side * 0.021, -0.0575, 0.0765])
            body.rod(self.lips, f.head + np.array([0, -0.062, 0.0835]), corner, 0.0062, 0.0032)


def _nothing(person: Person, body: Body, f: Figure) -> None:
    pass


def _skirt(person: Person, body: Body, f: Figure, hem: float, low: float, high: float, flat: float) -> None:
    """A cone of cloth from the chest down; it swings with the legs."""
    sway = turn_x(-0.06 - f.lean * 0.5) @ turn_z(0.04 * f.sway)
    middle = f.chest + np.array([0, 0.13, 0]) + sway @ np.array([0, -hem * 0.98, 0])
    body.cone(person.cloth, middle, low, high, hem, 0.03, sway, 0.05, flat=flat)


def _sleeves(person: Person, body: Body, f: Figure, r: float) -> None:
    for arm in f.arms:
        body.rod(person.cloth, arm.shoulder, arm.elbow, r, r * 0.94, 0.05)
        cuff = arm.elbow + (arm.wrist - arm.elbow) * 0.9
        body.rod(person.cloth, arm.elbow, cuff, r * 0.92, r * 0.96, 0.03)


def _hood(person: Person, body: Body, f: Figure) -> None:
    body.ring(person.cloth, f.neck + np.array([0, 0.01, -0.015]), 0.082, 0.045, turn_x(0.25), 0.03)
    body.group()
    body.egg(person.cloth, f.head + np.array([0, 0.012, -0.045]), (0.112, 0.145, 0.115), 0.03)


def _coat(person: Person, body: Body, f: Figure) -> None:
    body.group()
    if f.seat == 0.0:
        _skirt(person, body, f, 0.58, 0.31, 0.185, 0.80)
    body.egg(person.cloth, f.chest + np.array([0, 0.07, 0]), (0.245, 0.13, 0.155), 0.09, turn_y(f.twist))
    _sleeves(person, body, f, 0.086)
    body.ring(person.cloth, f.neck + np.array([0, 0.015, -0.015]), 0.085, 0.042, turn_x(0.25), 0.03)
    body.group()
    body.ring(person.dark, f.hip + np.array([0, 0.14, 0.0]), 0.205, 0.026, turn_x(-0.03), 0.01)
    tilt = turn_x(0.10)
    at = f.head + np.array([0, 0.105, 0.005])
    body.group()
    body.egg(person.dark, at, (0.185, 0.020, 0.205), 0.03, tilt)
    body.drum(person.dark, at + np.array([0, 0.065, -0.005]), 0.098, 0.065, 0.045, tilt, 0.03)


def _raincoat(person: Person, body: Body, f: Figure) -> None:
    body.group()
    if f.seat == 0.0:
        _skirt(person, body, f, 0.46, 0.29, 0.185, 0.85)
    body.egg(person.cloth, f.chest + np.array([0, 0.07, 0]), (0.245, 0.13, 0.155), 0.09, turn_y(f.twist))
    _sleeves(person, body, f, 0.088)
    _hood(person, body, f)


def _dress(person: Person, body: Body, f: Figure) -> None:
    body.group()
    swirl = 0.05 * abs(f.sway)
    waist = f.hip + np.array([0, 0.12, 0])
    for leg in f.legs:
        body.rod(person.cloth, leg.hip, leg.knee, 0.115, 0.105, 0.09)
    if f.seat == 0.0:
        tilt = turn_x(-0.05 - f.lean * 0.4) @ turn_z(0.07 * f.sway)
        middle = waist + tilt @ np.array([0, -0.34, 0])
        body.cone(person.cloth, middle, 0.46 + swirl, 0.125, 0.34, 0.02, tilt, 0.05, flat=0.95)
    body.rod(person.cloth, waist, f.chest + np.array([0, 0.02, 0]), 0.125, 0.15, 0.05)


def _suit(person: Person, body: Body, f: Figure) -> None:
    body.group()
    body.rod(person.cloth, f.hip + np.array([0, -0.04, -0.01]), f.chest, 0.155, 0.165, 0.05)
    body.egg(person.cloth, f.chest + np.array([0, 0.06, -0.01]), (0.245, 0.125, 0.135), 0.06, turn_y(f.twist))
    _sleeves(person, body, f, 0.072)
    body.group()
    body.egg(person.white, f.chest + np.array([0, 0.06, 0.115]), (0.055, 0.13, 0.045))
    body.block(person.dark, f.chest + np.array([0, 0.03, 0.162]), (0.018, 0.13, 0.008), 0.006, turn=turn_x(-0.1))


def _hoodie(person: Person, body: Body, f: Figure) -> None:
    body.group()
    body.rod(person.cloth, f.hip + np.array([0, 0.02, 0]), f.chest, 0.165, 0.175, 0.05)
    _sleeves(person, body, f, 0.076)
    _hood(person, body, f)


def _robe(person: Person, body: Body, f: Figure) -> None:
    body.group()
    if f.seat == 0.0:
        _skirt(person, body, f, 0.66, 0.30, 0.17, 0.90)
    body.egg(person.cloth, f.chest + np.array([0, 0.07, 0]), (0.235, 0.13, 0.15), 0.09, turn_y(f.twist))
    for arm in f.arms:
        body.rod(person.cloth, arm.shoulder, arm.elbow, 0.085, 0.095, 0.05)
        body.rod(person.cloth, arm.elbow, arm.wrist, 0.095, 0.125, 0.03)
    _hood(person, body, f)
    body.group()
    body.ring(person.dark, f.hip + np.array([0, 0.12, 0.0]), 0.195, 0.02)


def _armour(person: Person, body: Body, f: Figure) -> None:
    body.group()
    body.egg(person.cloth, f.chest + np.array([0, 0.0, 0.02]), (0.235, 0.25, 0.185), 0.03, turn_y(f.twist))
    for arm in f.arms:
        body.egg(person.cloth, arm.shoulder + np.array([0, 0.03, 0]), (0.115, 0.085, 0.115), 0.02)
        body.egg(person.cloth, arm.elbow, (0.07, 0.07, 0.07), 0.02)
    for leg in f.legs:
        body.egg(person.cloth, leg.knee + np.array([0, 0.0, 0.03]), (0.085, 0.095, 0.085), 0.02)
    if f.seat == 0.0:
        body.cone(person.cloth, f.hip + np.array([0, -0.03, 0]), 0.24, 0.175, 0.13, 0.02, flat=0.85)
    body.group()
    body.egg(person.cloth, f.head + np.array([0, 0.02, 0]), (0.125, 0.165, 0.14))
    body.cone(person.cloth, f.head + np.array([0, 0.19, -0.01]), 0.05, 0.01, 0.05, 0.01, smooth=0.06)
    body.group()
    body.block(person.dark, f.head + np.array([0, 0.03, 0.128]), (0.085, 0.014, 0.03), 0.008)


def _sport(person: Person, body: Body, f: Figure) -> None:
    body.group()
    for arm in f.arms:
        body.rod(person.hands, arm.elbow, limb(arm.wrist, 0.0, 0.0), 0.056, 0.047, 0.02)


_CLOTHES: Mapping[str, Callable[[Person, Body, Figure], None]] = {
    "coat": _coat,
    "raincoat": _raincoat,
    "dress": _dress,
    "suit": _suit,
    "hoodie": _hoodie,
    "robe": _robe,
    "armour": _armour,
    "sport": _sport,
}


class Detective(Person):
    """Trench coat and fedora."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""detective investigator spy gangster private-eye detektiv detetive investigatore
            侦探 探偵 детектив محقق""",
        home="alley",
        is_a="person",
        actions=ACTIONS,
        outfits={"coat": "trench-coat fedora"},
    )
    habit: ClassVar[str] = "coat"
