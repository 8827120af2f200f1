"""`reelway credits`: give, show and prove the money."""

from dataclasses import asdict
from typing import Annotated

import typer

from reelway.accounts.workspaces import list_workspaces, require_workspace
from reelway.cli import data as rows
from reelway.cli.options import DEFAULT_WORKSPACE, AsJson, Config, Data, Database, Workspace, settings_of
from reelway.cli.output import note, print_json, print_listing, print_table
from reelway.db.script import Script
from reelway.domain.money import Balance, Purse, parse_usd, usd
from reelway.kit.ids import new_id
from reelway.ledger import ledger
from reelway.ledger.audit import audit as run_audit

app = typer.Typer()


@app.command()
def grant(
    amount: Annotated[str, typer.Argument(metavar="USD", help="How much, like 25 or 12.50.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    test: Annotated[bool, typer.Option("--test", help="Test credits, which pay for nothing real.")] = False,
    reason: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; kept in the ledger.")] = "",
    once: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Your own id of this grant: given twice, it counts once.")
    ] = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give credits to a workspace."""
    amount_microusd = parse_usd(amount)
    purse = Purse.TEST if test else Purse.LIVE
    now = rows.now_ms()
    id = f"grant:{once}" if once else new_id("grant", now)

    def given() -> Script[tuple[bool, Balance]]:
        to = yield from require_workspace(workspace)
        written = yield from ledger.grant(id, to.id, purse, amount_microusd, reason, now)
        return written, (yield from ledger.balances(to.id))[purse]

    written, balance = rows.write(settings_of(data, config, database), given())
    if as_json:
        print_json({"id": id, "granted": written, **_facts(workspace, balance)})
        return
    if written:
        note(f"granted {usd(amount_microusd)} USD of {purse} credits to {workspace}")
    else:
        note(f"{id} was granted before: nothing changed")
    print(usd(balance.available_microusd))


@app.command()
def show(
    workspace: Annotated[
        str | None, typer.Option("--workspace", metavar="NAME", help="Of this workspace only.")
    ] = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show what each workspace has: balance, less what unfinished generations hold, is available."""

    def found() -> Script[list[dict[str, object]]]:
        of = (yield from list_workspaces()) if workspace is None else [(yield from require_workspace(workspace))]
        facts: list[dict[str, object]] = []
        for one in of:
            balances = yield from ledger.balances(one.id)
            facts.extend(_facts(one.name, balances[purse]) for purse in Purse if purse in balances)
        return facts

    print_listing(
        rows.read(settings_of(data, config, database), found()),
        as_json=as_json,
        columns=("workspace", "purse", "balance_usd", "held_usd", "available_usd"),
        none="no workspaces; `reelway keys create` makes one",
    )


@app.command()
def audit(data: Data = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Prove that every balance is the sum of its transfers and every hold is resolved once; exit code 1 if not."""
    findings = [asdict(f) for f in rows.read(settings_of(data, config, database), run_audit())]
    if as_json:
        print_json(findings)
    elif findings:
        print_table([list(findings[0]), *(list(f.values()) for f in findings)])
    else:
        print("ok: every balance is the sum of its transfers, every hold is open or resolved once")
    if findings:
        raise typer.Exit(1)


def _facts(workspace: str, balance: Balance) -> dict[str, object]:
    return {
        "workspace": workspace,
        "purse": balance.purse,
        "balance_usd": usd(balance.balance_microusd),
        "held_usd": usd(balance.held_microusd),
        "available_usd": usd(balance.available_microusd),
        "balance_microusd": balance.balance_microusd,
        "held_microusd": balance.held_microusd,
        "available_microusd": balance.available_microusd,
    }
