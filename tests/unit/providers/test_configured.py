"""[providers.NAME]: what is wrong is named with the table, the key and what is allowed; a key is never quoted."""

from pathlib import Path
from typing import Any

import pytest

from reelway.errors import ConfigError
from reelway.providers.configured import configure, describe
from reelway.settings import load_settings

SECRET = "sk-0123456789-secret"
SGLANG = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:30000/v1", "profile": "sglang"}
PAID = {"provider": "openai_compatible", "base_url": "https://api.example.com/v1"}


def test_what_takes_no_table_is_always_there() -> None:
    assert set(configure({}, {})) >= {"previz", "sandbox"}
    assert "openai_compatible" not in configure({}, {})


def test_one_kind_may_have_several_tables() -> None:
    made = configure({"sglang": SGLANG, "other": SGLANG | {"in_flight_max": 2, "poll_first_s": 0.5}}, {})
    assert made["sglang"].settings.profile == "sglang"  # type: ignore[union-attr]
    assert (made["sglang"].facts.in_flight_max, made["other"].facts.in_flight_max) == (8, 2)
    assert made["other"].facts.poll_first_s == 0.5


@pytest.mark.parametrize("source", ["key", "key_env", "key_file"])
def test_a_key_comes_from_one_of_three_places(source: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n")
    given = {"key": SECRET, "key_env": "THE_KEY", "key_file": str(tmp_path / "key")}[source]
    made = configure({"paid": PAID | {source: given}}, {"THE_KEY": SECRET})["paid"]
    assert made.settings.key.get_secret_value() == SECRET  # type: ignore[union-attr]
    assert SECRET not in repr(made)


@pytest.mark.parametrize(
    ("name", "table", "message"),
    [
        ("sglang", SGLANG | {"prfile": "x"}, "[providers.sglang]: there is no key 'prfile'; did you mean profile?"),
        ("sglang", SGLANG | {"zzz": 1}, "there are provider, key_env, key_file, key, timeout_s"),
        ("sglang", SGLANG | {"profile": "x"}, "[providers.sglang] profile: input should be 'openai', 'sglang', "),
        ("sglang", {"base_url": "http://x"}, "no kind of provider 'sglang'; add provider = \"…\"; there are"),
        ("x", {"provider": "openai_compatibel"}, "did you mean openai_compatible?"),
        ("openai_compatible", {"key": SECRET}, "[providers.openai_compatible] base_url: field required"),
        ("x", SGLANG | {"base_url": "127.0.0.1:30000"}, "base_url: write an address like https://host/v1"),
        ("x", SGLANG | {"base_url": f"http://me:{SECRET}@host/v1"}, "without user"),
        ("x", SGLANG | {"base_url": "http://host:99999/v1"}, "base_url: port out of range"),
        ("x", SGLANG | {"timeout_s": 0}, "[providers.x] timeout_s: input should be greater than 0"),
        ("paid", PAID, "[providers.paid]: profile 'openai' needs a key; give key_env, key_file or key"),
        ("paid", PAID | {"key_env": "NO_KEY"}, "[providers.paid] key_env: the environment variable NO_KEY is missing"),
        ("paid", PAID | {"key_file": "missing.key"}, "[providers.paid] key_file: cannot read missing.key"),
        ("paid", PAID | {"key": SECRET, "key_env": "A"}, "key and key_env are given; one of them is enough"),
        ("previz", {"threads": 1}, "previz is always there and takes no table"),
        ("No Name", SGLANG, "a name is of a-z"),
    ],
)
def test_a_mistake_is_named_and_no_secret_is(name: str, table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configure({name: table}, {})
    assert message in caught.value.message
    assert SECRET not in caught.value.message


def test_the_file_and_the_environment_bring_the_same_tables(tmp_path: Path) -> None:
    file = tmp_path / "reelway.toml"
    file.write_text('[providers.sglang]\nprofile = "sglang"\n')
    in_file = load_settings({}, file=file, environ={})
    in_environment = load_settings({}, environ={"REELWAY_PROVIDERS": '{"sglang": {"profile": "sglang"}}'})
    assert in_file.providers == in_environment.providers == {"sglang": {"profile": "sglang"}}


@pytest.mark.parametrize("text", [f'{{"a": "{SECRET}"}}', f'["{SECRET}"]', SECRET])
def test_tables_that_are_none_are_not_quoted(text: str) -> None:
    with pytest.raises(ConfigError, match="REELWAY_PROVIDERS") as caught:
        load_settings({}, environ={"REELWAY_PROVIDERS": text})
    assert SECRET not in caught.value.message


def test_settings_do_not_show_the_tables() -> None:
    assert SECRET not in repr(load_settings({"providers": {"paid": PAID | {"key": SECRET}}}, environ={}))


def test_every_key_of_every_table_has_a_meaning() -> None:
    assert all(row["meaning"] for row in describe())
    assert {"provider", "key_env", "base_url", "profile", "timeout_s"} <= {row["key"] for row in describe()}
