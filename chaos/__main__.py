"""`python -m chaos`: run the scenarios, print one table.

Exit code 1 when anything was lost or doubled, money is unaccounted, a limit was broken, or a run never came to rest.
"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chaos.audit import details, table
from chaos.run import Outcome, play, scenarios


def main(argv: Sequence[str] | None = None) -> int:
    """Run; returns the exit code."""
    asked = _arguments(argv)
    all_of_them = scenarios()
    if asked.list:
        for name, module in all_of_them.items():
            print(f"{name:18}{(module.__doc__ or '').splitlines()[0]}")
        return 0
    names = _names(asked, list(all_of_them))
    seed = random.randrange(10**6) if asked.seed is None else asked.seed
    print(f"seed {seed}", file=sys.stderr)
    root = Path(tempfile.mkdtemp(prefix="reelway-chaos-")) if asked.keep is None else asked.keep
    outcomes: dict[str, Outcome] = {}
    for name in names:
        if missing := getattr(all_of_them[name], "MISSING", None):
            print(f"{name}: not run: {missing}", file=sys.stderr)
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        play_it = play(all_of_them[name], root / name, seconds=asked.minutes * 60, seed=seed, count=asked.count)
        outcomes[name] = asyncio.run(play_it)
        print(f"{name}: {outcomes[name].note()}", file=sys.stderr, flush=True)
        print(details(outcomes[name].verdict), file=sys.stderr, flush=True)
    print(table({name: o.verdict for name, o in outcomes.items()}))
    good = all(o.verdict.good and o.rested for o in outcomes.values())
    if good and asked.keep is None:
        shutil.rmtree(root)
    else:
        print(f"records and logs are in {root}")
    return 0 if good else 1


def _names(asked: argparse.Namespace, known: list[str]) -> list[str]:
    """Those asked for; ends the program for one that there is not."""
    names = asked.only.split(",") if asked.only else known
    for name in names:
        if name not in known:
            sys.exit(f"no scenario {name!r}; there are {', '.join(known)}")
        if asked.keep is not None and (asked.keep / name).exists():
            sys.exit(f"{asked.keep / name} is there already; name another folder with --keep")
    return names


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--only", metavar="NAMES", help="these, with commas between")
    parser.add_argument("--minutes", type=float, default=1.0, help="of load for each (1)")
    parser.add_argument("--count", type=int, help="at most so many creates for each")
    parser.add_argument("--seed", type=int, help="of all dice; printed when it is not given")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave records and logs there")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
