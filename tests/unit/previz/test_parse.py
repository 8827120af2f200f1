"""What the words of a prompt come to."""
# ruff: noqa: RUF001  (Cyrillic words are meant to be Cyrillic)

import json
from pathlib import Path

import pytest

from reelway.previz.prompt import lexicon, parse
from reelway.previz.prompt.forms import Form, forms
from reelway.previz.prompt.vocabulary import names
from reelway.previz.shot import Cast, Leg, Shot

CITY = "slow aerial shot over a futuristic city at dusk, cinematic"
ALLEY = "a detective in a trench coat walking down a rainy alley at night, noir lighting"
COAST = "a sleek sports car accelerating through a coastal highway at sunset, motion blur"
MARS = "a lone astronaut walking across a red martian desert, slow dolly, dust particles"
RIVER = "a giant rubber duck drifting down a misty river at dawn, slow push in"


def hero(prompt: str, negative: str = "") -> Cast:
    """The first of the cast."""
    return parse(prompt, negative).cast[0]


def legs(prompt: str, duration_s: float = 5.0) -> list[tuple[str, float, float]]:
    """The camera's moves and their times."""
    return [(leg.named, leg.starts, leg.ends) for leg in parse(prompt, duration_s=duration_s).camera]


@pytest.mark.parametrize(
    ("prompt", "setting", "subjects", "time", "weather", "move"),
    [
        (CITY, "city", [None], "dusk", None, "aerial"),
        (ALLEY, "alley", ["detective", "person"], "night", "rain", None),
        (COAST, "coast", ["car"], "sunset", None, None),
        (MARS, "mars", ["astronaut"], None, "dust", "push"),
        (RIVER, "river", ["duck"], "dawn", "fog", "push"),
    ],
)
def test_the_documented_prompts_are_understood(
    prompt: str, setting: str, subjects: list[str | None], time: str | None, weather: str | None, move: str | None
) -> None:
    shot = parse(prompt)
    assert (shot.setting, shot.time, shot.weather, shot.move) == (setting, time, weather, move)
    assert shot.subject in subjects
    assert not shot.fallback


def test_style_and_pace_are_heard() -> None:
    shot = parse(CITY)
    assert shot.style == ("cinematic",)
    assert shot.pace < 1
    assert shot.camera[0].pace < 1


@pytest.mark.parametrize(
    ("prompt", "settings", "subject"),
    [
        ("eine gelbe Gummiente auf einem Fluss im Nebel", ["river"], "duck"),
        ("ein Drache fliegt über die Berge", ["vista", "mountains"], None),
        ("une voiture rouge sur la côte au coucher du soleil", ["coast"], "car"),
        ("un astronauta en el desierto", ["mars", "desert"], "astronaut"),
        ("夜晚的城市下雨", ["city"], None),
        ("سيارة على طريق", ["coast"], "car"),
        ("Астронавт идёт по Марсу", ["mars"], "astronaut"),
        ("火星を歩く宇宙飛行士", ["mars"], "astronaut"),
        ("um carro vermelho na estrada", ["coast"], "car"),
    ],
)
def test_other_languages_are_understood_a_little(prompt: str, settings: list[str], subject: str | None) -> None:
    shot = parse(prompt)
    assert shot.setting in settings
    assert shot.subject == subject or subject is None


def test_a_word_that_means_nothing_is_listed() -> None:
    assert parse("qwzx in a rainy alley at night").ignored == ("qwzx",)


def test_a_prompt_that_names_no_place_says_so() -> None:
    assert parse("zzz qqq").fallback
    assert not parse("zzz qqq in an alley").fallback


def test_the_fallback_follows_the_mood() -> None:
    assert parse("neon").setting == "city"
    assert parse("noir").setting == "alley"
    assert "mountains" in (parse("heavy snowfall").variant, parse("heavy snowfall").setting)


def test_a_subject_without_a_place_is_put_where_it_belongs() -> None:
    assert parse("an astronaut").setting == "mars"
    assert parse("a vintage car").setting == "coast"


def test_who_is_named_in_a_city_stands_in_its_streets() -> None:
    shot = parse("a woman in a red dress in Tokyo at night, neon")
    assert shot.setting != "city"
    assert (shot.subject, shot.colour) == ("person", "red")
    assert parse("aerial of a woman on a rooftop in Tokyo").setting == "city"


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("an astronaut in a red martian desert", None),
        ("green fields, a woman in a blue coat", "blue"),
        ("a yellow sports car", "yellow"),
        ("a blue car and a woman in a red dress", "blue"),
        ("a car under a blue sky", None),
        ("a woman dressed in white", "white"),
        ("the car is red", "red"),
        ("a man in blue light", None),
        ("ein rotes Auto", "red"),
        ("une voiture rouge", "red"),
        ("un coche rojo", "red"),
        ("una macchina rossa sulla strada", "red"),
    ],
)
def test_a_colour_belongs_to_what_it_stands_with(prompt: str, colour: str | None) -> None:
    assert hero(prompt).colour == colour


def test_each_of_two_has_a_colour() -> None:
    first, second = parse("a blue car and a woman in a red dress").cast
    assert (first.kind, first.colour, second.kind, second.colour) == ("car", "blue", "person", "red")


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("a car", 1),
        ("two cars", 2),
        ("three red sports cars", 3),
        ("4 cars", 4),
        ("cars on a road", 3),
        ("several robots", 3),
        ("a group of robots", 6),
        ("a pair of robots", 2),
        ("thousands of robots", 12),
        ("a lone robot", 1),
        ("zwei Autos", 2),
        ("dos coches", 2),
    ],
)
def test_numbers_are_heard(prompt: str, count: int) -> None:
    assert hero(prompt).count == count


def test_plurals_and_verb_forms_are_the_same_words() -> None:
    assert Form("city", plural=True) in forms("cities")
    assert Form("wolf", plural=True) in forms("wolves")
    assert Form("man", plural=True) in forms("men")
    assert Form("ride", verb=True) in forms("riding")
    assert Form("run", verb=True) in forms("running")
    assert Form("run", verb=True) in forms("ran")
    assert Form("carry", verb=True) in forms("carried")
    assert forms("glass") == [Form("glass")]


def test_a_verb_is_no_place() -> None:
    """A "parked" car is in no park."""
    assert parse("a parked car").setting == parse("a car").setting


def test_a_noun_before_a_noun_is_not_there() -> None:
    assert [one.kind for one in parse("a robot car").cast] == ["car"]


@pytest.mark.parametrize(
    ("prompt", "kinds"),
    [
        ("a robot waiter in a bar", ["robot"]),
        ("a chef cooks in a kitchen", ["person"]),
        ("a robot chef cooks in a kitchen", ["robot"]),
        ("a horse rider in a field", ["person"]),
        ("a cup of coffee and a bottle", ["product", "product"]),
        ("a happy dog in hot water", ["dog"]),
        ("a white dove over a city", ["bird"]),
        ("a crab on a beach", ["silhouette"]),
        ("a penguin dove into the sea", ["silhouette"]),
    ],
)
def test_who_is_told_by_two_words_is_one(prompt: str, kinds: list[str]) -> None:
    assert [one.kind for one in parse(prompt).cast] == kinds


@pytest.mark.parametrize(
    "prompt", ["view from a car on a coast road", "a desert seen from a plane", "POV from inside a boat on a lake"]
)
def test_what_the_camera_is_in_is_not_seen(prompt: str) -> None:
    assert parse(prompt).empty
    assert [one.kind for one in parse("rack focus from a robot to a car").cast] == ["robot", "car"]


@pytest.mark.parametrize(
    ("prompt", "actions"),
    [
        ("a dog and a cat run through a park", ["run", "run"]),
        ("a horse in a field and a bird flies", [None, "fly"]),
        ("a man sits and a robot dances", ["sit", "dance"]),
        ("a man playing the guitar", ["stand"]),
        ("children playing football", ["run"]),
        ("a dog playing in the snow", ["run"]),
    ],
)
def test_a_verb_is_of_all_who_do_it(prompt: str, actions: list[str | None]) -> None:
    assert [one.action for one in parse(prompt).cast] == actions


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("a teapot, 360 degree orbit", "room: studio"),
        ("a robot in orbit", "space"),
        ("an old woman in an armchair", "room"),
        ("a man in a hospital", "room"),
        ("penguins dance on ice", "mountains: ice"),
        ("an elephant walks over a frozen lake", "mountains: ice"),
    ],
)
def test_places_of_every_day_are_known(prompt: str, place: str) -> None:
    shot = parse(prompt)
    assert (f"{shot.setting}: {shot.variant}" if shot.variant else shot.setting) == place


def test_two_words_are_one_name() -> None:
    assert hero("a sports car").kind == "car"
    assert parse("a rubber-duck").subject == parse("a rubber duck").subject == "duck"


def test_somebody_named_again_is_the_same() -> None:
    assert len(parse("a robot walks down the street. The robot stops.").cast) == 1
    assert len(parse("a robot and a robot").cast) == 2


def test_what_is_only_compared_is_not_there() -> None:
    assert parse("a car moving like a robot").cast == (Cast(kind="car"),)
    assert parse("a car, in the style of an astronaut painter").cast == (Cast(kind="car"),)


# What is not wanted.


def test_what_the_negative_prompt_names_is_left_out() -> None:
    shot = parse("a rainy alley at night, noir", "rain, noir")
    assert shot.weather == "clear"
    assert shot.style == ()
    assert parse("a car and a robot in an alley", "robots").cast == (Cast(kind="car"),)


@pytest.mark.parametrize(
    ("prompt", "weather"),
    [
        ("an alley, no rain", "clear"),
        ("an alley without rain or fog", "clear"),
        ("an alley without people, rain or fog, in snow", "snow"),
        ("an alley, not rain but snow", "snow"),
        ("eine Gasse ohne Regen", "clear"),
        ("une ruelle sans pluie", "clear"),
        ("rain in an alley with no cars", "rain"),
        ("a field under heavy clouds", "overcast"),
        ("a city at dusk, not cloudy", "clear"),
        ("a plane above the clouds", None),
    ],
)
def test_what_is_denied_is_not_there(prompt: str, weather: str | None) -> None:
    assert parse(prompt).weather == weather


@pytest.mark.parametrize(
    "prompt", ["an alley without people", "an empty alley, nobody around", "an alley, no detective", "a deserted alley"]
)
def test_a_place_where_nobody_is_wanted_is_empty(prompt: str) -> None:
    shot = parse(prompt)
    assert shot.cast == ()
    assert shot.empty


def test_who_wants_no_people_wants_no_detective() -> None:
    assert parse("an alley", "people").empty
    assert not parse("an alley").empty
    assert not parse("an alley with a robot, no cars").empty


# The camera.


@pytest.mark.parametrize(
    ("prompt", "moves"),
    [
        ("pan left over a field", ["pan left"]),
        ("camera pans to the right", ["pan right"]),
        ("the camera tilts up", ["tilt up"]),
        ("tilt-down shot of a robot", ["tilt down"]),
        ("dolly in", ["push in"]),
        ("a slow dolly out", ["pull out"]),
        ("the camera pulls back", ["pull"]),
        ("camera moves forward", ["push in"]),
        ("camera glides backwards", ["pull"]),
        ("camera moves around the car", ["orbit"]),
        ("the camera trucks left", ["truck left"]),
        ("camera slides to the left", ["truck left"]),
        ("crane up over a city", ["crane up"]),
        ("the camera descends", ["crane"]),
        ("a crane shot descending to a car", ["crane down"]),
        ("the camera pans from left to right", ["pan right"]),
        ("orbiting shot of a car", ["orbit"]),
        ("tracking shot of a car", ["track"]),
        ("the camera follows a car", ["track"]),
        ("drone shot of a city", ["aerial"]),
        ("snowy mountains, drone flight", ["aerial"]),
        ("a drone flies over a lake", ["aerial"]),
        ("handheld", ["handheld"]),
        ("the camera pushes through the trees", ["through"]),
        ("the camera flies through a forest", ["aerial"]),
        ("whip pan to a robot", ["whip"]),
        ("rack focus from a robot to a car", ["rack"]),
        ("zoom out from a robot", ["zoom out"]),
        ("dolly zoom on a robot", ["vertigo"]),
        ("static shot", ["static"]),
        ("no camera movement", ["static"]),
        ("handheld tracking shot", ["handheld", "track"]),
        ("the camera pushes in while tilting up", ["push in", "tilt up"]),
        ("Schwenk nach links", ["pan left"]),
        ("plano aéreo de una ciudad", ["aerial"]),
    ],
)
def test_moves_are_heard(prompt: str, moves: list[str]) -> None:
    heard = [leg.named for leg in parse(prompt).camera]
    assert [a if " " in m else a.split()[0] for a, m in zip(heard, moves, strict=True)] == moves


@pytest.mark.parametrize(
    "prompt",
    [
        "a woman pushing a stroller",
        "a car follows a robot",
        "a robot turns and looks around",
        "a still lake at dawn",
        "a rose in an alley",
        "a car crawling up a hill",
        "the robot rises slowly",
        "a satellite circling a planet",
    ],
)
def test_what_somebody_does_is_no_camera_move(prompt: str) -> None:
    assert parse(prompt).camera == ()


def test_moves_that_follow_each_other_share_the_clip() -> None:
    assert legs("pan left, then push in") == [("pan left", 0, 0.5), ("push in", 0.5, 1)]
    assert legs("a city. Pan left, then tilt up, finally zoom out") == [
        ("pan left", 0, 0.3333),
        ("tilt up", 0.3333, 0.6667),
        ("zoom out", 0.6667, 1),
    ]


def test_moments_are_kept() -> None:
    assert legs("static shot, then after 2 seconds the camera trucks right") == [
        ("static", 0, 0.4),
        ("truck right", 0.4, 1),
    ]
    assert legs("static shot, after 2 seconds the camera trucks right", 8.0)[1][1] == 0.25
    assert legs("hold a static shot for 1 second, then push in")[1][1] == 0.2
    assert legs("a robot waits, three seconds later the camera zooms in")[0] == ("static", 0, 0.6)


def test_a_moment_after_the_end_is_not_believed() -> None:
    assert legs("static shot, after 20 seconds the camera trucks right")[1][1] == 0.5


def test_what_comes_suddenly_is_over_soon() -> None:
    shot = parse("pan left, then suddenly the camera tilts up")
    assert shot.camera[1].ease == "snap"
    assert legs("a robot waits, suddenly the camera tilts up") == [("static", 0, 0.5), ("tilt up", 0.5, 1)]
    assert parse("pan left slowly").camera[0].pace < 1


def test_a_whip_takes_half_a_second_at_most() -> None:
    (leg,) = parse("whip pan to a robot", duration_s=10).camera
    assert (leg.ends - leg.starts) * 10 == pytest.approx(0.45)


def test_degrees_are_kept() -> None:
    assert parse("a 360 degree orbit around a car").camera[0].degrees == 360
    assert parse("pan 90° to the left over a field").camera[0].degrees == 90


def test_starting_wide_and_ending_close() -> None:
    shot = parse("the camera starts wide on a robot and slowly pushes in to a close-up")
    assert shot.size == "wide"
    assert shot.camera == (Leg(move="push", way="in", pace=0.6, size="close"),)


@pytest.mark.parametrize(
    ("prompt", "size", "lens", "angle"),
    [
        ("close-up of a robot", "close", None, None),
        ("extreme close-up of a robot", "extreme", None, None),
        ("wide shot of a city", "wide", None, None),
        ("medium shot, 35mm, low angle", "medium", "normal", "low"),
        ("85mm portrait of a robot from above", "close", "long", "high"),
        ("macro of a robot", None, "macro", None),
        ("wide angle, top-down", None, "wide", "overhead"),
        ("a wide river", None, None, None),
    ],
)
def test_shot_size_lens_and_angle_are_heard(prompt: str, size: str | None, lens: str | None, angle: str | None) -> None:
    shot = parse(prompt)
    assert (shot.size, shot.lens, shot.angle) == (size, lens, angle)


def test_a_move_that_is_given_overrules_the_words() -> None:
    assert parse("pan over a city", move="orbit").move == "orbit"


# Telling.


def test_the_answer_says_which_words_became_what() -> None:
    told = parse("two red cars on a coast road at sunset, zzz").to_json()
    json.dumps(told)
    assert {(h["text"], h["field"], h["value"]) for h in told["understood"]} >= {  # type: ignore[attr-defined]
        ("two", "count", "2"),
        ("red", "colour", "red"),
        ("cars", "subject", "car"),
        ("sunset", "time", "sunset"),
    }
    assert told["ignored"] == ["zzz"]


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ",
        "🦆🌊",
        "\x00\x01\x1b",
        "\ud800\udfff",
        "-'&_",
        "\u202e\u200b",
        "x" * 10_000,
        "no",
        "then then",
        "a" * 40,
    ],
)
def test_no_prompt_is_refused(prompt: str) -> None:
    shot = parse(prompt, prompt)
    assert shot.setting
    assert all(len(word) <= 40 for word in shot.ignored)
    str(shot.to_json()).encode()


def test_signs_are_told_as_they_were_written() -> None:
    assert "日落" in [heard.text for heard in parse("海上的一艘红色的船，日落，航拍").understood]


def test_the_same_words_are_the_same_shot() -> None:
    assert parse("zzz qqq") == parse("zzz qqq")


def test_everything_that_a_word_can_mean_can_be_made() -> None:
    """Else a word in the lexicon would end in a KeyError in the child."""
    from reelway.previz.air import HOURS
    from reelway.previz.camera import MOVES
    from reelway.previz.camera.framing import ANGLES, LENSES, SIZES
    from reelway.previz.settings import SETTINGS
    from reelway.previz.subjects import SUBJECTS
    from reelway.previz.subjects.base import PAINT

    assert set(lexicon.TIMES) == set(HOURS)
    assert set(lexicon.COLOURS) == set(PAINT)
    assert set(lexicon.LENSES) == set(LENSES)
    assert set(lexicon.SIZES) == set(SIZES)
    assert set(lexicon.ANGLES) == set(ANGLES)
    places = {name for name in SETTINGS} | {f"{n}: {kind}" for n, made in SETTINGS.items() for kind in made.words.kinds}
    assert {made.words.home for made in SUBJECTS.values()} <= places
    assert {made.words.cast_in for made in SETTINGS.values()} - {None} <= places
    assert {way for move in MOVES.values() for way in move.elsewhere} <= set(lexicon.DIRECTIONS)
    assert {name for move in MOVES.values() for name in move.elsewhere.values()} <= set(MOVES)
    assert {made.words.is_a for made in SUBJECTS.values()} - {None} <= set(SUBJECTS)


def test_no_name_is_that_of_two_subjects() -> None:
    kinds: dict[tuple[str, ...], set[str]] = {}
    for phrase, meaning in names("subject"):
        kinds.setdefault(phrase, set()).add(meaning.value)
    assert {phrase: found for phrase, found in kinds.items() if len(found) > 1} == {}


def test_a_shot_by_hand_needs_no_more_than_its_setting() -> None:
    assert Shot(setting="river").to_json()["subject"] is None


def test_every_value_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "previz" / "prompts.md").read_text()
    for table in (lexicon.TIMES, lexicon.WEATHERS, lexicon.STYLES, lexicon.COLOURS, lexicon.LENSES, lexicon.ANGLES):
        for value in table:
            assert value in page


@pytest.mark.parametrize(
    ("prompt", "setting", "variant"),
    [
        ("a ruined castle at sunset", "castle", "ruins"),
        ("a castle in ruins", "castle", "ruins"),
        ("an ancient castle", "castle", None),
        ("a castle, no ruins", "castle", None),
        ("ruins in the jungle", "castle", "jungle"),
        ("an ancient forest", "forest", None),
        ("a red motorcycle on a desert highway", "coast", "desert"),
        ("a deserted highway", "coast", None),
        ("a martian desert", "mars", None),
        ("a camel in the desert", "mars", "desert"),
    ],
)
def test_two_words_may_name_one_place(prompt: str, setting: str, variant: str | None) -> None:
    shot = parse(prompt)
    assert (shot.setting, shot.variant) == (setting, variant)


@pytest.mark.parametrize(
    ("prompt", "outfit"),
    [
        ("a woman walks", "woman"),
        ("a woman in a yellow raincoat", "raincoat"),
        ("a woman in red", "woman"),
        ("a knight in a coat", "armour"),
        ("a girl in a raincoat", "child"),
    ],
)
def test_clothes_that_are_named_are_worn_by_whom_no_role_dresses(prompt: str, outfit: str) -> None:
    (cast,) = parse(prompt).cast
    assert cast.outfit == outfit
