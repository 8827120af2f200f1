"""A product on a turntable: a bottle, or with other words a watch, a shoe box, a cup, a lamp."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import turn_x, turn_y, turn_z
from reelway.previz.subjects.base import Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.subjects.pedestal import TOP, Pedestal
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials, Primitives


class Product(Subject):
    """It turns on a round pedestal; a colour word dyes it."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""product bottle perfume perfume-bottle flask can packaging lipstick cosmetics jar vase
            produkt flasche parfum bouteille producto botella perfume produto garrafa prodotto bottiglia
            产品 商品 瓶 продукт бутылк флакон منتج زجاجة उत्पाद""",
        home="room: studio",
        actions={"turn": "turn rotate spin revolve drehen tourner girar", "stand": "stand rest lie"},
        outfits={"watch": "dial", "cup": "mug"},
        roles={
            "watch": "watch wristwatch clock uhr montre reloj orologio 手表 часы ring jewel jewelry necklace coin",
            "cup": "cup mug teacup coffee coffee-cup tasse tasse-de-cafe taza xicara tazza 杯",
            "box": "box parcel package phone smartphone laptop camera console speaker radio book toy sneaker shoe",
        },
    )
    length = 0.55
    width = 0.9
    height = 1.6
    eyes = TOP + 0.19
    speed = 0.0

    def build(self, materials: Materials) -> None:
        add = materials.add
        self.kind = self.cast.outfit or "bottle"
        tint = self.paint((0.36, 0.13, 0.03))
        self._body = add(tint, specular=1.0, gloss=0.95, mirror=0.30)
        self._gold = add((0.48, 0.30, 0.08), specular=1.0, gloss=0.9, mirror=0.40)
        self._dark = add((0.02, 0.02, 0.024), specular=0.9, gloss=0.9, mirror=0.22)
        self._white = add((0.70, 0.69, 0.66), specular=0.5, gloss=0.7, mirror=0.05)
        self._pedestal = Pedestal(materials, gold=self._gold)

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        spin = 0.0 if self.action == "stand" else 0.75 * stage.t
        if self.kind == "watch" and spin:
            spin = 0.8 * math.sin(0.8 * stage.t) - 0.4  # it has a back that nobody wants to see
        self._pedestal.place(Body(prims, stage))
        turned = Stage(at=stage.at, heading=stage.heading + spin + 0.4, gone=0.0, t=stage.t, scale=stage.scale)
        body = Body(prims, turned, up=TOP + 0.003)
        {"watch": self._watch, "cup": self._cup, "box": self._case}.get(self.kind, self._bottle)(body)
        return first, prims.group

    def _bottle(self, body: Body) -> None:
        body.group()
        body.block(self._body, (0, 0.145, 0), (0.115, 0.145, 0.055), 0.035)
        body.block(self._white, (0, 0.13, 0.054), (0.060, 0.05, 0.004), 0.003)
        body.block(self._white, (0, 0.13, -0.054), (0.060, 0.05, 0.004), 0.003)
        body.group()
        body.drum(self._gold, (0, 0.305, 0), 0.030, 0.022, 0.006)
        body.group()
        body.drum(self._dark, (0, 0.365, 0), 0.046, 0.045, 0.010)
        body.ring(self._gold, (0, 0.33, 0), 0.043, 0.006)

    def _watch(self, body: Body) -> None:
        """Standing on its closed strap, the dial to the front and a little up."""
        tilt = turn_x(-0.40)
        upright = tilt @ turn_x(math.pi / 2)
        body.group()
        for k in range(5):
            body.ring(self._dark, (0.021 * (k - 2), 0.150, -0.02), 0.128, 0.020, turn_z(math.pi / 2), 0.02)
        middle = np.array([0, 0.195, 0.115])
        body.group()
        body.drum(self._gold, middle, 0.105, 0.020, 0.010, upright)
        body.egg(self._gold, middle + np.array([0.118, 0, 0]), (0.018, 0.012, 0.012))
        body.group()
        body.drum(self._white, middle + tilt @ np.array([0, 0, 0.018]), 0.090, 0.006, 0.002, upright)
        body.group()
        front = middle + tilt @ np.array([0, 0, 0.026])
        for k in range(12):
            a = k * math.pi / 6
            at = front + tilt @ np.array([0.076 * math.sin(a), 0.076 * math.cos(a), 0])
            body.block(self._dark, at, (0.0035, 0.009, 0.002), 0.001, turn=tilt @ turn_z(-a))
        for angle, long in ((0.9, 0.046), (-1.1, 0.070)):
            at = front + tilt @ np.array([0.5 * long * math.sin(angle), 0.5 * long * math.cos(angle), 0.002])
            body.block(self._dark, at, (0.004, long / 2, 0.002), 0.002, turn=tilt @ turn_z(-angle))

    def _cup(self, body: Body) -> None:
        body.group()
        body.drum(self._white, (0, 0.012, 0), 0.15, 0.008, 0.006)
        body.group()
        body.cone(self._body, (0, 0.115, 0), 0.062, 0.098, 0.085, 0.008)
        body.ring(self._body, (0.125, 0.12, 0), 0.045, 0.013, turn_x(math.pi / 2), 0.02)
        body.group()
        body.drum(self._dark, (0, 0.204, 0), 0.092, 0.004, 0.002)

    def _case(self, body: Body) -> None:
        body.group()
        body.block(self._body, (0, 0.155, 0), (0.17, 0.155, 0.10), 0.03)
        body.group()
        body.block(self._dark, (0, 0.165, 0.098), (0.135, 0.11, 0.006), 0.004)
        body.block(self._gold, (0, 0.035, 0.100), (0.05, 0.010, 0.005), 0.003, turn=turn_y(0.0))
