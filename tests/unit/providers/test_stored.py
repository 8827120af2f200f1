"""Providers in the database: what comes out is what went in, and a row that was tampered with does not open."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reelway.db.base import Database
from reelway.db.migrate import SQLITE, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Script, sql
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import ConfigError
from reelway.kit.sealed import Seal
from reelway.providers.configured import configure
from reelway.providers.stored import (
    count_unfinished,
    list_tables,
    open_tables,
    put_table,
    remove_table,
    reseal_tables,
)

SECRET, OTHER = b"a" * 32, b"b" * 32
SEAL = Seal(SECRET)
KEY = "sk-0123456789-secret"
PLAIN = {"base_url": "https://api.example.com/v1", "weight": 2, "nested": {"a": 1}}


@pytest.fixture
async def db(database_setting: str, tmp_path: Path) -> AsyncIterator[Database]:
    opened: Database
    if database_setting == "sqlite":
        opened = SqliteDatabase(tmp_path / "reelway.db")
        await opened.write(migrate(SQLITE, 0))
    else:
        opened = await PostgresDatabase.connect(database_setting, most=1)
    yield opened
    await opened.aclose()


def changed(text: str, *args: Any) -> Script[None]:
    yield sql(f"{text} RETURNING 1", *args)


async def revealed(db: Database, seal: Seal = SEAL) -> dict[str, dict[str, Any]]:
    opened = await db.read(open_tables(seal))
    for table in opened.values():
        if "key" in table:
            table["key"] = table["key"].get_secret_value()
    return opened


async def put(db: Database, name: str = "paid", key: str | None = KEY, seal: Seal = SEAL, now_ms: int = 5) -> None:
    secrets = {} if key is None else {"key": key}
    await db.write(put_table(name, "openai_compatible", PLAIN, secrets, seal, now_ms))


async def test_what_comes_out_is_what_went_in(db: Database) -> None:
    await put(db)
    await put(db, "open", None)
    table = {"provider": "openai_compatible"} | PLAIN
    assert await revealed(db) == {"open": table, "paid": table | {"key": KEY}}


async def test_a_secret_of_a_table_within_the_table_comes_back_to_its_place(db: Database) -> None:
    await db.write(put_table("x", "kind", {"auth": {"user": "me"}}, {"auth.token": KEY, "proxy.key": KEY}, SEAL, 5))
    opened = (await db.read(open_tables(SEAL)))["x"]
    assert opened["auth"]["user"] == "me"
    assert opened["auth"]["token"].get_secret_value() == opened["proxy"]["key"].get_secret_value() == KEY


async def test_no_row_and_no_repr_shows_the_key(db: Database) -> None:
    await put(db)
    rows = await db.read(everything())
    assert KEY not in repr(rows)
    assert KEY not in repr(await db.read(list_tables()))
    assert KEY not in repr(await db.read(open_tables(SEAL)))
    tables = {"paid": {k: v for k, v in (await db.read(open_tables(SEAL)))["paid"].items() if k != "nested"}}
    made = configure({}, {}, tables)
    assert made["paid"].settings.key.get_secret_value() == KEY  # type: ignore[union-attr]
    assert KEY not in repr(made)


def everything() -> Script[list[Any]]:
    return (yield sql("SELECT * FROM provider_tables"))


async def test_a_table_of_the_same_name_takes_the_place_of_the_old_one(db: Database) -> None:
    await put(db, now_ms=5)
    await put(db, key="another-key-0123456789", now_ms=7)
    [table] = await db.read(list_tables())
    assert (table.created_at, table.updated_at) == (5, 7)
    assert (await revealed(db))["paid"]["key"] == "another-key-0123456789"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE provider_tables SET name = 'evil' WHERE name = 'paid'",
        "UPDATE provider_tables SET settings = '{\"base_url\":\"https://evil.example\"}' WHERE name = 'paid'",
        "UPDATE provider_tables SET kind = 'fal' WHERE name = 'paid'",
        "UPDATE provider_tables SET secrets = (SELECT secrets FROM provider_tables WHERE name = 'other')"
        " WHERE name = 'paid'",
        "UPDATE provider_tables SET secrets = 'gAAAA' WHERE name = 'paid'",
    ],
)
async def test_a_key_cannot_be_sent_elsewhere_by_who_can_only_write_rows(db: Database, change: str) -> None:
    await put(db)
    await put(db, "other", "the-key-of-the-other-one")
    await db.write(changed(change))
    with pytest.raises(ConfigError, match="cannot be opened") as caught:
        await db.read(open_tables(SEAL))
    assert KEY not in caught.value.message


async def test_with_another_secret_the_provider_and_the_way_out_are_named(db: Database) -> None:
    await put(db)
    with pytest.raises(ConfigError) as caught:
        await db.read(open_tables(Seal(OTHER)))
    for word in ("provider paid", "REELWAY_PREVIOUS_OPERATOR_SECRET", "reelway providers add paid --replace"):
        assert word in caught.value.message
    assert KEY not in caught.value.message


async def test_after_resealing_the_previous_secret_is_needed_no_more(db: Database) -> None:
    await put(db)
    await put(db, "open", None)
    both = Seal(OTHER, SECRET)
    assert [t.is_newest(both) for t in await db.read(list_tables())] == [True, False]
    assert await db.write(reseal_tables(both, 9)) == ["paid"]
    assert (await revealed(db, Seal(OTHER)))["paid"]["key"] == KEY
    with pytest.raises(ConfigError):
        await db.read(open_tables(SEAL))


async def test_nothing_is_resealed_when_one_cannot_be_opened(db: Database) -> None:
    await put(db, "a")
    await put(db, "b", seal=Seal(b"c" * 32))
    with pytest.raises(ConfigError, match="provider b"):
        await db.write(reseal_tables(Seal(OTHER, SECRET), 9))
    [a, _] = await db.read(list_tables())
    assert a.updated_at == 5
    assert a.opened(SEAL)["key"].get_secret_value() == KEY


async def test_what_is_removed_is_gone(db: Database) -> None:
    await put(db)
    assert await db.write(remove_table("paid"))
    assert not await db.write(remove_table("paid"))
    assert await db.read(open_tables(SEAL)) == {}
    assert await db.read(count_unfinished("paid")) == 0
