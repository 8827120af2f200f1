"""The note that a moved installation leaves behind."""

from pathlib import Path

import pytest

from reelway.errors import ConfigError
from reelway.move.moved import Moved, check_not_moved, note_path, read_note, write_note
from reelway.settings import Settings

ELSEWHERE = "postgresql://reelway@db/reelway"


def test_a_folder_without_a_note_may_be_worked_on(tmp_path: Path) -> None:
    check_not_moved(Settings(data=tmp_path))
    check_not_moved(Settings(data=tmp_path / "not made yet"))


def test_the_rows_may_not_be_worked_on_again_but_elsewhere(tmp_path: Path) -> None:
    write_note(tmp_path, Moved(database=ELSEWHERE))
    check_not_moved(Settings(data=tmp_path, database=ELSEWHERE))
    with pytest.raises(ConfigError, match=f"were moved to {ELSEWHERE}; name that with --database, or remove"):
        check_not_moved(Settings(data=tmp_path))


def test_the_files_may_not_be_worked_on_again_but_elsewhere(tmp_path: Path) -> None:
    write_note(tmp_path, Moved(storage="s3://clips"))
    check_not_moved(Settings(data=tmp_path, storage="s3://clips"))
    with pytest.raises(ConfigError, match="were moved to s3://clips; name that with --storage"):
        check_not_moved(Settings(data=tmp_path))


def test_what_is_half_moved_may_not_be_worked_on_either(tmp_path: Path) -> None:
    """Its rows were copied: what changed after that would be lost."""
    write_note(tmp_path, Moved(database=ELSEWHERE, finished=False))
    with pytest.raises(ConfigError, match=r"are half moved to .*; go on with `reelway move --resume`, or remove"):
        check_not_moved(Settings(data=tmp_path))


def test_a_second_note_keeps_what_the_first_said(tmp_path: Path) -> None:
    write_note(tmp_path, Moved(database=ELSEWHERE))
    write_note(tmp_path, Moved(storage="s3://clips"))
    assert read_note(tmp_path) == Moved(database=ELSEWHERE, storage="s3://clips")


@pytest.mark.parametrize("written", ["{", "[]", "7", '{"moon": 1}'])
def test_a_note_that_cannot_be_read_stops_everything(tmp_path: Path, written: str) -> None:
    note_path(tmp_path).write_text(written)
    with pytest.raises(ConfigError, match="look into it"):
        check_not_moved(Settings(data=tmp_path))
