"""`reelway report`: what was made, what it brought and what it cost."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from reelway.cli import data as rows
from reelway.cli.options import AsJson, Config, Data, Database, settings_of
from reelway.cli.output import note, print_json, print_table
from reelway.generations.report import Money, report

_DAY = "%Y-%m-%d"
From = Annotated[datetime | None, typer.Option("--from", formats=[_DAY], help="First day, UTC; default: 30 days ago.")]
To = Annotated[datetime | None, typer.Option("--to", formats=[_DAY], help="Last day, UTC; default: today.")]


def command(
    first: From = None,
    last: To = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Price, cost and margin for each model and provider, of live generations that ended in those days."""
    settings = settings_of(data, config, database)
    today = datetime.fromtimestamp(rows.now_ms() / 1000, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=30) if first is None else first.replace(tzinfo=UTC)
    end = (today if last is None else last.replace(tzinfo=UTC)) + timedelta(days=1)
    lines = rows.read(settings, report(int(begin.timestamp() * 1000), int(end.timestamp() * 1000)))
    money = Money(settings.currency, settings.currency_per_usd)
    shown, total = [money.line(line) for line in lines], money.total(lines)
    if as_json:
        print_json({"from": f"{begin:{_DAY}}", "currency": money.currency, "data": shown, "total": total})
        return
    if not lines:
        note("nothing ended in those days")
        return
    columns = ("model", "provider", "upstream_model", "generations", "succeeded", "charged", "cost", "margin")
    last_line = ["total", "", "", *(total[c] for c in columns[3:])]
    print_table([[c.replace("_", " ") for c in columns], *([one[c] for c in columns] for one in shown), last_line])
    note(f"in {money.currency}; costs as the provider told them for {total['costs_told']}, else as expected")
