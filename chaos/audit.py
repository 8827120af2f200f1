"""The auditor: compares the records of a run, says what does not agree. `python -m chaos.audit FOLDER`."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos import records
from chaos.checks import clients, limits, money, provider, webhooks
from chaos.findings import Finding, Kind
from chaos.records import Records

SHOWN_MAX = 40
_CHECKS = (clients.check, clients.check_ends, provider.check, money.check, webhooks.check, limits.check)
_ENDS = ("succeeded", "failed", "cancelled", "expired")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run came to."""

    accepted: int
    ends: dict[str, int]
    held: int
    findings: tuple[Finding, ...]
    written_off_microusd: int  # charged by the provider for answers that were lost for good

    def count(self, kind: Kind) -> int:
        """How many of a kind; money in micro-dollars."""
        found = [f for f in self.findings if f.kind is kind]
        return sum(f.microusd for f in found) if kind is Kind.MONEY else len(found)

    @property
    def good(self) -> bool:
        """Nothing lost, doubled, unaccounted or over a limit."""
        return not self.findings


def audit(seen: Records) -> Verdict:
    """Everything that does not agree."""
    states = Counter(g["state"] for g in seen.rows["generations"])
    return Verdict(
        accepted=len(seen.rows["generations"]),
        ends={state: states[state] for state in _ENDS},
        held=len(seen.held()),
        findings=tuple(finding for check in _CHECKS for finding in check(seen)),
        written_off_microusd=provider.written_off_microusd(seen),
    )


def table(verdicts: dict[str, Verdict]) -> str:
    """One line a run."""
    head = ("", "accepted", *_ENDS, "held", "lost", "doubled", "money", "over limit")
    lines: list[tuple[str, ...]] = [head]
    for name, v in verdicts.items():
        bars = [v.count(kind) for kind in (Kind.LOST, Kind.DOUBLED, Kind.MONEY, Kind.LIMIT)]
        lines.append((name, *map(str, (v.accepted, *v.ends.values(), v.held, *bars))))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    )


def details(verdict: Verdict) -> str:
    """The findings, each with its rows' names."""
    shown = [f"  {f.kind}: {f.subject}: {f.what}" for f in verdict.findings[:SHOWN_MAX]]
    left = len(verdict.findings) - SHOWN_MAX
    return "\n".join([*shown, *([f"  and {left} more"] if left > 0 else [])])


def main(arguments: Sequence[str]) -> int:
    """Audit the folders of earlier runs; exit code 1 when anything does not agree."""
    verdicts = {Path(a).name: audit(records.read(Path(a))) for a in arguments}
    print(table(verdicts))
    for verdict in verdicts.values():
        print(details(verdict))
    return 0 if all(v.good for v in verdicts.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
