"""`reelway generations`: the operator's view of the work, over all workspaces."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from reelway.accounts.workspaces import list_workspaces, require_workspace
from reelway.cli import data as rows
from reelway.cli.options import AsJson, Config, Data, Database, settings_of
from reelway.cli.output import instant, print_json, print_listing, print_table
from reelway.db.script import Script
from reelway.domain.generation import Generation
from reelway.domain.money import usd
from reelway.errors import NotFound
from reelway.events import store as events
from reelway.generations import store

app = typer.Typer()


@app.command("list")
def list_(
    workspace: Annotated[
        str | None, typer.Option("--workspace", metavar="NAME", help="Of this workspace only.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many, newest first.")] = 20,
    after: Annotated[str | None, typer.Option("--after", metavar="ID", help="Those older than this one.")] = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List generations, newest first."""

    def found() -> Script[list[dict[str, Any]]]:
        names = {w.id: w.name for w in (yield from list_workspaces())}
        only = None if workspace is None else (yield from require_workspace(workspace)).id
        page = yield from store.page(only, after, limit, newest_first=True)
        return [_facts(g, names[g.workspace_id]) for g in page]

    print_listing(
        rows.read(settings_of(data, config, database), found()),
        as_json=as_json,
        columns=("id", "number", "workspace", "state", "model", "served_by", "price_usd", "charged_usd", "created_at"),
        none="no generations",
    )


@app.command()
def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="video_…, or the integer that ModelsLab clients see.")],
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show one generation with its attempts and its history."""

    def found() -> Script[dict[str, Any]]:
        workspaces = yield from list_workspaces()
        g = yield from store.by_id(id)
        if id.isascii() and id.isdigit():
            for workspace in workspaces:
                g = g or (yield from store.of_workspace_by_number(workspace.id, int(id)))
        if g is None:
            raise NotFound(f"no generation {id!r}; `reelway generations list` shows the newest")
        attempts = yield from store.attempts(g.id)
        happened = yield from events.events_after(g.id, 0)
        return {
            **_facts(g, next(w.name for w in workspaces if w.id == g.workspace_id)),
            "prompt": g.spec.prompt,
            "seed": g.spec.seed,
            "output": None if g.output is None else asdict(g.output),
            "url": g.clip_url if g.output else None,
            "error": None if g.error_code is None else f"{g.error_code}: {g.error_message}",
            "attempts": [
                {
                    "number": a.number,
                    "provider": a.provider,
                    "outcome": a.outcome,
                    "fault": a.fault,
                    "message": a.message,
                    "started_at": instant(a.started_at),
                    "ended_at": instant(a.ended_at),
                }
                for a in attempts
            ],
            "events": [{"number": e.number, "type": e.type, "at": instant(e.at), "data": e.data} for e in happened],
        }

    shown = rows.read(settings_of(data, config, database), found())
    if as_json:
        print_json(shown)
        return
    attempts, happened = shown.pop("attempts"), shown.pop("events")
    print_table([[name.replace("_", " "), value] for name, value in shown.items()])
    for title, lines in (("attempts", attempts), ("events", happened)):
        if lines:
            print(f"\n{title}")
            print_table([list(line.values()) for line in lines])


def _facts(g: Generation, workspace: str) -> dict[str, Any]:
    return {
        "id": g.id,
        "number": g.number,
        "workspace": workspace,
        "purse": g.purse,
        "state": g.state,
        "model": g.model,
        "served_by": f"{g.provider}/{g.upstream_model}",
        "mode": g.spec.mode,
        "size": g.spec.size,
        "seconds": float(g.spec.duration_s),
        "frames": g.spec.frames,
        "price_usd": usd(g.price_microusd),
        "charged_usd": None if g.charged_microusd is None else usd(g.charged_microusd),
        "provider_cost_usd": None if g.cost_microusd is None else usd(g.cost_microusd),
        "key": g.key_id,
        "created_at": instant(g.created_at),
        "started_at": instant(g.started_at),
        "ended_at": instant(g.ended_at),
    }
