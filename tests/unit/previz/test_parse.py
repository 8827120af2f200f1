"""What the words of a prompt come to."""
# ruff: noqa: RUF001  (Cyrillic words are meant to be Cyrillic)

import pytest

from reelway.previz.prompt import parse
from reelway.previz.prompt.lexicon import COLOURS, MOVES, SETTING_OF, STYLES, SUBJECTS, TIMES

CITY = "slow aerial shot over a futuristic city at dusk, cinematic"
ALLEY = "a detective in a trench coat walking down a rainy alley at night, noir lighting"
COAST = "a sleek sports car accelerating through a coastal highway at sunset, motion blur"
MARS = "a lone astronaut walking across a red martian desert, slow dolly, dust particles"
RIVER = "a giant rubber duck drifting down a misty river at dawn, slow push in"


@pytest.mark.parametrize(
    ("prompt", "setting", "subject", "time", "weather", "move"),
    [
        (CITY, "city", None, "dusk", None, "aerial"),
        (ALLEY, "alley", "detective", "night", "rain", None),
        (COAST, "coast", "car", "sunset", None, None),
        (MARS, "mars", "astronaut", None, "dust", "push"),
        (RIVER, "river", "duck", "dawn", "fog", "push"),
    ],
)
def test_the_documented_prompts_are_understood(
    prompt: str, setting: str, subject: str | None, time: str | None, weather: str | None, move: str | None
) -> None:
    shot = parse(prompt)
    assert (shot.setting, shot.subject, shot.time, shot.weather, shot.move) == (setting, subject, time, weather, move)
    assert not shot.fallback


def test_style_and_pace_are_heard() -> None:
    shot = parse(CITY)
    assert shot.style == ("cinematic",)
    assert shot.pace < 1


@pytest.mark.parametrize(
    ("prompt", "setting", "subject"),
    [
        ("eine gelbe Gummiente auf einem Fluss im Nebel", "river", "duck"),
        ("ein Drache fliegt über die Berge", "vista", None),
        ("une voiture rouge sur la côte au coucher du soleil", "coast", "car"),
        ("un astronauta en el desierto", "mars", "astronaut"),
        ("夜晚的城市下雨", "city", None),
        ("سيارة على طريق", "coast", "car"),
        ("Астронавт идёт по Марсу", "mars", "astronaut"),
    ],
)
def test_other_languages_are_understood_a_little(prompt: str, setting: str, subject: str | None) -> None:
    shot = parse(prompt)
    assert (shot.setting, shot.subject) == (setting, subject)


def test_a_word_that_means_nothing_is_listed() -> None:
    assert parse("an octopus playing chess in a forest").ignored == ("octopus", "playing", "chess")


def test_a_prompt_that_names_no_place_says_so() -> None:
    assert parse("an octopus playing chess").fallback
    assert not parse("an octopus playing chess in a forest").fallback


def test_the_fallback_follows_the_mood() -> None:
    assert parse("cyberpunk").setting == "city"
    assert parse("noir").setting == "alley"
    assert parse("heavy snowfall").variant == "mountains"


def test_a_subject_without_a_place_is_put_where_it_belongs() -> None:
    assert parse("an astronaut").setting == "mars"
    assert parse("a vintage car").setting == "coast"


def test_who_is_named_in_a_city_stands_in_its_streets() -> None:
    shot = parse("a woman in a red dress in Tokyo at night, neon")
    assert (shot.setting, shot.subject, shot.colour) == ("alley", "person", "red")


def test_what_the_negative_prompt_names_is_left_out() -> None:
    shot = parse("a rainy alley at night, noir", "rain, noir")
    assert shot.weather == "clear"
    assert shot.style == ()


def test_a_move_that_is_given_overrules_the_words() -> None:
    assert parse("pan over a city", move="orbit").move == "orbit"


@pytest.mark.parametrize(
    "prompt", ["", "   ", "🦆🌊", "\x00\x01\x1b", "\ud800\udfff", "-'&_", "\u202e\u200b", "x" * 10_000]
)
def test_no_prompt_is_refused(prompt: str) -> None:
    shot = parse(prompt)
    assert shot.setting
    assert all(len(word) <= 40 for word in shot.ignored)
    str(shot.to_json()).encode()


def test_the_same_words_are_the_same_shot() -> None:
    assert parse("zzz qqq") == parse("zzz qqq")


def test_everything_that_a_word_can_mean_can_be_made() -> None:
    """Else a word in the lexicon would end in a KeyError in the child."""
    from reelway.previz import moves
    from reelway.previz.air import HOURS
    from reelway.previz.look import Look, styled
    from reelway.previz.picture import moves as picture_moves
    from reelway.previz.settings import SETTINGS
    from reelway.previz.settings.vista import LANDS
    from reelway.previz.subjects import SUBJECTS as MADE
    from reelway.previz.subjects.base import PAINT

    assert set(TIMES) == set(HOURS)
    assert set(SUBJECTS) == set(MADE)
    assert set(COLOURS) == set(PAINT)
    assert set(MOVES) == set(moves.MOVES) == set(picture_moves.MOVES)
    assert {setting for setting, _ in SETTING_OF.values()} <= set(SETTINGS)
    assert {variant for _, variant in SETTING_OF.values() if variant} <= set(LANDS)
    assert all(styled(Look(bloom=1), (style,)) != Look(bloom=1) for style in STYLES)


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("an astronaut in a red martian desert", None),
        ("green fields, a woman in a blue coat", "blue"),
        ("a yellow sports car", "yellow"),
        ("ein rotes Auto", "red"),
    ],
)
def test_a_colour_belongs_to_what_it_stands_before(prompt: str, colour: str | None) -> None:
    assert parse(prompt).colour == colour
