"""How large the things of the icons are, where they belong and how they get about. Data only: add a word, or a line."""

from dataclasses import dataclass
from functools import cache

from reelway.previz.icons import Icon, icons

LAND, WATER, AIR, DEEP = "land", "water", "air", "deep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a picture does not say."""

    size: float  # metres, its longest side
    home: str  # the setting where it is put when the prompt names none
    medium: str = LAND  # what it stands, floats, flies or swims in
    alive: bool = False  # goes about by itself, and is somebody; a thing stands on a pedestal
    drives: bool = False
    sideways: bool = False  # the picture is its left side
    head: bool = False  # the picture is its head only
    above: bool = False  # the picture is it from above: it lies
    backwards: bool = False  # then its head is below


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# By group: size, home, and whether it is alive.
_GROUPS: dict[str, tuple[float, str, bool]] = {
    "animal-amphibian": (0.4, "river", True),
    "animal-bird": (0.6, "field", True),
    "animal-bug": (0.3, "field", True),
    "animal-mammal": (1.2, "forest", True),
    "animal-marine": (0.8, "underwater", True),
    "animal-reptile": (1.2, "field: savanna", True),
    "person-fantasy": (1.8, "forest", True),
    "face-costume": (1.5, "alley", True),
    "monkey-face": (0.8, "forest", True),
    "cat-face": (0.5, "alley", True),
    "plant-flower": (0.5, "field", False),
    "plant-other": (0.5, "field", False),
    "place-building": (9.0, "field", False),
    "place-religious": (12.0, "field", False),
    "place-other": (8.0, "field", False),
    "place-geographic": (3.0, "field", False),
    "transport-ground": (4.0, "street", False),
    "transport-air": (8.0, "mountains", False),
    "transport-water": (7.0, "sea", False),
    "household": (0.8, "room", False),
    "musical-instrument": (1.1, "room: studio", False),
    "sky-weather": (2.0, "dream", False),
}
_THING = (0.45, "room: studio", False)  # as the table top of a product

_SIZES = {
    0.3: """ant beetle bug butterfly cockroach cricket fly honeybee lady-beetle microbe mosquito scorpion snail spider
        worm mouse mouse-face rat shrimp hamster baby-chick front-facing-baby-chick hatching-chick frog paw-prints""",
    0.4: "hedgehog chipmunk lizard crab blowfish tropical-fish oyster spiral-shell bat rabbit rabbit-face black-cat",
    0.55: "chicken rooster owl parrot raccoon skunk badger fox otter poodle lobster cat cat-face seedling",
    0.8: "beaver turkey goose peacock dodo koala sloth turtle octopus jellyfish squid monkey monkey-face skateboard",
    1.0: "penguin flamingo dog service-dog guide-dog wolf ewe boar pig pig-face goat cactus potted-plant",
    1.2: "person-elf person-genie person-mage person-superhero person-supervillain person-vampire person-zombie troll",
    1.3: "ram panda leopard tiger-face lion kangaroo seal bear polar-bear orangutan gorilla snake alien ghost bicycle",
    1.7: "deer donkey tiger llama moose zebra unicorn cow-face cow ox person-merpeople robot motor-scooter snowman",
    2.2: "horse camel two-hump-camel bison water-buffalo crocodile phoenix-bird goblin ogre shark",
    2.6: "hippopotamus rhinoceros dolphin christmas-tree fire bathtub bed couch-and-lamp wedding",
    3.6: "elephant mammoth tractor fountain tent sailboat parachute satellite motor-boat moai canoe",
    4.8: "giraffe dragon dragon-face t-rex palm-tree evergreen-tree ambulance fire-engine carousel-horse",
    7.0: """playground-slide sauropod bus locomotive train tram tram-car trolleybus deciduous-tree circus-tent
        helicopter rocket""",
    12.0: """whale spouting-whale ferry passenger-ship ship airplane small-airplane ferris-wheel roller-coaster volcano
        castle japanese-castle stadium factory office-building department-store hotel hospital tokyo-tower
        statue-of-liberty mountain mount-fuji snow-capped-mountain""",
}
_SIZE_OF = {name: size for size, names in _SIZES.items() for name in names.split()}

_AIR = _listed("""bat butterfly fly honeybee mosquito dragon phoenix-bird parrot owl eagle dove bird blackbird ghost
    person-fairy balloon helicopter airplane small-airplane airplane-arrival airplane-departure flying-saucer satellite
    parachute kite rocket person-superhero baby-angel flying-disc wing""")
_DEEP = _listed("""blowfish dolphin fish jellyfish octopus shark shrimp spouting-whale squid tropical-fish whale
    person-merpeople""")
_WATER = _listed("""canoe ferry motor-boat passenger-ship ring-buoy sailboat ship speedboat duck swan""")
_DRIVES = _listed("""ambulance articulated-lorry auto-rickshaw automobile bicycle bullet-train bus delivery-truck
    fire-engine high-speed-train kick-scooter light-rail locomotive metro minibus monorail motor-scooter motorcycle
    manual-wheelchair motorized-wheelchair mountain-railway pickup-truck police-car racing-car railway-car
    sport-utility-vehicle taxi tractor train tram tram-car trolleybus skateboard roller-skate helicopter airplane
    small-airplane sled ship ferry motor-boat sailboat speedboat canoe passenger-ship rocket flying-saucer""")
# Of the living: those that the picture shows from the front, and those of which it shows the head.
_FRONTAL = _listed("""beetle bug butterfly cockroach crab fly lady-beetle lizard lobster microbe octopus orangutan owl
    oyster penguin phoenix-bird scorpion spider spider-web squid jellyfish worm feather wing paw-prints coral sloth bat
    peacock front-facing-baby-chick hatching-chick spiral-shell mosquito """)
_HEADS = _listed("""bear boar chicken fox frog hamster koala lion moose panda polar-bear raccoon wolf unicorn cat-face
    dog-face cow-face pig-face horse-face mouse-face rabbit-face tiger-face monkey-face dragon-face goblin ogre robot
    alien hear-no-evil-monkey see-no-evil-monkey speak-no-evil-monkey clown-face
    santa-claus mrs-claus mx-claus""")
_ABOVE = _listed("beetle cockroach crocodile fly lady-beetle lizard lobster spider")
_SIDEWAYS_HEADS = _listed("boar chicken moose unicorn horse-face dragon-face")
_THINGS = _listed(
    "coral feather wing paw-prints spider-web pig-nose spiral-shell oyster pile-of-poo microbe empty-nest"
)
_HOMES = {
    "field: savanna": "giraffe elephant zebra lion leopard rhinoceros hippopotamus tiger water-buffalo ",
    "mars: desert": "camel two-hump-camel scorpion cactus lizard",
    "mountains": "goat llama ram mammoth polar-bear penguin bison snowman",
    "castle": "dragon dragon-face ghost person-vampire bat troll ogre goblin person-mage unicorn",
    "field": """cow ox pig ewe rabbit mouse rat horse donkey chicken rooster turkey goose baby-chick butterfly
        honeybee t-rex sauropod balloon""",
    "alley": "rat raccoon person-zombie black-cat",
    "river": "frog beaver otter crocodile turtle",
    "sea: beach": "crab lobster seal anchor ring-buoy palm-tree parrot",
    "space": "alien alien-monster satellite rocket ringed-planet comet",
    "mars": "robot",
    "room": "teddy-bear nesting-dolls mirror-ball",
    "coast": "racing-car taxi tractor",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

# What is part of a place, its light or its weather, or a mood, a sign, a mark: it never stands in a shot by itself.
NOT_CAST = _listed("""admission-tickets backpack bank bar-chart battery beach-with-umbrella bed bell bikini
    billed-cap biting-lip bone bookmark books brain brick bridge-at-night briefs bubbles building-construction
    bullseye bus-stop butter calendar camera camera-with-flash camping castle chains chair chart-decreasing
    chart-increasing cherry-blossom church cigarette cityscape cityscape-at-dusk clapper-board cloud coat coin
    construction control-knobs couch-and-lamp crescent-moon crown cyclone deciduous-tree desert desert-island
    door dress drop-of-blood droplet ear elevator evergreen-tree eye eyes factory fallen-leaf film-frames
    film-projector fire firecracker fireworks flag-in-hole flexed-biceps fog foggy foot fork-and-knife
    framed-picture fuel-pump full-moon gear glasses gloves goal-net goggles handbag herb high-voltage hook
    hospital hot-springs hotel house house-with-garden houses ice jeans key kimono knot label
    leaf-fluttering-in-wind leafy-green ledger leg level-slider light-bulb link locked love-hotel mate memo
    microbe military-helmet mirror money-bag motorway mount-fuji mountain mouth movie-camera musical-note
    musical-notes national-park necktie night-with-stars nose notebook office-building pager palm-tree
    performing-arts person-superhero person-supervillain pick pouring-liquid printer purse railway-track rainbow
    ring rock running-shirt salt sari scarf school scroll seat shorts shower snow-capped-mountain snowflake
    socks sparkles speech-balloon spoon sports-medal stadium star station stop-sign sun sunglasses sunrise
    sunrise-over-mountains sunset t-shirt thread ticket tongue tooth top-hat tornado train unlocked video-camera
    videocassette volcano water-wave wedding wheel window wing womans-hat wood x-ray yarn""")


# What has no icon, by the icon of its nearest kin.
_KIN = {
    "deer": "gazelle antelope impala springbok caribou elk wapiti roebuck okapi",
    "leopard": "cheetah jaguar lynx puma cougar ocelot bobcat hyena",
    "chipmunk": "meerkat marmot gopher mongoose weasel",
    "otter": "ferret stoat platypus",
    "seal": "walrus manatee dugong",
    "whale": "orca narwhal humpback beluga",
    "hedgehog": "porcupine armadillo echidna",
    "badger": "anteater aardvark wolverine mole",
    "kangaroo": "wallaby quokka",
    "koala": "wombat",
    "monkey": "lemur baboon macaque marmoset gibbon",
    "ox": "bull yak gnu wildebeest",
    "cow": "calf",
    "pig": "piglet",
    "boar": "warthog",
    "llama": "alpaca vicuna guanaco",
    "hamster": "gerbil",
    "dodo": "ostrich emu",
    "penguin": "puffin",
    "turkey": "grouse pheasant",
    "crocodile": "caiman",
    "lizard": "iguana gecko chameleon salamander newt komodo",
    "snake": "python cobra viper rattlesnake serpent anaconda",
    "frog": "toad",
    "t-rex": "velociraptor raptor godzilla",
    "sauropod": "stegosaurus triceratops",
    "butterfly": "moth dragonfly",
    "honeybee": "firefly hornet",
    "bug": "centipede millipede larva",
    "spider": "tarantula",
    "squid": "cuttlefish",
    "lobster": "crayfish",
    "dragon": "wyvern",
    "ogre": "orc",
    "musical-keyboard": "piano synthesizer",
    "trumpet": "trombone tuba cornet bugle",
    "flute": "clarinet oboe recorder",
    "banjo": "mandolin ukulele lute sitar",
    "violin": "viola harp",
    "long-drum": "conga",
    "croissant": "brioche",
    "tangerine": "apricot clementine grapefruit",
    "strawberry": "raspberry",
    "blueberries": "blackberry blueberry",
    "leafy-green": "lettuce",
    "broccoli": "cauliflower cabbage",
    "cucumber": "zucchini courgette",
    "cookie": "biscuit",
    "cupcake": "muffin",
    "wine-glass": "goblet",
    "rocket": "missile",
}


@cache
def kin() -> dict[str, str]:
    """What has no icon, and the icon of what is nearly that."""
    return {word: icon for icon, words in _KIN.items() for word in words.split()}


@cache
def facts(name: str) -> Facts:
    """Of an icon."""
    icon = icons()[name]
    size, home, alive = _of_group(icon)
    alive = alive and name not in _THINGS
    head = name in _HEADS
    return Facts(
        size=_SIZE_OF.get(name, size),
        home=_HOME_OF.get(name, home),
        medium=AIR if name in _AIR else DEEP if name in _DEEP else WATER if name in _WATER else LAND,
        alive=alive,
        drives=name in _DRIVES,
        sideways=name in _SIDEWAYS_HEADS or ((alive or name in _DRIVES) and name not in _FRONTAL | _ABOVE and not head),
        head=head,
        above=name in _ABOVE,
        backwards=name == "crocodile",
    )


def _of_group(icon: Icon) -> tuple[float, str, bool]:
    return _GROUPS.get(icon.group, _THING)


@cache
def called() -> dict[str, str]:
    """Every English name of what may stand in a shot, words joined by "-", and the icon that it names."""
    return _by_name("english")


@cache
def called_elsewhere() -> dict[str, str]:
    """As `called`, in other languages."""
    return _by_name("foreign")


def _by_name(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    usable = [icon for icon in icons().values() if icon.name not in NOT_CAST and _is_thing(icon)]
    # An icon's own name counts before what another is also called.
    for own in (True, False):
        for icon in usable:
            for name in getattr(icon, language):
                if own == (name == icon.name):
                    found.setdefault(name, icon.name)
    return found


def _is_thing(icon: Icon) -> bool:
    return not icon.group.startswith("face-") or icon.group == "face-costume" or icon.name == "skull"
