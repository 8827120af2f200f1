"""[providers.NAME]: what is wrong is named with the table, the key and what is allowed; a key is never quoted."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from reelway.errors import ConfigError
from reelway.providers import secrets
from reelway.providers.configured import configure, describe, kinds, settings_of
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
        ("sglang", SGLANG | {"zzz": 1}, "there are provider, key, key_env, key_file, timeout_s"),
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


STORED = {"provider": "openai_compatible", "base_url": "https://api.example.com/v1", "key": SecretStr(SECRET)}


def test_stored_tables_stand_beside_those_of_the_file() -> None:
    made = configure({"sglang": SGLANG}, {}, {"paid": STORED})
    assert {"previz", "sandbox", "sglang", "paid"} <= made.keys()
    assert made["paid"].settings.key.get_secret_value() == SECRET  # type: ignore[union-attr]
    assert SECRET not in repr(made)


def test_one_name_in_both_places_is_refused_with_both_ways_out() -> None:
    with pytest.raises(ConfigError) as caught:
        configure({"paid": PAID | {"key": SECRET}}, {}, {"paid": STORED})
    assert "take [providers.paid] out of the file" in caught.value.message
    assert "`reelway providers remove paid`" in caught.value.message


@pytest.mark.parametrize("change", [{"zzz": 1}, {"provider": "gone"}, {"base_url": 5}, {"key_env": "A"}])
def test_a_stored_table_that_is_wrong_is_named_with_the_way_out(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        configure({}, {}, {"paid": STORED | {"profile": "sglang"} | change})
    assert "the stored provider paid" in caught.value.message
    assert "`reelway providers remove paid` drops it" in caught.value.message
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("end", ["", "_env", "_file"])
def test_every_secret_may_be_kept_outside(end: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    given = {"": SECRET, "_env": "THE_SECRET", "_file": str(tmp_path / "secret")}[end]
    table = {"provider": "kling", "api": "legacy", "access_key": "AK", f"secret_key{end}": given}
    made = configure({"pair": table}, {"THE_SECRET": SECRET})["pair"]
    assert made.settings.secret_key.get_secret_value() == SECRET  # type: ignore[union-attr]
    assert SECRET not in repr(made)


def test_no_message_quotes_any_secret() -> None:
    table = {"provider": "kling", "api": "legacy", "secret_key": SECRET, "secret_key_env": "A"}
    with pytest.raises(ConfigError, match="secret_key and secret_key_env are given") as caught:
        configure({"pair": table}, {"A": SECRET})
    assert SECRET not in caught.value.message


class Inner(BaseModel):
    token: SecretStr
    user: str = ""


class Outer(BaseModel):
    key: Annotated[SecretStr, Field(min_length=3)] | None = None
    auth: Inner | None = None
    several: dict[str, Inner] = {}


def test_secrets_are_found_in_tables_within_the_table() -> None:
    table = {"key_env": "A", "auth": {"token_env": "B", "user": "me"}}
    given = secrets.resolve("x", Outer, table, {"A": "the-key", "B": SECRET})
    assert given == {"key": "the-key", "auth": {"token": SECRET, "user": "me"}}
    assert table["auth"] == {"token_env": "B", "user": "me"}
    settings = Outer(**given)
    assert secrets.values(settings) == {"key": "the-key", "auth.token": SECRET}
    taken = secrets.take_out(Outer, given)
    assert (given, taken) == ({"auth": {"user": "me"}}, {"key": "the-key", "auth.token": SECRET})
    secrets.put_back(given, taken)
    assert Outer(**given) == settings


@pytest.mark.parametrize(
    ("secret", "hint"),
    [("sk-0123456789abcdef", "…cdef"), ("short-key", "…"), ("", "…"), ('{"private_key": "0123456789"}\n', "…")],
)
def test_a_hint_is_four_characters_of_a_long_key(secret: str, hint: str) -> None:
    assert secrets.hint(secret) == hint


@pytest.mark.parametrize(
    ("said", "facts"),
    [
        ({}, (1.0, None, None)),
        ({"weight": "0", "budget_usd_per_day": "12.50"}, (0.0, 12_500_000, None)),
        ({"weight": 2.5, "budget_usd_per_month": 1000}, (2.5, None, 1_000_000_000)),
        ({"budget_usd_per_day": 0.1}, (1.0, 100_000, None)),
        ({"budget_usd_per_day": "0"}, (1.0, 0, None)),
    ],
)
def test_weights_and_budgets_are_facts(said: dict[str, Any], facts: tuple[Any, ...]) -> None:
    made = configure({"sglang": SGLANG | said}, {})["sglang"].facts
    assert (made.weight, made.budget_microusd_per_day, made.budget_microusd_per_month) == facts


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"weight": -1}, "weight: input should be greater than or equal to 0"),
        ({"weight": float("inf")}, "weight: input should be a finite number"),
        ({"budget_usd_per_day": "much"}, "budget_usd_per_day: 'much' is not an amount in USD; write it like 12.50"),
        ({"budget_usd_per_day": "-1"}, "budget_usd_per_day: -1 is less than nothing"),
        ({"budget_usd_per_month": True}, "budget_usd_per_month: write an amount in USD"),
        ({"budget_usd_per_month": "0.0000001"}, "at most 6 decimals"),
    ],
)
def test_an_impossible_weight_or_budget_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configure({"sglang": SGLANG | said}, {})
    assert f"[providers.sglang] {next(iter(said))}" in caught.value.message
    assert message in caught.value.message


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
    assert {"secret_key", "secret_key_env", "secret_key_file"} <= {
        row["key"] for row in describe() if row["provider"] == "kling"
    }


def test_what_every_table_may_say_is_said_once() -> None:
    assert [row["provider"] for row in describe() if row["key"] == "poll_first_s"] == ["(every)"]


@pytest.mark.parametrize("kind", kinds())
def test_no_secret_is_where_it_would_not_be_found_and_sealed(kind: str) -> None:
    """Like one within a list: what is not found is kept in the database as it is."""
    settings = settings_of(kind)
    assert settings is not None
    assert str(settings.model_json_schema()).count("'format': 'password'") == len(list(secrets.paths(settings)))
