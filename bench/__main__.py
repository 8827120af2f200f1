"""`python -m bench`: run the measures, print one table, keep the details as JSON.

Exit code 1 when a budget is not kept (--tiny: never), or when anything answered what it should not.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench import machine
from bench.context import Bench
from bench.figures import Figure, markdown_table, text_table
from bench.measures import MEASURES
from bench.processes import HERE
from bench.scale import SCALES, Scale

_PAGE = HERE.parent / "docs" / "performance.md"
_BEGIN, _END = "<!-- figures -->", "<!-- /figures -->"


def main(argv: Sequence[str] | None = None) -> int:
    """Run; returns the exit code."""
    asked = _arguments(argv)
    scale = SCALES[asked.scale]
    about = machine.describe() | {"day": time.strftime("%Y-%m-%d"), "scale": scale.name}
    started = time.monotonic()
    figures, log, failed = _run(scale, asked.only)
    for name, value in about.items():
        print(f"{name}: {value}")
    print()
    print(text_table(figures))
    _print_notes(figures)
    print(f"\ntook {time.monotonic() - started:.0f} s")
    if asked.json is not None:
        report = {"machine": about, "figures": [asdict(f) | {"ratio": f.ratio, "ok": f.ok} for f in figures]}
        asked.json.write_text(json.dumps(report | {"points": log, "failed": failed}, indent=2) + "\n")
    if asked.write_docs:
        write_docs(_PAGE, figures, about)
    for name, message in failed.items():
        print(f"\n{name} failed: {message}", file=sys.stderr)
    missed = any(f.ok is False for f in figures) and scale.budgets
    return 1 if failed or missed else 0


def write_docs(page: Path, figures: Sequence[Figure], about: dict[str, str]) -> None:
    """Put the table between the markers of `page`."""
    before, _, rest = page.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    facts = "; ".join(f"{name} {value}" for name, value in about.items())
    notes = "\n".join(f"- {f.measure}: {f.note}." for f in figures if f.note)
    page.write_text(f"{before}{_BEGIN}\n\n{markdown_table(figures)}\n\n{notes}\n\nMachine: {facts}.\n\n{_END}{after}")


def _run(scale: Scale, only: Sequence[str]) -> tuple[list[Figure], dict[str, list[dict[str, object]]], dict[str, str]]:
    """Figures, points and what failed: one measure's failure does not cost the others."""
    figures: list[Figure] = []
    log: dict[str, list[dict[str, object]]] = {}
    failed: dict[str, str] = {}
    for name, measure in MEASURES.items():
        if only and name not in only:
            continue
        print(name, file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="reelway-bench-") as folder:
            bench = Bench(scale=scale, folder=Path(folder), only=only, log=log)
            try:
                figures += measure(bench)
            except (RuntimeError, OSError) as error:
                failed[name] = str(error)
    return figures, log, failed


def _print_notes(figures: Sequence[Figure]) -> None:
    print()
    for figure in figures:
        if figure.note:
            print(f"{figure.measure}: {figure.note}")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in MEASURES]:
        raise argparse.ArgumentTypeError(f"no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    return names


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=[], metavar="NAMES", help=", ".join(MEASURES))
    parser.add_argument("--quick", dest="scale", action="store_const", const="quick", default="full")
    parser.add_argument("--tiny", dest="scale", action="store_const", const="tiny", help="only proves that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="figures and every single point")
    parser.add_argument("--write-docs", action="store_true", help=f"fill in {_PAGE.name}")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
