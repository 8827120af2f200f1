"""What holds for every command: speed, exit codes, errors."""

import json
import subprocess
import sys

import pytest

from reelway.cli.main import COMMANDS

HEAVY = ("fastapi", "starlette", "pydantic", "apsw", "uvicorn", "aiohttp", "numba", "numpy", "structlog", "asyncio")


@pytest.mark.parametrize("args", [["--help"], ["--version"], []])
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    """Else it takes a second, and people feel it."""
    code = (
        "import sys, json\n"
        "from reelway.cli.main import main\n"
        f"try: main({args!r})\n"
        f"except SystemExit: sys.exit(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stderr.splitlines()[-1]) == []


@pytest.mark.parametrize("command", ["serve", "api", "worker", "move"])
def test_the_help_of_a_server_does_not_load_it(command: str) -> None:
    code = (
        "import sys\n"
        "from reelway.cli.main import main\n"
        f"try: main([{command!r}, '--help'])\n"
        "except SystemExit: sys.exit(any(m in sys.modules for m in ('fastapi', 'asyncpg', 'apsw')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60).returncode == 0


def test_help_names_every_command(reelway) -> None:
    shown = reelway("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in shown


def test_a_command_nobody_knows_is_a_usage_error(reelway) -> None:
    done = reelway("keyz")
    assert (done.returncode, done.stdout) == (2, "")
    assert "keyz" in done.stderr


def test_an_unknown_option_is_a_usage_error(reelway) -> None:
    assert reelway("keys", "list", "--colour").returncode == 2


def test_a_mistyped_variable_is_named_with_the_nearest(reelway) -> None:
    done = reelway("keys", "list", REELWAY_PROT="9")
    assert done.returncode == 1
    assert done.stderr == "error: there is no setting REELWAY_PROT\nhint: did you mean REELWAY_PORT?\n"


def test_a_bad_value_is_named_with_its_variable(reelway) -> None:
    done = reelway("serve", REELWAY_PORT="http")
    assert done.returncode == 1
    assert "REELWAY_PORT='http'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_settings_file_is_read_and_its_mistakes_are_named(reelway, tmp_path) -> None:
    (tmp_path / "reelway.toml").write_text('data = "elsewhere"\n')
    assert reelway("keys", "create", "--config", "reelway.toml").returncode == 0
    assert (tmp_path / "elsewhere" / "reelway.db").exists()
    (tmp_path / "reelway.toml").write_text("prot = 1\n")
    done = reelway("keys", "list", REELWAY_CONFIG="reelway.toml")
    assert done.returncode == 1
    assert "did you mean port" in done.stderr


def test_looking_makes_no_data_folder(reelway, tmp_path) -> None:
    done = reelway("keys", "list", "--data", "typo")
    assert done.returncode == 1
    assert "no Reelway data in typo" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_a_folder_that_cannot_be_made_is_an_error_and_no_traceback(reelway, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    for command in (["serve", "--port", "0"], ["keys", "create"], ["db", "migrate"]):
        done = reelway(*command, "--data", "file/data")
        assert done.returncode == 1, command
        assert done.stderr.startswith("error: cannot"), command
        assert "Traceback" not in done.stderr


def test_a_damaged_database_is_an_error_and_no_traceback(reelway, tmp_path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "reelway.db").write_bytes(b"not a database at all, " * 500)
    done = reelway("keys", "list")
    assert done.returncode == 1
    assert "is not a SQLite database" in done.stderr
    assert "Traceback" not in done.stderr
