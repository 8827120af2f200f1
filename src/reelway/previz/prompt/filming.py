"""How it is filmed: which moves, in which order, at which moments; shot size, lens and angle."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from reelway.previz.camera import MOVES
from reelway.previz.prompt.reading import Reading
from reelway.previz.prompt.text import listed
from reelway.previz.prompt.vocabulary import Hit, names
from reelway.previz.shot import Leg

WHIP_ALONE = 0.4  # share of the clip at which a whip comes that is the only move
NEAR = 4  # words round a move that may tell its way and its pace
_SECONDS = listed("""s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondo secondi 秒""")
_AFTER = listed("""after at nach apres despues depois dopo from""")
_LATER = listed("""later in spater plus despues depois dopo""")
_FOR = frozenset(["for", "wahrend", "pendant", "durante", "per", "lang"])
_ATTACHED = re.compile(r"(\d+(?:\.\d+)?)s(?:ec)?")
_FROM = listed("from von de da")
_OBJECTS = listed("the a an to across over along around from with")
_OF_IT = frozenset(["of", "from", "von", "d", "de", "di"])


@dataclass(slots=True)
class _Move:
    """One move while it is being read."""

    name: str
    way: str = ""
    pace: float = 1.0
    degrees: float | None = None
    size: str | None = None


@dataclass(slots=True)
class _Stretch:
    """What happens at one time."""

    starts_s: float | None = None
    lasts_s: float | None = None
    sudden: bool = False
    cut: bool = False
    last: bool = False
    moves: list[_Move] = field(default_factory=list)


@dataclass(slots=True)
class Filming:
    """How it is filmed."""

    camera: tuple[Leg, ...]
    size: str | None
    lens: str | None
    angle: str | None


class _Listener:
    """Goes through the prompt once, and knows who is acting: the camera or somebody in front of it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.stretches = [_Stretch()]
        self.sizes: list[str] = []
        self._actor: str | None = None
        self._object = False  # somebody named after the camera's verb is what it looks at

    def listen(self) -> None:
        """Read every word."""
        place = 0
        while place < len(self.reading.tokens):
            token, hit = self.reading.tokens[place], self.reading.hit(place)
            if token.mark:
                self._object = False
                if token.ends:
                    self._actor = None
            if hit is None or hit.start != place:
                if (seconds := self._seconds(place)) is not None:
                    self._moment(place, seconds)
                elif token.word in ("as", "while", "wahrend", "mientras", "pendant"):
                    self._object = False
                place += 1
                continue
            if (seconds := self._seconds(place)) is not None:
                self._moment(place, seconds)
            elif self.reading.wanted(hit):
                self._hear(hit)
            place = hit.end
            while place in self.reading.filmed:  # "tilts up" is heard as a whole
                place += 1

    def _hear(self, hit: Hit) -> None:
        reading = self.reading
        if (move := hit.of("move")) is not None and not self._is_doing(hit) and not self._is_thing(hit):
            self._move(hit, move.value, noun=True)
        elif (verb := hit.of("move_verb")) is not None and self._does(hit):
            self._move(hit, verb.value, noun=False)
        elif hit.of("size") and not hit.of("subject"):
            self._size(hit, "size")
        elif hit.of("size_adjective") and self._is_size(hit):
            self._size(hit, "size_adjective")
        elif (timing := hit.of("timing")) is not None:
            self._time(hit, timing.value)
        elif hit.of("camera"):
            self._actor, self._object = "camera", reading.word(hit.end) not in _OF_IT
            self.reading.filmed.update(range(hit.start, hit.end))
        elif hit.of("subject") and not (self._actor == "camera" and self._object):
            self._actor = "cast"

    def _does(self, hit: Hit) -> bool:
        """Whether the camera does what a verb says; after an article it is no verb: "a rose"."""
        noun = self.reading.word(hit.start - 1) in ("a", "an", "the", "his", "her", "its", "their")
        told = self._actor == "camera" or (self._actor is None and self._is_order(hit))
        return told and not noun and not self._is_doing(hit)

    def _is_order(self, hit: Hit) -> bool:
        """ "Follow the car", "Tilt up": a bare verb at the beginning, with what it is done to or which way."""
        reading = self.reading
        before = reading.hit(hit.start - 1)
        begins = not reading.word(hit.start - 1) or (
            before is not None and bool(before.of("timing") or before.of("pace"))
        )
        verb = hit.of("move_verb")
        bare = verb is not None and verb.of == reading.word(hit.start)
        following = reading.hit(hit.end)
        way = following is not None and following.of("direction") is not None
        return begins and bare and (way or reading.word(hit.end) in _OBJECTS or reading.word(hit.end).isdigit())

    def _is_doing(self, hit: Hit) -> bool:
        """A verb right after somebody is what they do: "a satellite orbiting"."""
        before = self.reading.hit(hit.start - 1)
        word = self.reading.word(hit.start)
        return (
            before is not None and before.of("subject") is not None and (word.endswith("ing") or self._actor == "cast")
        )

    def _is_thing(self, hit: Hit) -> bool:
        """ "A crane lifts a box" tells of a thing, "a crane shot" does not."""
        if hit.end - hit.start > 1 or self.reading.word(hit.start) not in ("crane", "tripod"):
            return False
        following = self.reading.hit(hit.end)
        acts = following is not None and following.of("action") is not None
        return self.reading.word(hit.start - 1) in ("a", "an", "the", "one", "small", "two") and acts

    def _move(self, hit: Hit, name: str, *, noun: bool) -> None:
        way, end = self._way(hit, name)
        if way in MOVES[name].elsewhere and way not in MOVES[name].ways:
            name, way = MOVES[name].elsewhere[way], way
        move = _Move(name, way if way in MOVES[name].ways else "", self._pace(hit), self._degrees(hit))
        moves = self.stretches[-1].moves
        if all((one.name, one.way) != (move.name, move.way) for one in moves):
            # "A slow dolly, pushing in" is one move; so is "pan ... panning left".
            same = next((one for one in moves if one.name == name and "" in (one.way, move.way)), None)
            if same is None:
                moves.append(move)
            else:
                same.way = same.way or move.way
        self.reading.filmed.update(range(hit.start, end))
        self._actor = "camera"
        self._object = self.reading.word(hit.end) not in _OF_IT if noun else True
        self.reading.use(hit, "camera", f"{move.name} {move.way}".strip(), end=end)

    def _way(self, hit: Hit, name: str) -> tuple[str, int]:
        """Which way, and where the words that say so end: within the phrase, after it, or just before it."""
        known = {*MOVES[name].ways, *MOVES[name].elsewhere}
        inside = [self._direction(word, known) for word in self._bare(hit)]
        if any(inside):
            return next(way for way in inside if way), hit.end
        for place in range(hit.end, min(hit.end + NEAR, len(self.reading.tokens))):
            if self.reading.tokens[place].mark or self.reading.is_after(place + 1, "timing", within=1):
                break
            after = self.reading.hit(place)
            if after is not None and after.start == place:
                if after.of("subject") or after.of("setting"):
                    break
                direction = self._of_hit(after, known)
                if direction and self.reading.word(place - 1) not in _FROM:  # "from left to right"
                    return direction, after.end
        before = self.reading.hit(hit.start - 1)
        return (self._of_hit(before, known) if before is not None else ""), hit.end

    def _bare(self, hit: Hit) -> list[str]:
        return [self.reading.word(place) for place in range(hit.start, hit.end)]

    @staticmethod
    def _of_hit(hit: Hit, known: set[str]) -> str:
        return next((m.value for m in hit.meanings if m.field == "direction" and m.value in known), "")

    @staticmethod
    def _direction(word: str, known: set[str]) -> str:
        return next((m.value for phrase, m in names("direction") if phrase == (word,) and m.value in known), "")

    def _pace(self, hit: Hit) -> float:
        reading = self.reading
        clause = reading.clause(hit.start)
        for place in (*range(hit.start - 1, hit.start - 1 - NEAR, -1), *range(hit.end, hit.end + NEAR)):
            near = reading.hit(place) if 0 <= place < len(reading.tokens) else None
            if near is not None and (pace := near.of("pace")) is not None and reading.clause(place) == clause:
                self.reading.filmed.update(range(near.start, near.end))
                reading.use(near, "pace", pace.value)
                return float(pace.value)
        return 1.0

    def _degrees(self, hit: Hit) -> float | None:
        for place in range(hit.start - 3, hit.end + 4):
            word = self.reading.word(place)
            if word.isdigit() and 10 <= int(word) <= 1080:
                whole = word == "360" and self.reading.hit(place) is hit
                if whole or self.reading.word(place + 1) in ("degree", "degrees", "grad", "grados", "gradi", "degres"):
                    self.reading.filmed.update((place, place + 1))
                    return float(word)
        return None

    def _is_size(self, hit: Hit) -> bool:
        """ "Starts wide", "ends close": else an adjective is of something else."""
        return self._actor != "cast" and (self.reading.is_after(hit.start, "timing", within=2))

    def _size(self, hit: Hit, name: str) -> None:
        meaning = hit.of(name)
        assert meaning is not None
        self.reading.filmed.update(range(hit.start, hit.end))
        self.reading.use(hit, "size", meaning.value)
        moves = [move for stretch in self.stretches for move in stretch.moves]
        towards = {self.reading.word(place) for place in range(hit.start - 3, hit.start)} & {"to", "into", "on"}
        if self.stretches[-1].last or (moves and towards):
            target = next((move for move in reversed(moves) if move.name in ("push", "pull", "zoom")), None)
            if target is None:
                target = _Move("push")
                self.stretches[-1].moves.append(target)
            target.size = meaning.value
        else:
            self.sizes.append(meaning.value)
        if name == "size":
            self._actor, self._object = "camera", self.reading.word(hit.end) not in _OF_IT

    def _time(self, hit: Hit, marker: str) -> None:
        current = self.stretches[-1]
        match marker:
            case "then" | "finally" | "halfway" | "cut":
                self._next()
                self.stretches[-1].last = marker == "finally"
                self.stretches[-1].cut = marker == "cut"
                if marker == "halfway":
                    self.stretches[-1].starts_s = -0.5
            case "suddenly":
                if current.moves or self._said_before(hit):
                    self._next()
                self.stretches[-1].sudden = True
            case _:
                return
        self.reading.filmed.update(range(hit.start, hit.end))

    def _said_before(self, hit: Hit) -> bool:
        """Whether its sentence has begun with something else: "a man waits, suddenly …"."""
        reading = self.reading
        return any(
            h.start < hit.start and reading.sentence(h.start) == reading.sentence(hit.start) for h in reading.hits
        )

    def _next(self) -> None:
        """A new stretch; one in which nothing has been said yet is it already, but for the first."""
        if self.stretches[-1].moves or len(self.stretches) == 1:
            self.stretches.append(_Stretch())

    def _seconds(self, place: int) -> float | None:
        """The seconds that a number at `place` tells, if it does."""
        word = self.reading.word(place)
        if attached := _ATTACHED.fullmatch(word):
            return float(attached[1])
        if self.reading.word(place + 1) not in _SECONDS:
            return None
        if re.fullmatch(r"\d+(?:\.\d+)?", word):
            return float(word)
        hit = self.reading.hit(place)
        number = hit.of("number") if hit is not None else None
        return float(number.value) if number is not None else None

    def _moment(self, place: int, seconds: float) -> None:
        """ "After two seconds", "two seconds later", "for two seconds", "the first two seconds"."""
        before = {self.reading.word(place - 1), self.reading.word(place - 2)}
        unit = place + (1 if self.reading.word(place + 1) in _SECONDS else 0)
        self.reading.filmed.update(range(place, unit + 1))
        if before & _AFTER or self.reading.word(unit + 1) in _LATER:
            self._next()
            self.stretches[-1].starts_s = seconds
        elif before & _FOR or "first" in before:
            self.stretches[-1].lasts_s = seconds


def filming_of(reading: Reading, duration_s: float) -> Filming:
    """How the prompt wants a clip of `duration_s` to be filmed."""
    listener = _Listener(reading)
    listener.listen()
    lens = next(reading.meant("lens"), None)
    angle = next(reading.meant("angle"), None)
    for found in (lens, angle):
        if found is not None:
            reading.use(found[0], found[1].field, found[1].value)
            reading.filmed.update(range(found[0].start, found[0].end))
    return Filming(
        camera=_legs(listener.stretches, duration_s),
        size=listener.sizes[0] if listener.sizes else None,
        lens=lens[1].value if lens else None,
        angle=angle[1].value if angle else None,
    )


def _legs(stretches: list[_Stretch], duration_s: float) -> tuple[Leg, ...]:
    if not any(stretch.moves for stretch in stretches):
        return ()
    # What comes after the last move goes on with it; what comes before the first is a hold.
    while not stretches[-1].moves:
        stretches = stretches[:-1]
    if len(stretches) > 1:
        first = stretches[0]
        first.moves = first.moves or [_Move("static")]
        stretches = [first, *(stretch for stretch in stretches[1:] if stretch.moves)]
    starts = _starts(stretches, duration_s)
    legs: list[Leg] = []
    for number, stretch in enumerate(stretches):
        for move in stretch.moves:
            legs.append(_leg(move, stretch, number, starts, duration_s))
    return tuple(legs)


def _leg(move: _Move, stretch: _Stretch, number: int, starts: list[float], duration_s: float) -> Leg:
    begin, end, last = starts[number], starts[number + 1], len(starts) - 2
    ease = "glide" if last == 0 else "arrive" if number == 0 else "leave" if number == last else "smooth"
    if stretch.sudden:
        ease = "snap"
    if stretch.cut:
        ease = "cut"
    brief_s = MOVES[move.name].brief_s
    if brief_s is not None:
        begin = WHIP_ALONE if last == 0 else begin
        end, ease = min(begin + brief_s / duration_s, 1.0), "whip"
    if move.name == "handheld":
        begin, end = 0.0, 1.0  # a shoulder does not become a tripod
    return Leg(
        move=move.name,
        way=move.way,
        starts=round(begin, 4),
        ends=round(end, 4),
        pace=move.pace,
        ease=ease,
        degrees=move.degrees,
        size=move.size,
    )


def _starts(stretches: list[_Stretch], duration_s: float) -> list[float]:
    """When each stretch starts, and 1.0: told moments are kept where they fit, the others share what is between."""
    known: list[float | None] = [0.0]
    for before, stretch in pairwise(stretches):
        told = stretch.starts_s
        if told is None and before.lasts_s is not None and known[-1] is not None:
            told = known[-1] * duration_s + before.lasts_s
        share = None if told is None else -told if told < 0 else told / duration_s
        earlier = max(k for k in known if k is not None)
        known.append(share if share is not None and earlier < share < 0.95 else None)
    known.append(1.0)
    filled: list[float] = []
    for number, share in enumerate(known):
        if share is None:
            following = next(n for n in range(number, len(known)) if known[n] is not None)
            limit = known[following]
            assert limit is not None
            share = filled[-1] + (limit - filled[-1]) / (following - number + 1)
        filled.append(share)
    return filled
