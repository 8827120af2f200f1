"""Several statements as one text, so that they go to the server and back together.

    WITH t1 AS (INSERT INTO transfers ...), t2 AS (INSERT INTO events ...) UPDATE accounts ... RETURNING ...

PostgreSQL runs such parts on one snapshot, the last one first: none sees what another does, and no row may be
changed by two of them. So a statement joins only when it does not mention a table that an earlier part writes;
inserts of given values into the same table are the exception.
"""

import re
from functools import lru_cache
from typing import Final

_WRITE: Final = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)
_PART: Final = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|SELECT)\b", re.IGNORECASE)
_ROWS: Final = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_LOOKS: Final = re.compile(r"\b(?:SELECT|DO UPDATE)\b", re.IGNORECASE)
_INSERT: Final = re.compile(r"\s*INSERT\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\$(\d+)")


@lru_cache(maxsize=1024)
def together(texts: tuple[str, ...]) -> str | None:
    """All of them as one, arguments numbered through; None when they must be sent one after the other."""
    *told, last = texts
    if not told:
        return last
    if not _PART.match(last) or any(_ROWS.search(text) for text in told):
        return None
    written: dict[str, bool] = {}  # tables, and whether all that happens to them is inserts of given values
    for text in texts:
        for table, only_values in written.items():
            if re.search(rf"\b{table}\b", text) and not (only_values and _only_values(text, table)):
                return None
        target = _WRITE.match(text)
        if target is not None:
            written[target[1]] = _only_values(text, target[1])
        elif text is not last:
            return None
    parts, count = [], 0
    for text in texts:
        parts.append(_NUMBER.sub(lambda found, count=count: f"${int(found[1]) + count}", text))  # type: ignore[misc]
        count += max((int(number) for number in _NUMBER.findall(text)), default=0)
    *told, last = parts
    return f"WITH {', '.join(f't{n} AS ({part})' for n, part in enumerate(told, 1))} {last}"


def _only_values(text: str, table: str) -> bool:
    target = _WRITE.match(text)
    return bool(target and target[1] == table and _INSERT.match(text) and not _LOOKS.search(text))
