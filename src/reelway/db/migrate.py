"""Numbered SQL files, each applied once, in order, in one transaction.

The files are plain SQL for every database; the one word they cannot share is spelled per driver:
SERIAL_KEY is an integer primary key that counts up by itself and never reuses a number.
"""

from importlib.resources import files
from typing import Final, NamedTuple

from reelway.db.script import Script, Statement, sql
from reelway.errors import ConfigError

SQLITE_WORDS: Final = {"SERIAL_KEY": "INTEGER PRIMARY KEY AUTOINCREMENT"}


class Migration(NamedTuple):
    """One file: `0001_first.sql`."""

    number: int
    name: str
    text: str


def migrations() -> list[Migration]:
    """All of them, in order; raises ConfigError when a number is missing."""
    found = sorted(
        Migration(int(f.name[:4]), f.name, f.read_text())
        for f in files("reelway.db.migrations").iterdir()
        if f.name.endswith(".sql")
    )
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise ConfigError(f"migrations are not numbered 1, 2, ...: {[m.name for m in found]}")
    return found


def migrate(words: dict[str, str], now_ms: int) -> Script[list[str]]:
    """Apply what is missing; returns the names applied now."""
    yield sql("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT, applied_at BIGINT)")
    rows = yield sql("SELECT number FROM migrations")
    done = {row[0] for row in rows}
    wanted = migrations()
    if done - {m.number for m in wanted}:
        raise ConfigError(f"the database was made by a newer Reelway (migration {max(done)}); upgrade this one")
    applied = []
    for migration in wanted:
        if migration.number in done:
            continue
        for text in statements(migration.text, words):
            yield Statement(text, ())
        yield sql("INSERT INTO migrations VALUES ($1, $2, $3)", migration.number, migration.name, now_ms)
        applied.append(migration.name)
    return applied


def statements(text: str, words: dict[str, str]) -> list[str]:
    """Split a migration; our files hold no semicolon inside a statement."""
    without_comments = "\n".join(line.split("--")[0] for line in text.splitlines())
    for word, spelled in words.items():
        without_comments = without_comments.replace(word, spelled)
    return [s.strip() for s in without_comments.split(";") if s.strip()]
