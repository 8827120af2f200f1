"""Forty prompts that no rule was made for: how much of what they say is understood."""

import time
import tomllib
from pathlib import Path
from typing import Any

from reelway.previz.prompt import parse
from reelway.previz.shot import Shot

PROMPTS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("free_prompts.toml").read_text())["prompt"]


def said(shot: Shot, field: str) -> list[Any]:
    """What the shot says of a field, in every spelling that a prompt's line may use."""
    hero = shot.cast[0] if shot.cast else None
    match field:
        case "setting":
            return [shot.setting, shot.variant]
        case "subject":
            return [hero.kind if hero else ""]
        case "count" | "action" | "colour" | "outfit":
            return [getattr(hero, field, None)]
        case "moves":
            return [[leg.move for leg in shot.camera], [leg.named for leg in shot.camera]]
        case _:
            return [getattr(shot, field) or ""]


def missed(expected: dict[str, Any]) -> list[str]:
    """Fields of one prompt that were understood otherwise."""
    shot = parse(expected["text"])
    wrong = []
    for field, wanted in expected.items():
        if field == "text":
            continue
        answers = [wanted] if field == "moves" or not isinstance(wanted, list) else wanted
        if field == "count" and isinstance(wanted, list):
            answers = list(range(wanted[0], wanted[1] + 1))
        found = said(shot, field)
        if field == "moves":
            named = {leg.named for leg in shot.camera} | {leg.move for leg in shot.camera}
            right = set(wanted) <= named and len(shot.camera) == len(wanted)
        else:
            right = any(answer in found for answer in answers)
        if not right:
            wrong.append(f"{field}: {wanted!r}, but {found!r}")
    return wrong


def fields() -> int:
    """How many fields all prompts have."""
    return sum(len(one) - 1 for one in PROMPTS)


def test_almost_everything_that_free_prompts_say_is_understood() -> None:
    """Before the rules of today it was 72 of 164 fields."""
    wrong = {one["text"]: lines for one in PROMPTS if (lines := missed(one))}
    assert sum(map(len, wrong.values())) <= 0.05 * fields(), wrong


def test_a_prompt_is_read_in_a_few_milliseconds() -> None:
    parse("a quokka")  # the vocabularies and the word table are loaded once
    started = time.process_time()
    for one in PROMPTS:
        parse(one["text"])
    assert (time.process_time() - started) / len(PROMPTS) < 0.02  # 0.5 ms on a free machine


if __name__ == "__main__":
    total = 0
    for one in PROMPTS:
        wrong = missed(one)
        total += len(wrong)
        if wrong:
            print(one["text"])  # noqa: T201
            for line in wrong:
                print("    ", line)  # noqa: T201
    print(f"{fields() - total} of {fields()} fields")  # noqa: T201
