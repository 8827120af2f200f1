"""From the setting to the Storage it names."""

from pathlib import Path
from typing import Final

from reelway.errors import ConfigError
from reelway.storage.base import Storage
from reelway.storage.local import LocalStorage

ACCEPTED: Final = ("local",)


def choose(url: str, data_dir: Path) -> Storage:
    """`local`: files in `data_dir`/files. Raises ConfigError for anything else, naming what is accepted."""
    if url == "local":
        return LocalStorage(data_dir / "files")
    # The part before the colon alone: the rest of a bucket's URL may hold a secret.
    raise ConfigError(f"no storage {url.split(':', 1)[0]!r}; there is {', '.join(ACCEPTED)}")
