"""What a measure hands back: a figure, the limit it was taken beside, and the budget it has to keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """From design section 9: on the figure itself, or on its ratio to the limit."""

    sense: Literal[">=", "<"]
    value: float
    of: Literal["figure", "ratio"] = "figure"

    def kept(self, figure: float, ratio: float | None) -> bool:
        """Whether it is; a budget on a ratio is not kept where there is none."""
        value = figure if self.of == "figure" else ratio
        if value is None:
            return False
        return value >= self.value if self.sense == ">=" else value < self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. `ratio` is figure / limit: good rates are near 1, good costs too."""

    measure: str
    value: float
    unit: str
    limit: float | None = None
    limit_is: str = ""  # what the limit does
    budget: Budget | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """To the limit."""
        return self.value / self.limit if self.limit else None

    @property
    def ok(self) -> bool | None:
        """None without a budget."""
        return None if self.budget is None else self.budget.kept(self.value, self.ratio)


HEAD = ("measure", "figure", "limit", "ratio", "budget", "ok")


def cells(f: Figure) -> tuple[str, ...]:
    """As in HEAD."""
    limit = "" if f.limit is None else f"{amount(f.limit)} {f.unit} ({f.limit_is})"
    ratio = "" if f.ratio is None else f"{f.ratio:.2f}"
    ok = {None: "", True: "yes", False: "NO"}[f.ok]
    return f.measure, f"{amount(f.value)} {f.unit}", limit, ratio, _budget(f), ok


def amount(value: float) -> str:
    """Three digits that mean something: 0.21, 4.5, 87, 6,210."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _budget(f: Figure) -> str:
    if f.budget is None:
        return ""
    what = "ratio " if f.budget.of == "ratio" else ""
    return f"{what}{f.budget.sense} {amount(f.budget.value)}{'' if what else ' ' + f.unit}"


def text_table(figures: Iterable[Figure]) -> str:
    """For a terminal."""
    rows = [HEAD, *(cells(f) for f in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def markdown_table(figures: Iterable[Figure]) -> str:
    """For docs/performance.md."""
    rows = ["| " + " | ".join(HEAD) + " |", "|---|--:|--:|--:|---|---|"]
    rows += ["| " + " | ".join(cells(f)) + " |" for f in figures]
    return "\n".join(rows)
