"""The limit for anything on PostgreSQL: pgbench running the statements that one of our requests runs.

The texts are those that the driver sent, word for word; pgbench prepares them as the driver does. Arguments become
pgbench's variables: what was the same in two requests is kept, ids and keys are made anew for each transaction, as
wide as ours and in the same order, and the account is any of the same number of accounts. No Python, no HTTP: nothing
that runs these statements could be faster.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.servers import binary

from bench.tenants import FIRST, KEY, KEY_ID, WORKSPACE
from reelway.accounts.keys import hash_key

Statement: TypeAlias = tuple[str, tuple[Any, ...]]
Request: TypeAlias = list[Statement]

_ARGUMENT = re.compile(r"\$(\d+)")
_OPAQUE = re.compile(r"[0-9a-z_]{20,}")  # an id or a token, not a text
_TOLD_APART = 1_000_000_000  # runs of pgbench: each counts from its own multiple
_NUMBERS = f"\\set a random({FIRST}, :last)\n\\set i :i + 1\n\\set n :i * 1000 + :client_id\n"
_RANDOM = "\\set r random(100000000000000000, 999999999999999999)\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a run of pgbench came to."""

    per_s: float
    latency_ms: float


def requests_in(recorded: Path) -> list[Request]:
    """What `serve --record` wrote, cut where somebody signs in; the last ones are the last requests."""
    found: list[Request] = []
    for line in recorded.read_text().splitlines():
        text, args = json.loads(line)
        if "FROM api_keys AS k" in text:
            found.append([])
        if found:
            found[-1].append((text, tuple(args)))
    return found


def tokens_of(number: int, video: str, unique: str = "") -> dict[str, str]:
    """How pgbench says what belongs to customer `number` (from FIRST) and to the request alone."""
    known = {
        f"{WORKSPACE}{number}": f"'{WORKSPACE}' || :a::text",
        f"{KEY_ID}{number}": f"'{KEY_ID}' || :a::text",
        hash_key(f"{KEY}{number}"): f"encode(sha256(('{KEY}' || :a::text)::bytea), 'hex')",
        video: "'video_00000000' || :n::text",
    }
    return known | ({unique: "'bench-' || :n::text"} if unique else {})


class Script:
    """Made from two requests of the same kind."""

    def __init__(self, request: Request, other: Request, tokens: Mapping[str, str]) -> None:
        if [text for text, _ in request] != [text for text, _ in other]:
            raise RuntimeError(f"two equal requests ran different statements:\n{request}\n{other}")
        self._tokens = tokens
        self._token = re.compile("|".join(re.escape(t) for t in tokens))
        self.values: dict[str, str] = {}  # what is the same in every transaction, by variable
        self.statements = len(request)
        pairs = zip(request, other, strict=True)
        lines = [self._line(text, list(zip(args, others, strict=True))) for (text, args), (_, others) in pairs]
        self.text = "\n".join(lines) + "\n"

    def run(
        self, url: str, folder: Path, *, clients: int, seconds: float, accounts: int, run: int, head: str = ""
    ) -> Rate:
        """pgbench for some whole seconds; `run` tells its ids apart from those of other runs on this database."""
        path = folder / f"pgbench-{run}.sql"
        path.write_text((head or _NUMBERS + _RANDOM) + self.text)
        variables = self.values | {"last": str(FIRST + accounts - 1), "i": str((100_000 + run) * _TOLD_APART)}
        command: list[str] = [str(binary("pgbench")), "--no-vacuum", "--protocol=prepared", f"--file={path}"]
        command += [f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={max(round(seconds), 1)}"]
        command += [f"--define={name}={value}" for name, value in variables.items()]
        done = subprocess.run([*command, url], capture_output=True, text=True, check=False)
        tps, latency = (re.search(rf"{name} = ([0-9.]+)", done.stdout) for name in ("tps", "latency average"))
        failed = "number of failed transactions: 0 " not in done.stdout
        if done.returncode or failed or tps is None or latency is None:
            raise RuntimeError(f"pgbench failed: {done.stdout[-500:]}{done.stderr[-1500:]}\n{path.read_text()}")
        return Rate(per_s=float(tps[1]), latency_ms=float(latency[1]))

    def _line(self, text: str, args: Sequence[tuple[Any, Any]]) -> str:
        if re.search(r"(?<!:):\w", text):
            raise RuntimeError(f"pgbench would take a part of this for a variable: {text}")
        return _ARGUMENT.sub(lambda found: self._argument(*args[int(found[1]) - 1]), text) + ";"

    def _argument(self, value: Any, other: Any) -> str:
        if value is None:
            return "NULL"
        if value == "":
            return "''"  # pgbench knows no empty variables
        if not isinstance(value, str):
            return self._constant(str(value))
        if self._token.search(value):
            return f"({self._spelled(value)})"
        if value != other and _OPAQUE.fullmatch(value):
            return f"('{'0' * (len(value) - 18)}' || :r::text)"
        return self._constant(value)

    def _spelled(self, value: str) -> str:
        parts, at = [], 0
        for found in self._token.finditer(value):
            parts += [f"{self._constant(value[at : found.start()])}::text"] if found.start() > at else []
            parts.append(self._tokens[found[0]])
            at = found.end()
        parts += [f"{self._constant(value[at:])}::text"] if at < len(value) else []
        return " || ".join(parts)

    def _constant(self, value: str) -> str:
        for name, known in self.values.items():
            if known == value:
                return f":{name}"
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"


def reading(first: int, last: int) -> str:
    """The head of a script that reads the generations numbered so."""
    return f"\\set n random({first}, {last})\n"
