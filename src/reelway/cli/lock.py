"""One server per data folder: a lock that the kernel drops when its owner dies, with the owner's facts inside."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from reelway.errors import ConfigError

_LOOKS: Final = 10
_LOOK_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The server that has the folder."""

    pid: int
    url: str | None  # None until it listens


@contextmanager
def locked(data: Path) -> Iterator[Callable[[str], None]]:
    """Own `data` until the block ends; call what it yields with the URL once listening. Raises ConfigError."""
    with _path(data).open("a+b") as file:
        if not _taken(file):
            owner = _read(file)
            who = f"process {owner.pid}" + (f" on {owner.url}" if owner.url else "") if owner else "another process"
            raise ConfigError(
                f"a Reelway server ({who}) already uses the data folder {data}; stop it, or name another with --data"
            )
        _write(file, Owner(pid=os.getpid(), url=None))
        try:
            yield lambda url: _write(file, Owner(pid=os.getpid(), url=url))
        finally:
            file.truncate(0)  # the file stays: removing it would let two servers lock two files


def owner_of(data: Path) -> Owner | None:
    """The server that runs on `data` now, if there is one."""
    try:
        with _path(data).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(file)
    except OSError:
        pass
    return None


def _taken(file: BinaryIO) -> bool:
    for _ in range(_LOOKS):  # `owner_of` holds it for a moment too, and writes no facts
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _read(file) is not None:
                return False
            time.sleep(_LOOK_S)
        else:
            return True
    return False


def _path(data: Path) -> Path:
    return data / "serve.lock"


def _read(file: BinaryIO) -> Owner | None:
    file.seek(0)
    try:
        return Owner(**json.loads(file.read(4096)))
    except (ValueError, TypeError):  # it has just started, or just stopped
        return None


def _write(file: BinaryIO, owner: Owner) -> None:
    file.truncate(0)
    file.write(json.dumps(asdict(owner)).encode())
    file.flush()
