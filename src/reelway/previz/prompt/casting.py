"""Who is in the shot: how many, in what, doing what."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from reelway.previz.prompt import lexicon
from reelway.previz.prompt.forms import VERBS
from reelway.previz.prompt.reading import Reading
from reelway.previz.prompt.text import listed
from reelway.previz.prompt.vocabulary import Hit, Meaning, silent
from reelway.previz.shot import Cast
from reelway.previz.subjects import SUBJECTS
from reelway.previz.subjects.human import Human

CAST_MAX = 4
COUNT_MAX = 12
PLURAL = 3  # what a plural without a number stands for
PHRASE_MAX = 6  # words before a noun that may belong to it
_THE = listed("""the this that these those his her their its der die das le la les el los las il lo gli o os as""")
_A = frozenset(["a", "an"])
_AND = frozenset(["and", ",", "with", "und", "mit", "et", "y", "e", "и"])
_BALL_GAMES = listed("football soccer tennis basketball baseball volleyball rugby hockey badminton cricket golf tag")
_TABLES = listed("table desk pedestal plinth counter podium tisch mesa tavolo")
_OF = frozenset(["of", "von", "de", "d", "di"])


@dataclass(slots=True)
class Role:
    """One of the cast while it is being read."""

    hit: Hit
    cast: Cast


@dataclass(slots=True)
class _Phrase:
    """What stands before a noun."""

    count: int | None = None
    colour: tuple[Hit, Meaning] | None = None
    doing: Hit | None = None
    the: bool = False
    one: bool = False


def cast_of(reading: Reading) -> list[Role]:
    """The cast in the order of the prompt; call it after the words for the camera have been read."""
    roles: list[Role] = []
    for hit, meaning in reading.meant("subject"):
        if hit.start in reading.filmed or (hit.of("setting") is not None and _is_place(reading, hit)):
            continue
        if _describes(reading, hit) or _is_verb(reading, hit) or _is_trade(reading, hit):
            continue
        phrase = _before(reading, hit)
        again = _held(reading, roles, hit, meaning) or next(
            (role for role in roles if role.cast.named == meaning.value and _again(reading, role, hit, phrase)), None
        )
        if again is not None:
            _tell(reading, again, phrase)
        elif len(roles) < CAST_MAX:
            kind, _, what = meaning.value.partition(": ")
            cast = Cast(kind=kind, what=what or None, count=_count(hit, phrase), outfit=meaning.outfit or None)
            role = Role(hit, cast)
            if meaning.colour:
                role.cast = replace(role.cast, colour=meaning.colour)
            _tell(reading, role, phrase)
            roles.append(role)
            reading.use(hit, "subject", meaning.value)
    _dress(reading, roles)
    _dye(reading, roles)
    _act(reading, roles)
    _raise(reading, roles)
    return roles


def _describes(reading: Reading, hit: Hit) -> bool:
    """ "Police car", "samurai warrior": the noun is what follows."""
    following = reading.hit(hit.end)
    if following is None or hit.plural or not following.of("subject"):
        return False
    return not (_is_verb(reading, following) or _is_trade(reading, following))


def _is_verb(reading: Reading, hit: Hit) -> bool:
    """ "A chef cooks", "a penguin dove": a word for somebody that says what the one before it does."""
    before = reading.hit(hit.start - 1)
    bent = hit.plural or reading.word(hit.start) in VERBS
    return bool(bent and hit.of("action") and before is not None and before.of("subject"))


def _is_trade(reading: Reading, hit: Hit) -> bool:
    """ "A robot waiter" is a robot."""
    meaning, before = hit.of("subject"), reading.hit(hit.start - 1)
    who = before.of("subject") if before is not None else None
    if meaning is None or who is None or meaning.value != "person" or meaning.outfit:
        return False
    return who.value != "person" and who.value in SUBJECTS and issubclass(SUBJECTS[who.value], Human)


def _held(reading: Reading, roles: list[Role], hit: Hit, meaning: Meaning) -> Role | None:
    """ "A cup of coffee" is one thing."""
    last = roles[-1] if roles else None
    holds = last is not None and reading.word(hit.start - 1) in _OF and last.hit.end == hit.start - 1
    return last if last is not None and holds and last.cast.named == meaning.value else None


def _is_place(reading: Reading, hit: Hit) -> bool:
    """A word that may be a place or a thing is a place where something happens in it."""
    return reading.is_after(hit.start, "within")


def _again(reading: Reading, role: Role, hit: Hit, phrase: _Phrase) -> bool:
    same = role.cast.what is not None or reading.text_of(role.hit).lower() == reading.text_of(hit).lower()
    return phrase.the or (same and phrase.count is None and not phrase.one)


def _count(hit: Hit, phrase: _Phrase) -> int:
    if (number := hit.of("number")) is not None:
        return int(number.value)
    if phrase.count is not None:
        return min(phrase.count, COUNT_MAX)
    return PLURAL if hit.plural and not phrase.one else 1


def _before(reading: Reading, noun: Hit) -> _Phrase:
    """Read the words before a noun, from the noun backwards."""
    phrase, place = _Phrase(), noun.start - 1
    while place >= 0 and noun.start - place <= PHRASE_MAX and not reading.tokens[place].mark:
        word, hit = reading.word(place), reading.hit(place)
        if word in _THE or word in _A:
            phrase.the, phrase.one = word in _THE, word in _A
            break
        if hit is None and word.isdigit():
            phrase.count = int(word)
            break
        if hit is None or word in _OF:
            if word in _OF:
                several = reading.hit(place - 1)
                if several is None or not (several.of("several") or several.of("number")):
                    break
        elif colour := hit.of("colour"):
            phrase.colour = phrase.colour or (hit, colour)
        elif number := (hit.of("number") or hit.of("several")):
            phrase.count = int(number.value)
            reading.use(hit, "count", number.value)
            break
        elif hit.of("action") and word.endswith(("ing", "ed")) and hit.start not in reading.filmed:
            if noun.start - hit.end > 1:
                break
            phrase.doing = hit
        elif (
            any(hit.of(stop) for stop in ("within", "away", "camera", "subject", "move", "timing", "not"))
            or hit.of("action")
            or hit.of("move_verb")
        ):
            break
        place = min(place, hit.start if hit is not None else place) - 1
    return phrase


def _tell(reading: Reading, role: Role, phrase: _Phrase) -> None:
    if phrase.colour is not None and role.cast.colour is None:
        hit, colour = phrase.colour
        role.cast = replace(role.cast, colour=colour.value)
        reading.use(hit, "colour", colour.value)
    if phrase.doing is not None:
        _give(reading, role, phrase.doing)


def _dress(reading: Reading, roles: list[Role]) -> None:
    """Clothes belong to whom they follow; clothes alone are worn by somebody."""
    for hit, _ in reading.meant("outfit", "clothes"):
        worn = [meaning for meaning in hit.meanings if meaning.field == "outfit"]
        owner = _nearest(reading, roles, hit, partial(_can_wear, worn))
        if owner is None and worn and not roles:
            owner = Role(hit, Cast(kind=worn[0].of))
            roles.append(owner)
        if owner is None:
            continue
        outfit = next((meaning.value for meaning in worn if meaning.of == owner.cast.kind), None)
        bare = {None, *SUBJECTS[owner.cast.kind].words.undressed}
        if outfit is not None and owner.cast.outfit in bare:
            owner.cast = replace(owner.cast, outfit=outfit)
            reading.use(hit, "outfit", outfit)
        colour = _before(reading, hit).colour or _after(reading, hit)
        if colour is not None:
            # What is worn is dyed, and not the wearer.
            owner.cast = replace(owner.cast, colour=colour[1].value)
            reading.use(colour[0], "colour", colour[1].value)


def _can_wear(worn: list[Meaning], role: Role) -> bool:
    human = role.cast.kind == "person" or SUBJECTS[role.cast.kind].words.is_a == "person"
    return human or any(meaning.of == role.cast.kind for meaning in worn)


def _dye(reading: Reading, roles: list[Role]) -> None:
    """Colours after the noun: "voiture rouge", "a woman in red", "the car is blue"."""
    for role in roles:
        if role.cast.colour is not None:
            continue
        found = _after(reading, role.hit)
        if found is not None:
            role.cast = replace(role.cast, colour=found[1].value)
            reading.use(found[0], "colour", found[1].value)


def _after(reading: Reading, noun: Hit) -> tuple[Hit, Meaning] | None:
    place = noun.end
    linked = reading.word(place) in ("in", "is", "dressed", "wearing")
    while reading.word(place) in ("in", "is", "dressed", "wearing", "all"):
        place += 1
    hit = reading.hit(place)
    colour = hit.of("colour") if hit is not None else None
    if hit is None or colour is None:
        return None
    following = reading.hit(hit.end)
    noun_follows = following is not None and any(
        following.of(field) for field in ("subject", "outfit", "clothes", "setting", "colour")
    )
    unknown_follows = (
        linked and following is None and reading.word(hit.end) not in ("", "and", "with", "who", "at", "by")
    )
    return None if noun_follows or unknown_follows else (hit, colour)


def _act(reading: Reading, roles: list[Role]) -> None:
    """Verbs belong to whom they follow, else to whom they come before."""
    for hit, _ in reading.meant("action"):
        if hit.start in reading.filmed or (hit.of("subject") and not _is_verb(reading, hit)) or _is_noun(reading, hit):
            continue
        if any(hit.of(other) for other in ("setting", "time", "number")) and not hit.plural:
            continue
        owner = _nearest(reading, roles, hit, lambda role: True)
        if owner is None:
            owner = next((role for role in roles if role.hit.start > hit.start), None)
        if owner is None:
            reading.leave(hit)
            continue
        done = _played(reading, hit) if Meaning("action", "play") in hit.meanings else hit
        for role in (owner, *_together(reading, roles, owner)):
            _give(reading, role, done)


def _together(reading: Reading, roles: list[Role], last: Role) -> list[Role]:
    """ "A dog and a cat run": who stands before `last`, joined to it, and has done nothing yet."""
    found: list[Role] = []
    for role in reversed(roles[: roles.index(last)]):
        if role.cast.action is not None or not _are_joined(reading, role, last):
            break
        found.append(role)
        last = role
    return found


def _are_joined(reading: Reading, one: Role, other: Role) -> bool:
    between = range(one.hit.end, other.hit.start)
    if len(between) > PHRASE_MAX or not any(reading.tokens[place].text.lower() in _AND for place in between):
        return False
    hits = [hit for place in between if (hit := reading.hit(place)) is not None]
    parted = any(hit.of(field) for hit in hits for field in ("within", "away", "action", "setting"))
    return not parted and not any(reading.tokens[place].ends for place in between)


def _played(reading: Reading, hit: Hit) -> Hit:
    """ "Playing the guitar", "playing chess" is done where one stands; ball games and playing itself are not."""
    place = hit.end + (reading.word(hit.end) in _THE | _A)
    word, noun = reading.word(place), reading.hit(place)
    if not word or silent(word) or word.endswith("ly") or word in _BALL_GAMES:
        return hit
    if noun is not None and any(noun.of(field) for field in ("within", "away", "setting", "subject", "outfit")):
        return hit
    return replace(hit, meanings=(Meaning("action", "work"),))


def _raise(reading: Reading, roles: list[Role]) -> None:
    """What has no model and is on a table is put on a pedestal."""
    for place in range(len(reading.tokens)):
        hit = reading.hit(place)
        if hit is None or reading.word(place) not in _TABLES or not reading.is_after(place, "within"):
            continue
        owner = _nearest(reading, roles, hit, lambda role: role.cast.what is not None)
        if owner is not None and owner.cast.outfit is None:
            owner.cast = replace(owner.cast, outfit="pedestal")
            reading.use(hit, "outfit", "pedestal")


def _is_noun(reading: Reading, hit: Hit) -> bool:
    before = reading.word(hit.start - 1)
    return (before in _A or before in _THE or before in _OF) and not reading.word(hit.start).endswith("ing")


def _nearest(reading: Reading, roles: list[Role], hit: Hit, fits: Callable[[Role], bool]) -> Role | None:
    """The last of the cast before `hit` for which `fits` holds: in its sentence, else in one before."""
    before = [role for role in roles if role.hit.start < hit.start and fits(role)]
    near = [role for role in before if reading.sentence(role.hit.start) == reading.sentence(hit.start)]
    return near[-1] if near else before[-1] if before else None


def _give(reading: Reading, role: Role, hit: Hit) -> None:
    """Let a role do what it can that is nearest to the verb."""
    known = SUBJECTS[role.cast.kind].of(role.cast).words.actions
    own = next((m.value for m in hit.meanings if m.field == "action" and m.of == role.cast.kind), None)
    general = [m.value for m in hit.meanings if m.field == "action"]
    chosen = own or next((value for value in general if value in known), None)
    if chosen is None:
        chosen = next((near for value in general for near in lexicon.NEAREST.get(value, ()) if near in known), None)
    if chosen is None:
        reading.leave(hit)
    elif role.cast.action is None:
        role.cast = replace(role.cast, action=chosen)
        reading.use(hit, "action", chosen)
