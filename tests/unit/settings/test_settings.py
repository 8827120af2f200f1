"""One object, four sources, and no mistyped name goes unnoticed."""

from pathlib import Path

import pytest

from reelway.errors import ConfigError
from reelway.settings import Settings, describe, load_settings


def test_command_line_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "reelway.toml"
    file.write_text('port = 1\nhost = "127.0.0.9"\ndrain_s = 3\n')
    environ = {"REELWAY_PORT": "2", "REELWAY_HOST": "127.0.0.8"}
    loaded = load_settings({"port": 3, "host": None}, file=file, environ=environ)
    assert (loaded.port, loaded.host, loaded.drain_s, loaded.in_flight_max) == (3, "127.0.0.8", 3.0, 100)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"REELWAY_PROT": "1"}, "there is no setting REELWAY_PROT; did you mean REELWAY_PORT?"),
        ({"REELWAY_PORT": "x"}, "REELWAY_PORT='x': input should be a valid integer"),
        ({"REELWAY_PORT": "70000"}, "REELWAY_PORT='70000': input should be less than or equal to 65535"),
        ({"REELWAY_ALLOW_PRIVATE": "10.0.0.1/8"}, "REELWAY_ALLOW_PRIVATE"),
    ],
)
def test_a_bad_variable_is_named_with_its_value(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({}, environ=environ)
    assert message in caught.value.message


def test_a_mistyped_name_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("prot = 1")
    with pytest.raises(ConfigError, match="there is no setting 'prot'; did you mean port"):
        load_settings({}, file=tmp_path / "r.toml", environ={})


def test_a_clients_key_in_the_same_shell_is_no_setting_and_no_mistake() -> None:
    assert load_settings({}, environ={"REELWAY_KEY": "rw_live_x", "REELWAY_CONFIG": "x"}).port == 8080


def test_every_setting_has_a_meaning() -> None:
    assert all(line["meaning"] for line in describe())
    assert len(describe()) == len(Settings.model_fields)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
