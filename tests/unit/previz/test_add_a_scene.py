"""The files of docs/how-to/add-a-scene.md, run as they stand there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Cast, Shot
from reelway.previz.subjects import SUBJECTS

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-scene.md"


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both classes of the page, in the lists."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    monkeypatch.setitem(SUBJECTS, "balloon", names["Balloon"])
    monkeypatch.setitem(SETTINGS, "salt", names["Salt"])


@pytest.mark.usefixtures("cache_dir", "added")
@pytest.mark.parametrize("place", ["salt", "river", "room"])
def test_the_balloon_of_the_page_flies_anywhere(place: str) -> None:
    from reelway.previz.marcher import march

    setting = SETTINGS[place](
        Shot(setting=place, cast=(Cast(kind="balloon", count=2),)), seed=3, duration_s=5.0, aspect=16 / 9
    )
    seen = march(setting, 2.0, 96, 54, lambda: False)
    groups, hero = seen.groups, seen.hero
    assert ((groups >= hero[0]) & (groups <= hero[1])).sum() > 30


@pytest.mark.usefixtures("cache_dir", "added")
@pytest.mark.parametrize("subject", ["balloon", "person", "car"])
def test_the_salt_flat_of_the_page_holds_anyone(subject: str) -> None:
    from reelway.previz.marcher import picture

    setting = SETTINGS["salt"](Shot(setting="salt", cast=(Cast(kind=subject),)), seed=3, duration_s=5.0, aspect=16 / 9)
    frame = picture(setting, 2.0, 96, 54, 1 / 24, lambda: False)
    assert np.isfinite(frame).all()
    assert frame.std() > 12
