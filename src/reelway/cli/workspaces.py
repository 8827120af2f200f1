"""`reelway workspaces`: the customers, and what may stand in for the models that they ask for."""

from typing import Annotated

import typer

from reelway.accounts.workspaces import list_workspaces, require_workspace, set_substitution
from reelway.cli import data as rows
from reelway.cli.options import AsJson, Config, Data, Database, settings_of
from reelway.cli.output import instant, note, print_listing
from reelway.db.script import Script
from reelway.domain.models import parse_substitution

app = typer.Typer()
_DEFAULT = "default"


@app.command("list")
def show(data: Data = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the workspaces."""
    settings = settings_of(data, config, database)
    found = [
        {
            "id": one.id,
            "name": one.name,
            "created_at": instant(one.created_at),
            "substitution": one.substitution or f"{settings.substitution} (the server's)",
        }
        for one in rows.read(settings, list_workspaces())
    ]
    print_listing(found, as_json=as_json, columns=("id", "name", "created_at", "substitution"), none="no workspaces")


@app.command("set")
def change(
    workspace: Annotated[str, typer.Argument(metavar="NAME", help="Name or id of the workspace.")],
    substitution: Annotated[
        str, typer.Option(metavar="WHAT", help="What may stand in for a model: forbid, same_family, any; or default.")
    ],
    data: Data = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Change what a workspace wants where its requests say nothing."""
    wished = None if substitution == _DEFAULT else parse_substitution(substitution, _DEFAULT)

    def changed() -> Script[None]:
        one = yield from require_workspace(workspace)
        yield from set_substitution(one.id, wished)

    rows.write(settings_of(data, config, database), changed())
    note(f"{workspace}: substitution is {substitution} from the next request on")
