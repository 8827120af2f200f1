"""`reelway …` as its own process, away from anybody's settings."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import PREVIZ_CACHE
from s3 import s3

__all__ = ["reelway", "s3"]

Reelway = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def reelway(tmp_path: Path) -> Reelway:
    """`reelway("keys", "list", REELWAY_PORT="1")` runs in `tmp_path`, where the data folder is `data`."""

    def run(*args: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("REELWAY_")}
        return subprocess.run(
            [sys.executable, "-m", "reelway", *args],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=plain | {"REELWAY_PREVIZ_CACHE": str(PREVIZ_CACHE)} | variables,
        )

    return run
