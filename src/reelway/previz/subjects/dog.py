"""A dog of no particular breed."""

from collections.abc import Mapping
from typing import ClassVar

from reelway.previz.subjects.quadruped import Breed, Quadruped
from reelway.previz.words import SubjectWords

BEAST_ACTIONS = {
    "walk": "walk stroll wander sniff pad",
    "trot": "trot jog",
    "run": "run race chase sprint bound play fetch rennen courir correr correre",
    "stand": "stand wait look watch bark",
    "sit": "sit rest",
}


class Dog(Quadruped):
    """A golden retriever, unless the prompt names a colour."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""dog puppy hound retriever golden-retriever labrador shepherd husky terrier wolf fox
            hund welpe chien perro cachorro cane lupo 狗 犬 собак пес كلب कुत्ता""",
        home="field",
        actions={**BEAST_ACTIONS, "trot": "trot jog"},
        colour={"grey": "wolf", "orange": "fox"},
    )
    breed = Breed(
        leg=0.50, body=0.52, girth=0.155, waist=0.118, bone=0.028, neck=0.24, neck_up=0.85, neck_thick=0.088,
        head=0.27, muzzle=0.045, ear=0.12, ears_up=False, tail=0.40, tail_up=0.35, tail_thick=0.042,
        coat=(0.40, 0.23, 0.085), second=(0.10, 0.055, 0.028), patch=(0.52, 0.36, 0.18),
    )  # fmt: skip
    length = 1.35
    width = 0.45
    height = 0.9
    eyes = 0.52
    speed = 1.0
    speeds: ClassVar[Mapping[str, float]] = {"trot": 1.9, "run": 4.2, "stand": 0.0, "sit": 0.0}


class Cat(Quadruped):
    """A tabby, unless the prompt names a colour."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="cat kitten tomcat katze kater chat gato gatto 猫 кошк кот قطة बिल्ली",
        home="alley",
        actions=BEAST_ACTIONS,
    )
    breed = Breed(
        leg=0.27, body=0.30, girth=0.085, waist=0.075, bone=0.017, neck=0.10, neck_up=0.75, neck_thick=0.052,
        head=0.125, muzzle=0.030, ear=0.062, ears_up=True, tail=0.32, tail_up=0.95, tail_thick=0.020,
        coat=(0.20, 0.15, 0.105), second=(0.12, 0.06, 0.05),
    )  # fmt: skip
    length = 0.95
    width = 0.25
    height = 0.45
    eyes = 0.28
    speed = 0.7
    speeds: ClassVar[Mapping[str, float]] = {"trot": 1.1, "run": 3.0, "stand": 0.0, "sit": 0.0}
