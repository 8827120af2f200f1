"""The note that a move leaves in the old data folder, so that nothing works on the old rows or files again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from reelway.errors import ConfigError
from reelway.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What is elsewhere, without passwords; None for what is here. From its first batch on a move may only go on."""

    database: str | None = None
    storage: str | None = None
    finished: bool = True


def note_path(data: Path) -> Path:
    """Where the note is; removing it allows the old folder to be used again."""
    return data / "moved.json"


def read_note(data: Path) -> Moved:
    """What has left the folder; raises ConfigError when nobody can tell."""
    try:
        said = json.loads(note_path(data).read_text())
        return Moved(**said)
    except (FileNotFoundError, NotADirectoryError):
        return Moved()
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(
            f"{note_path(data)} cannot be read; it tells where this data was moved: look into it"
        ) from error


def write_note(data: Path, moved: Moved) -> None:
    """Whole or not at all; what an earlier move took stays taken."""
    before = read_note(data)
    now = Moved(
        database=moved.database or before.database,
        storage=moved.storage or before.storage,
        finished=moved.finished,
    )
    half = note_path(data).with_suffix(".half")
    half.write_text(json.dumps(asdict(now)) + "\n")
    half.replace(note_path(data))


def check_not_moved(settings: Settings) -> None:
    """Raise ConfigError where these settings would work on what was moved away: a job would run twice."""
    moved = read_note(settings.data)
    if moved.database and not settings.on_postgres:
        what, where, option = "rows", moved.database, "--database"
    elif moved.storage and settings.storage == "local":
        what, where, option = "files", moved.storage, "--storage"
    else:
        return
    note = note_path(settings.data)
    if not moved.finished:
        raise ConfigError(
            f"the {what} of {settings.data} are half moved to {where}; go on with `reelway move --resume`, or remove"
            f" {note} to give the move up"
        )
    raise ConfigError(
        f"the {what} of {settings.data} were moved to {where}; name that with {option}, or remove {note} to work"
        " here after all"
    )
