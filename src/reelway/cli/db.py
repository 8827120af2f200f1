"""`reelway db`: the database's shape."""

import typer

from reelway.cli import data as rows
from reelway.cli.options import AsJson, Config, Data, Database, settings_of
from reelway.cli.output import note, print_json

app = typer.Typer()


@app.callback()
def _noun() -> None:
    """Keeps `migrate` a word of its own while it is the only one."""


@app.command()
def migrate(data: Data = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Make the database, or bring it up to date; `reelway serve` does this at every start."""
    applied = rows.apply_migrations(settings_of(data, config, database))
    if as_json:
        print_json(applied)
        return
    for name in applied:
        print(name)
    if not applied:
        note("the database is up to date")
