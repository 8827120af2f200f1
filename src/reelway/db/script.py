"""A transaction spelled out once for every database: a generator that yields SQL and is sent rows.

    def hold(...) -> Script[bool]:
        rows = yield sql("UPDATE accounts SET ... WHERE id = $1 RETURNING 1", account)
        return bool(rows)

Scripts call each other with `yield from`, so a transaction reads like a story and commits once, in the driver.
Placeholders are $1, $2, ...; arguments are str, int, float, bytes or None; rows are tuples. Instants are
milliseconds in BIGINT, booleans are 0 and 1, JSON is TEXT: one SQL text serves both databases.
"""

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

import orjson

T = TypeVar("T")

Value: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = list[Row]


class Statement(NamedTuple):
    """One SQL statement and its arguments."""

    text: str
    args: tuple[Value, ...]
    silent: bool = False


Script: TypeAlias = Generator[Statement, Rows, T]


def sql(text: str, *args: Value) -> Statement:
    """`rows = yield sql("SELECT ... WHERE id = $1", id)`."""
    return Statement(text, args)


def tell(text: str, *args: Value) -> Statement:
    """Like `sql`, where nobody looks at the rows: nothing comes back, and a driver may send it with the next ones.

    Not for a lock that a later question relies on: both may look at the rows as they were before it.
    """
    return Statement(text, args, True)


def run_script(script: Script[T], execute: Callable[[Statement], Rows]) -> T:
    """Drive a script to its end with a blocking `execute`; returns what the script returns."""
    try:
        statement = next(script)
        while True:
            statement = script.send(execute(statement))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        script.close()


def to_json(value: Any) -> str:
    """JSON for a TEXT column; sorted, so equal values are equal text."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def from_json(text: str | None) -> Any:
    """What `to_json` wrote; None for NULL."""
    return None if text is None else orjson.loads(text)
