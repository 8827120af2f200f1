"""Bake the icons that the built-in engine inflates where it has no model of its own: pictures, names, languages.

    python tools/build_icons.py FLUENT_DIR EMOJIBASE_DIR src/reelway/previz/icons/icons.npz

FLUENT_DIR is the unpacked npm package @iconify-json/fluent-emoji-flat (Microsoft's Fluent Emoji, MIT): `icons.json` and
`chars.json`. EMOJIBASE_DIR is the unpacked npm package emojibase-data (MIT): what each emoji is called, by language.

    npm pack @iconify-json/fluent-emoji-flat@1.2.6 emojibase-data@17.0.0
    python -m venv bake && bake/bin/pip install numpy pillow resvg-py

They, and resvg-py, are needed at build time only: the file in the repository is what is shipped. Takes three minutes.
"""

import io
import json
import re
import sys
import unicodedata
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image

SIDE = 128  # texels, as `spmd.layout.TEXTURE_SIZE`
MARGIN = 7  # texels between the picture and the edge of the texture
REGIONS = 6  # flat colours at most
DRAWN = 512
OPAQUE = 128
RARE = 0.0015  # share of the picture below which a colour is a blurred edge
LANGUAGES = ("de", "fr", "es", "pt", "it", "ru", "zh", "ja")

GROUPS = {
    "animals-nature", "food-drink", "travel-places", "activities", "objects", "smileys-emotion",
    "person-fantasy", "body-parts",
}  # fmt: skip
# Clocks and maps are no things; people are drawn as people.
LEFT_OUT = {"time", "place-map"}
KEPT = {"alarm-clock", "hourglass-done", "mantelpiece-clock", "stopwatch", "compass", "globe-showing-europe-africa"}
VARIANT = re.compile(r"(?:^|-)(?:light|medium|dark|medium-light|medium-dark)$|^(?:man|woman)-|skin-tone")
# Names that people use and the sources do not.
ALIASES = {
    "t-rex": "tyrannosaurus tyrannosaurus-rex trex t-rex dinosaur dino",
    "sauropod": "brontosaurus brachiosaurus diplodocus",
    "rabbit": "bunny hare",
    "crocodile": "alligator croc",
    "rhinoceros": "rhino",
    "hippopotamus": "hippo",
    "lady-beetle": "ladybug ladybird",
    "honeybee": "bee bumblebee wasp",
    "ewe": "sheep lamb",
    "rooster": "cock",
    "chicken": "hen",
    "baby-chick": "chick chicken-baby",
    "bug": "caterpillar",
    "cricket": "grasshopper locust",
    "two-hump-camel": "bactrian-camel",
    "camel": "dromedary",
    "deer": "stag doe fawn reindeer",
    "bison": "buffalo",
    "boar": "wild-boar",
    "chipmunk": "squirrel",
    "monkey": "chimpanzee chimp ape",
    "turtle": "tortoise sea-turtle",
    "octopus": "kraken",
    "spouting-whale": "blue-whale",
    "person-merpeople": "mermaid merman",
    "person-fairy": "fairy pixie",
    "person-vampire": "vampire dracula",
    "person-zombie": "zombie undead",
    "person-elf": "elf",
    "person-genie": "genie djinn",
    "person-superhero": "superhero",
    "person-supervillain": "supervillain",
    "person-mage": "mage",
    "santa-claus": "santa father-christmas",
    "alien-monster": "space-invader",
    "clown-face": "clown-mask",
    "phoenix-bird": "phoenix",
    "blowfish": "pufferfish",
    "skull": "human-skull",
    "jack-o-lantern": "pumpkin",
    "hamburger": "burger cheeseburger",
    "doughnut": "donut",
    "birthday-cake": "cake",
    "shortcake": "slice-of-cake",
    "ear-of-corn": "corn maize",
    "red-apple": "apple",
    "soft-ice-cream": "ice-cream-cone ice-cream",
    "grapes": "bunch-of-grapes grape",
    "cherries": "cherry",
    "pizza": "slice-of-pizza",
    "guitar": "electric-guitar acoustic-guitar",
    "long-drum": "bongo djembe",
    "soccer-ball": "football",
    "bicycle": "bike",
    "locomotive": "steam-train steam-engine steam-locomotive train",
    "auto-rickshaw": "tuk-tuk rickshaw",
    "moai": "easter-island-head",
    "carousel-horse": "carousel",
    "wrapped-gift": "gift present",
    "gem-stone": "diamond gem jewel",
    "crossed-swords": "swords",
    "dagger": "sword",
    "video-game": "gamepad game-controller",
    "mirror-ball": "disco-ball",
    "television": "tv",
    "desktop-computer": "computer",
    "light-bulb": "lightbulb",
    "teddy-bear": "plush-bear",
    "mushroom": "toadstool",
    "potted-plant": "houseplant",
    "cactus": "saguaro",
    "globe-showing-europe-africa": "globe",
    "ringed-planet": "saturn",
    "crown": "tiara",
    "anatomical-heart": "human-heart",
    "red-heart": "heart",
    "ghost": "phantom spectre",
    "alien": "extraterrestrial an-alien aliens",
    "rose": "a-rose red-rose white-rose roses",
    "tulip": "flower",
    "ogre": "demon",
    "goblin": "tengu",
    "smiling-face": "smiley emoji",
    "pile-of-poo": "poop",
    "piñata": "pinata",
    "nesting-dolls": "matryoshka",
    "helicopter": "chopper",
    "game-die": "die dice",
    "chess-pawn": "chess-piece pawn",
    "saxophone": "sax",
    "violin": "fiddle cello",
}

Picture = npt.NDArray[np.uint8]


def drawn(body: str, view: tuple[float, float], side: int = DRAWN) -> Picture:
    """An icon's picture, with alpha."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    png = resvg_py.svg_to_bytes(
        svg_string=f'{head} viewBox="0 0 {view[0]} {view[1]}">{body}</svg>', width=side, height=side
    )
    return np.asarray(Image.open(io.BytesIO(bytes(png))).convert("RGBA"))


def fitted(picture: Picture) -> Picture:
    """Cut to what is seen of it, and put on a square with room round it, at four times the texture's size."""
    rows, columns = np.nonzero(picture[..., 3] >= OPAQUE)
    cut = Image.fromarray(picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])
    inner = 4 * (SIDE - 2 * MARGIN)
    share = inner / max(cut.size)
    cut = cut.resize((max(1, round(cut.width * share)), max(1, round(cut.height * share))), Image.Resampling.BILINEAR)
    square = Image.new("RGBA", (4 * SIDE, 4 * SIDE))
    square.paste(cut, ((4 * SIDE - cut.width) // 2, 4 * (SIDE - MARGIN) - cut.height))
    return np.asarray(square)


def colours(picture: Picture) -> npt.NDArray[np.float64]:
    """The few flat colours that say most: alike ones are made one until REGIONS are left, the largest first."""
    seen = picture[picture[..., 3] > 250][:, :3]
    coarse, counts = np.unique((seen // 4).astype(np.int32) @ [1 << 12, 1 << 6, 1], return_counts=True)
    found = (coarse[:, None] >> np.array([12, 6, 0]) & 63) * 4 + 2
    kept = counts >= RARE * len(seen)
    if not kept.any():
        kept = counts == counts.max()
    centres, weights = found[kept].astype(float), counts[kept].astype(float) ** 0.6
    while len(centres) > 1:
        apart = ((centres[:, None] - centres[None]) ** 2).sum(-1)
        cost = apart * weights[:, None] * weights[None] / (weights[:, None] + weights[None])
        np.fill_diagonal(cost, np.inf)
        i, j = np.unravel_index(cost.argmin(), cost.shape)
        if len(centres) <= REGIONS and apart[i, j] > 30**2:
            break
        both = weights[i] + weights[j]
        centres[i] = (centres[i] * weights[i] + centres[j] * weights[j]) / both
        weights[i] = both
        centres, weights = np.delete(centres, j, 0), np.delete(weights, j)
    return centres[np.argsort(-weights)]


def regions(picture: Picture, palette: npt.NDArray[np.float64]) -> Picture:
    """For every texel 0 where nothing is, else the number of its colour, from 1."""
    away = ((picture[..., None, :3].astype(float) - palette) ** 2).sum(-1)
    number = np.where(picture[..., 3] >= OPAQUE, away.argmin(-1) + 1, 0)
    shares = [(number == k).reshape(SIDE, 4, SIDE, 4).mean((1, 3)) for k in range(len(palette) + 1)]
    texels = np.argmax(shares, 0)
    solid = shares[0] < 0.5  # a texel that is mostly inside is inside, in whatever colour
    inner = np.argmax(shares[1:], 0) + 1
    return np.where(solid, np.where(texels > 0, texels, inner), 0).astype(np.uint8)


def packed(texels: Picture) -> bytes:
    """Each row as what differs from the row above, deflated."""
    differs = texels.copy()
    differs[1:] ^= texels[:-1]
    return zlib.compress(differs.tobytes(), 9)


def spoken(label: str) -> str:
    """A name as the vocabularies write it: lower case, no accents, "-" between words."""
    plain = "".join(c for c in unicodedata.normalize("NFD", label.lower()) if unicodedata.category(c) != "Mn")
    plain = unicodedata.normalize("NFC", plain).replace("\u2019", "'")
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)?", plain)
    return "-".join(words) if len(words) <= 3 else ""


def names(icon: str, emoji: dict[str, Any], codes: dict[str, Any]) -> list[str]:
    """What it is called in English."""
    short = codes.get(emoji["hexcode"], [])
    given = [icon, spoken(emoji["label"]), *map(spoken, [short] if isinstance(short, str) else short)]
    given += ALIASES.get(icon, "").split()
    found = [re.sub(r"^person-|-face$", "", name) for name in given if name and not re.search(r"\d", name)]
    return list(dict.fromkeys(found))


def main() -> None:
    """Read, draw, write."""
    fluent, emojibase, target = map(Path, sys.argv[1:4])
    icons = json.loads((fluent / "icons.json").read_text("utf-8"))
    characters = json.loads((fluent / "chars.json").read_text("utf-8"))
    meta = json.loads((emojibase / "meta" / "groups.json").read_text("utf-8"))
    codes = json.loads((emojibase / "en" / "shortcodes" / "emojibase.json").read_text("utf-8"))
    english = {e["hexcode"]: e for e in json.loads((emojibase / "en" / "data.json").read_text("utf-8"))}
    foreign = [
        {e["hexcode"]: e["label"] for e in json.loads((emojibase / language / "compact.json").read_text("utf-8"))}
        for language in LANGUAGES
    ]
    view = (icons.get("width", 32), icons.get("height", 32))
    lines, blobs, palettes, done = [], [], [], set()
    for code, icon in characters.items():
        emoji = english.get(code.upper()) or english.get(f"{code.upper()}-FE0F")
        if emoji is None or "group" not in emoji or icon not in icons["icons"] or icon in done:
            continue
        group, part = meta["groups"][str(emoji["group"])], meta["subgroups"][str(emoji["subgroup"])]
        wanted = (group in GROUPS or part in GROUPS) and part not in LEFT_OUT
        if not (wanted or icon in KEPT) or VARIANT.search(icon):
            continue
        done.add(icon)
        picture = fitted(drawn(icons["icons"][icon]["body"], view))
        palette = colours(picture)
        blobs.append(packed(regions(picture, palette)))
        palettes.append(np.vstack([palette, np.zeros((REGIONS - len(palette), 3))]).round().astype(np.uint8))
        others = dict.fromkeys(spoken(table.get(emoji["hexcode"], "")) for table in foreign)
        lines.append("|".join([icon, part, " ".join(names(icon, emoji, codes)), " ".join(o for o in others if o)]))
    starts = np.cumsum([0, *map(len, blobs)]).astype(np.int32)
    np.savez(
        target,
        names=np.frombuffer(zlib.compress("\n".join(lines).encode(), 9), np.uint8),
        palettes=np.stack(palettes),
        starts=starts,
        pictures=np.frombuffer(b"".join(blobs), np.uint8),
    )
    sys.stderr.write(f"{len(lines)} icons, {target.stat().st_size / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main()
