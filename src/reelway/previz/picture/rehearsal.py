"""A small picture that has everything in it: whoever makes clips of it has run all code of this room."""

import numpy as np
from PIL import Image, ImageDraw

from reelway.previz.picture.maps import Picture

#: Words that stir everything which can stir.
PROMPT = "waves, leaves and hair in the wind, flickering lamps, rain"


def rehearsal(shift: int = 0) -> Picture:
    """A blue sky, uneven ground, and a ball on it, `shift` pixels further to the right."""
    rng = np.random.default_rng(1)
    rows = np.arange(120)[:, None, None]
    ground = rng.integers(40, 110, (30, 48, 3)).repeat(4, 0).repeat(4, 1)
    picture = np.where(rows < 56, (110, 170, 240), ground).astype(np.uint8)
    drawn = Image.fromarray(picture)
    ImageDraw.Draw(drawn).ellipse((76 + shift, 36, 120 + shift, 80), fill=(220, 40, 30))
    return np.asarray(drawn, np.uint8)
