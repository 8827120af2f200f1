"""What may go to the server together, and how it is spelled."""

import pytest

from reelway.db.compose import together


def test_arguments_are_numbered_through() -> None:
    texts = ("INSERT INTO a VALUES ($1, $2, $1)", "UPDATE b SET x = $2 WHERE id = $1", "SELECT 1 FROM c WHERE id = $1")
    assert together(texts) == (
        "WITH t1 AS (INSERT INTO a VALUES ($1, $2, $1)), t2 AS (UPDATE b SET x = $4 WHERE id = $3)"
        " SELECT 1 FROM c WHERE id = $5"
    )


def test_one_is_itself() -> None:
    assert together(("CREATE TABLE a (x TEXT)",)) == "CREATE TABLE a (x TEXT)"


@pytest.mark.parametrize(
    "texts",
    [
        ("INSERT INTO a VALUES ($1)", "INSERT INTO a VALUES ($1)"),
        ("INSERT INTO a VALUES ($1)", "INSERT INTO b VALUES ($1)", "INSERT INTO a VALUES ($1) ON CONFLICT DO NOTHING"),
        ("UPDATE a SET x = 1", "INSERT INTO b VALUES ($1) RETURNING 1"),
        ("INSERT INTO a SELECT $1, MAX(n) FROM a", "UPDATE b SET x = $1"),
        ("INSERT INTO events VALUES ($1)", "SELECT event_types FROM endpoints"),
    ],
)
def test_what_does_not_touch_goes_together(texts: tuple[str, ...]) -> None:
    assert together(texts) is not None


@pytest.mark.parametrize(
    "texts",
    [
        ("INSERT INTO a VALUES ($1)", "SELECT x FROM a"),
        ("UPDATE a SET x = 1 WHERE id = $1", "UPDATE a SET x = 2 WHERE id = $1"),
        ("INSERT INTO a VALUES ($1)", "DELETE FROM a WHERE id = $1"),
        ("DELETE FROM a WHERE id = $1", "INSERT INTO a VALUES ($1)"),
        ("INSERT INTO a VALUES ($1)", "INSERT INTO a SELECT $1, MAX(n) + 1 FROM a"),
        ("INSERT INTO a VALUES ($1)", "INSERT INTO a VALUES ($1) ON CONFLICT (id) DO UPDATE SET x = 1"),
        ("INSERT INTO a VALUES ($1)", "UPDATE b SET x = (SELECT MAX(n) FROM a)"),
        ("INSERT INTO a VALUES ($1) RETURNING 1", "UPDATE b SET x = $1"),
        ("WITH r AS (SELECT 1) INSERT INTO a SELECT * FROM r", "UPDATE b SET x = $1"),
        ("INSERT INTO a VALUES ($1)", "WITH r AS (SELECT 1) SELECT * FROM r"),
        ("INSERT INTO a VALUES ($1)", "CREATE INDEX i ON b (x)"),
        ("SELECT 1", "UPDATE b SET x = $1"),
    ],
)
def test_what_touches_goes_apart(texts: tuple[str, ...]) -> None:
    assert together(texts) is None
