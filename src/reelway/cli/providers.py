"""`reelway providers`: which there can be, which there are, and whether they would take work."""

import asyncio
import os
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from reelway.catalogue.load import load
from reelway.cli import data as rows
from reelway.cli.configured import kept, providers_of, seal_to_close, stored_tables
from reelway.cli.options import AsJson, Config, Data, Database, settings_of
from reelway.cli.output import instant, note, print_json, print_listing, print_table
from reelway.cli.probing import OPERATOR_MUST_ACT, Probed, Result, probe, upstream_models
from reelway.cli.provider_facts import COLUMNS, facts, facts_of_wrong, hints, line
from reelway.cli.provider_table import Given, KeySource, table_of
from reelway.db.script import Script
from reelway.errors import ConfigError
from reelway.kit.sealed import Seal
from reelway.providers import configured, registry
from reelway.providers.base import Configured
from reelway.providers.stored import count_unfinished, list_tables, put_table, remove_table, reseal_tables
from reelway.routing import health
from reelway.settings import Settings

app = typer.Typer()

_NEXT_START: Final = "processes that run take this at their next start"
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is called here.")]


@app.command()
def kinds(as_json: AsJson = False) -> None:
    """List the kinds that can be added.

    \b
    Example:
      reelway providers kinds
    """
    described = configured.describe()
    found = []
    for kind in configured.kinds():
        keys = [row for row in described if row["provider"] == kind]
        needs = [row["key"] for row in keys if row["default"] == "needed"]
        what = re.split(r"[:.;]\s", registry.find(kind).__doc__ or "")[0]
        found.append({"kind": kind, "needs": needs if as_json else ", ".join(needs), "what": what, "keys": keys})
    print_listing(found, as_json=as_json, columns=("kind", "needs", "what"), none="no kinds")
    if not as_json:
        note("`reelway settings` lists every key of each")


@app.command()
def add(
    name: Name,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Which of `reelway providers kinds`.", show_default="NAME")
    ] = None,
    key_env: Annotated[
        str | None, typer.Option("--key-env", metavar="VAR", help="Read the key from this variable, now.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="Read the key from this file, now.")
    ] = None,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the key from stdin; on a terminal it is asked for.")
    ] = False,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What a table of the settings file may say; repeat for more."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="In place of the one of that name, whole.")] = False,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Ask the provider whether the key is good.")] = True,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Keep a provider in the database, its key sealed.

    \b
    Examples:
      reelway providers add kling --key-env KLING_API_KEY
      reelway providers add kling-2 --kind kling --key-stdin --set weight=2 --set budget_usd_per_day=50
      reelway providers add old-kling --kind kling --set api=legacy \\
          --set access_key=AK123 --set secret_key_env=KLING_SECRET
    """
    settings = settings_of(data, config, database)
    if name in settings.providers:
        raise ConfigError(f"[providers.{name}] is in the settings file; take it out there, or choose another name")
    known = {table.name for table in stored_tables(settings)}
    if name in known and not replace:
        raise _taken(name)
    table = table_of(name, kind, KeySource(env=key_env, file=key_file, stdin=key_stdin), pairs or ())
    seal = seal_to_close(settings)
    probed = _check_key(table.one, settings) if check else []
    if not rows.exists(settings):
        rows.apply_migrations(settings)
        note(f"made a new database in {rows.place(settings)}")
    rows.write(settings, _put(table, seal, probed, replace=replace))
    note(f"{'replaced' if name in known else 'added'} {name}; {_NEXT_START}")
    if as_json:
        print_json(facts(table.one, settings))


@app.command("list")
def list_(data: Data = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List all providers; of a key, at most its end.

    \b
    Example:
      reelway providers list --json
    """
    settings = settings_of(data, config, database)
    in_database = list(kept(settings))
    found = [facts(one, settings) for one in configured.configure(settings.providers, os.environ).values()]
    found += [facts_of_wrong(k) if k.one is None else facts(k.one, settings) for k in in_database]
    found.sort(key=lambda each: str(each["name"]))
    print_listing(
        found if as_json else [line(each) for each in found], as_json=as_json, columns=COLUMNS, none="no providers"
    )
    for k in in_database:
        if k.wrong:
            note(f"warning: {k.wrong}")


@app.command()
def show(
    name: Name, data: Data = None, database: Database = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Show one provider, and the models that lead to it.

    \b
    Example:
      reelway providers show kling
    """
    settings = settings_of(data, config, database)
    one = _one(name, providers_of(settings))
    stored = next((table for table in stored_tables(settings) if table.name == name), None)
    table = dict(settings.providers.get(name, {})) if stored is None else stored.plain()
    leads = upstream_models(one, load(settings.catalogue))
    shown = facts(one, settings) | {
        "created_at": None if stored is None else instant(stored.created_at),
        "updated_at": None if stored is None else instant(stored.updated_at),
        "table": table | hints(one),
        "upstream_models": {model: [card.id for card in cards] for model, cards in leads.items()},
    }
    if as_json:
        print_json(shown)
        return
    said, models = shown.pop("table"), shown.pop("upstream_models")
    print_table([[key.replace("_", " "), value] for key, value in shown.items() if key != "wrong"])
    for title, lines in (("table", said), ("upstream models", {m: ", ".join(ids) for m, ids in models.items()})):
        if lines:
            print(f"\n{title}")
            print_table([[key, value] for key, value in lines.items()])


@app.command()
def remove(
    name: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Although generations of it are unfinished: they wait for it to come back.")
    ] = False,
    data: Data = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Drop a provider from the database, with its key.

    \b
    Example:
      reelway providers remove kling-2
    """
    settings = settings_of(data, config, database)
    if name in settings.providers and name not in {t.name for t in stored_tables(settings)}:
        raise ConfigError(f"{name} is in the settings file; take [providers.{name}] out there")

    def removed() -> Script[None]:
        unfinished = yield from count_unfinished(name)
        if unfinished and not force:
            raise ConfigError(
                f"{unfinished} generations of {name} are not finished; wait for them, or give --force, and they wait"
                " until there is a provider of that name again"
            )
        if not (yield from remove_table(name)):
            raise ConfigError(f"there is no provider {name} in the database; `reelway providers list` shows them")

    rows.write(settings, removed())
    note(f"removed {name}; {_NEXT_START}")


@app.command()
def check(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", show_default="all")] = None,
    data: Data = None,
    database: Database = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask each provider: is its key good, are its models there?

    It costs nothing. Exit code 1: somebody must act. A model that its provider has withdrawn gets no more work; the
    others do.

    \b
    Examples:
      reelway providers check
      reelway providers check kling kling-2 --json
    """
    settings = settings_of(data, config, database)
    providers = providers_of(settings)
    named = [_one(name, providers) for name in names or sorted(providers)]
    asked = [one for one in named if one.settings is not None]
    probed = asyncio.run(probe(asked, settings, load(settings.catalogue)))
    if rows.exists(settings):
        rows.write(settings, _noted(probed))
    print_listing(
        [asdict(p) for p in probed],
        as_json=as_json,
        columns=("provider", "upstream_model", "result", "detail"),
        none="nothing to ask; `reelway providers add` adds one",
    )
    for p in probed:
        if p.result is Result.MODEL_GONE:
            instead = f"; {p.successor} succeeds it" if p.successor else ""
            models = ", ".join(p.models)
            note(f"warning: {p.provider} has withdrawn {p.upstream_model}, a route of {models}{instead}")
    if any(p.result in OPERATOR_MUST_ACT for p in probed):
        raise typer.Exit(1)


@app.command()
def reseal(data: Data = None, database: Database = None, config: Config = None) -> None:
    """Seal all keys with a new operator secret.

    Afterwards the previous one is needed no more.

    \b
    Example:
      REELWAY_OPERATOR_SECRET=new REELWAY_PREVIOUS_OPERATOR_SECRET=old reelway providers reseal
    """
    settings = settings_of(data, config, database)
    names = rows.write(settings, reseal_tables(seal_to_close(settings), rows.now_ms()))
    note(f"sealed {', '.join(names)}" if names else "nothing is sealed")


def _put(table: Given, seal: Seal, probed: list[Probed], *, replace: bool) -> Script[None]:
    name = table.one.name
    if not replace and any(known.name == name for known in (yield from list_tables())):
        raise _taken(name)
    yield from put_table(name, table.one.kind, table.plain, table.secrets, seal, rows.now_ms())
    yield from _noted(probed)


def _taken(name: str) -> ConfigError:
    return ConfigError(f"there is a provider {name} already; --replace puts this one in its place, whole")


def _check_key(one: Configured, settings: Settings) -> list[Probed]:
    """Raises ConfigError for a key that the provider does not take; says what else came of asking."""
    found = asyncio.run(probe([one], settings, load(settings.catalogue), models_max=1))
    [probed] = found
    said = f": {probed.detail}" if probed.detail else ""
    match probed.result:
        case Result.BAD_KEY:
            raise ConfigError(f"{one.name} does not take the key{said}; nothing was kept: mend it, or give --no-check")
        case Result.SERVES | Result.KEY_GOOD:
            note(f"{one.name} takes the key{said}")
        case Result.MODEL_GONE:
            note(f"{one.name} takes the key; it has withdrawn {probed.upstream_model}")
        case Result.NOT_ROUTED:
            note(f"warning: no model of the catalogue leads to {one.name}; it gets no work until one does")
        case _:
            note(f"warning: whether {one.name} takes the key is not known: {probed.result}{said}")
    return found


def _noted(probed: Iterable[Probed]) -> Script[None]:
    """Tell all processes: what is gone gets no work, what works gets it again."""
    now = rows.now_ms()
    for p in probed:
        if p.result is Result.MODEL_GONE:
            yield from health.gone(p.provider, p.upstream_model, p.detail, now)
        elif p.result is Result.SERVES:
            yield from health.good(p.provider, p.upstream_model)
        if p.result in (Result.SERVES, Result.KEY_GOOD):
            yield from health.good(p.provider, health.ALL_MODELS)


def _one(name: str, providers: dict[str, Configured]) -> Configured:
    if name not in providers:
        raise ConfigError(f"no provider {name!r}; there are {', '.join(sorted(providers))}")
    return providers[name]
