"""`reelway keys`: make, list and revoke API keys."""

from typing import Annotated

import typer

from reelway.accounts.keys import Scope, authenticate, create_key, list_keys, revoke_key
from reelway.accounts.workspaces import ensure_workspace, find_workspace, list_workspaces, require_workspace
from reelway.cli import data as rows
from reelway.cli.options import DEFAULT_WORKSPACE, AsJson, Config, Data, Database, Workspace, settings_of
from reelway.cli.output import instant, note, print_listing
from reelway.db.script import Script
from reelway.domain.money import Purse, usd

app = typer.Typer()


@app.command()
def create(
    workspace: Workspace = DEFAULT_WORKSPACE,
    test: Annotated[bool, typer.Option("--test", help="A test key: pays with test credits, reaches no provider.")] = (
        False
    ),
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What the key is for.")] = "",
    scope: Annotated[list[Scope] | None, typer.Option("--scope", help="May do only this; repeat for more.")] = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Make a key and print it alone on stdout; it is shown this once.

    A workspace of a new name is made, with its free credits.
    """
    settings = settings_of(data, config, database)
    free = rows.free_credits(settings)
    if not rows.exists(settings):
        rows.apply_migrations(settings)
        note(f"made a new database in {rows.place(settings)}")
    purse = Purse.TEST if test else Purse.LIVE

    def make() -> Script[tuple[str, bool]]:
        known = yield from find_workspace(workspace)
        of = yield from ensure_workspace(workspace, free, rows.now_ms())
        _, key = yield from create_key(of.id, purse, name, tuple(scope or ()), rows.now_ms())
        return key, known is None

    key, made = rows.write(settings, make())
    if made:
        note(f"made workspace {workspace} with {usd(free[Purse.LIVE])} USD, and {usd(free[Purse.TEST])} USD for tests")
    print(key)


@app.command("list")
def list_(
    workspace: Annotated[
        str | None, typer.Option("--workspace", metavar="NAME", help="Of this workspace only.")
    ] = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List the keys: never the keys themselves, only how they start."""

    def found() -> Script[list[dict[str, object]]]:
        names = {w.id: w.name for w in (yield from list_workspaces())}
        only = None if workspace is None else (yield from require_workspace(workspace)).id
        return [
            {
                "id": k.id,
                "starts_with": k.hint,
                "workspace": names[k.workspace_id],
                "name": k.name,
                "purse": k.purse,
                "scopes": list(k.scopes),
                "created_at": instant(k.created_at),
                "last_used_at": instant(k.last_used_at),
                "revoked_at": instant(k.revoked_at),
            }
            for k in (yield from list_keys(only))
        ]

    print_listing(
        rows.read(settings_of(data, config, database), found()),
        as_json=as_json,
        columns=("id", "starts_with", "workspace", "name", "purse", "created_at", "last_used_at", "revoked_at"),
        none="no keys; `reelway keys create` makes one",
    )


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id (key_…), or the key itself.")],
    data: Data = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Revoke a key: the very next request with it is refused."""

    def revoked() -> Script[str]:
        id = (yield from authenticate(key)).key_id if key.startswith("rw_") else key
        yield from revoke_key(None, id, rows.now_ms())
        return id

    note(f"revoked {rows.write(settings_of(data, config, database), revoked())}")
