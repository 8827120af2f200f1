"""The providers as a server with these settings would have them: of the settings file, and of the database."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reelway.catalogue.load import Catalogue
from reelway.cli import data as rows
from reelway.errors import ConfigError
from reelway.kit.clock import SystemClock
from reelway.kit.sealed import Seal
from reelway.providers.base import Configured
from reelway.providers.configured import configure
from reelway.providers.stored import StoredTable, list_tables
from reelway.routing.routes import Routes
from reelway.routing.wishes import wishes
from reelway.settings import SECRET_CHARS_LEAST, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One of the database; `one` is missing where a server would refuse it, `wrong` says why."""

    table: StoredTable
    one: Configured | None
    wrong: str = ""


def providers_of(settings: Settings) -> dict[str, Configured]:
    """All by name; raises ConfigError as a server would."""
    tables = {table.name: _opened(table, settings) for table in stored_tables(settings)}
    return configure(settings.providers, os.environ, tables)


def routes_of(settings: Settings, catalogue: Catalogue) -> Routes:
    """Who could serve each model; raises ConfigError as a server would."""
    providers = providers_of(settings)
    return Routes(
        clock=SystemClock(),
        providers=providers,
        previz_off=settings.previz_off,
        wanted=wishes(settings, catalogue, providers).providers_of,
    )


def stored_tables(settings: Settings) -> list[StoredTable]:
    """Those in the database; none while there is no database."""
    return rows.read(settings, list_tables()) if rows.exists(settings) else []


def kept(settings: Settings) -> Iterator[Kept]:
    """Each of the database by itself, so that one that is wrong does not hide the others."""
    for table in stored_tables(settings):
        try:
            tables = {table.name: _opened(table, settings)}
            yield Kept(table=table, one=configure(settings.providers, os.environ, tables)[table.name])
        except ConfigError as error:
            yield Kept(table=table, one=None, wrong=error.message)


def sealed_before(settings: Settings) -> list[str]:
    """Those that need the previous operator secret still."""
    if settings.previous_operator_secret is None:
        return []
    seal = seal_to_open(settings)
    return [table.name for table in stored_tables(settings) if not table.is_newest(seal)]


def seal_to_open(settings: Settings) -> Seal:
    """With the operator secret as it is; raises ConfigError when there is none."""
    from reelway.app import seal_of  # the whole program: only for who has something to open

    if not _has_secret(settings):
        raise ConfigError(
            f"the secrets of providers are sealed with the operator secret, and {_missing(settings)}; restore it from"
            " a backup, or set REELWAY_OPERATOR_SECRET"
        )
    return seal_of(settings)


def seal_to_close(settings: Settings) -> Seal:
    """Likewise; the secret of a data folder is made. Raises ConfigError for one that could be guessed."""
    from reelway.app import prepare_data, seal_of

    if settings.on_postgres and not _has_secret(settings):
        raise ConfigError(
            f"secrets are sealed with the operator secret, and {_missing(settings)}; set REELWAY_OPERATOR_SECRET to the"
            " one that all processes share"
        )
    given = settings.operator_secret
    if given is None:
        prepare_data(settings.data)
    elif len(given.get_secret_value()) < SECRET_CHARS_LEAST:
        raise ConfigError(
            f"operator_secret is too short to seal with; use at least {SECRET_CHARS_LEAST} random characters, which"
            " `openssl rand -hex 32` makes"
        )
    return seal_of(settings)


def _opened(table: StoredTable, settings: Settings) -> dict[str, Any]:
    """An operator secret is asked for where there is something to open."""
    return table.plain() if table.secrets is None else table.opened(seal_to_open(settings))


def _has_secret(settings: Settings) -> bool:
    return settings.operator_secret is not None or (settings.data / "operator.secret").exists()


def _missing(settings: Settings) -> str:
    return f"there is neither REELWAY_OPERATOR_SECRET nor {settings.data / 'operator.secret'}"
