"""`reelway doctor`: one line a check, each with the way to mend it. Leaves everything as it was."""

import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import apsw
import typer

from reelway.catalogue.load import load
from reelway.cli import data as rows
from reelway.cli import options
from reelway.cli.configured import providers_of, routes_of, sealed_before
from reelway.cli.doctor_data import database, postgres, storage
from reelway.cli.finding import Finding, Looked, Status, ok
from reelway.cli.lock import owner_of
from reelway.cli.options import AsJson, Config, Data, settings_of
from reelway.cli.output import print_json
from reelway.cli.warm import engine_of
from reelway.db.sqlite import connect
from reelway.errors import ReelwayError
from reelway.settings import SECRET_CHARS_LEAST, Settings

_FREE_BYTES_LEAST: Final = 256 << 20
_FREE_BYTES_GOOD: Final = 2 << 30
_BUILT_AT_S: Final = 1_763_800_000  # 2025-11-22: no clock of a machine that runs this may be before it


def command(
    data: Data = None,
    database: options.Database = None,
    storage: options.Storage = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what works, what is missing and how to mend it; exit code 1 when something fails."""
    findings = list(examine(data, config, database=database, storage=storage))
    if as_json:
        print_json([asdict(f) for f in findings])
    else:
        width = max(len(f.check) for f in findings)
        for f in findings:
            print(f"{f.status:4}  {f.check:{width}}  {f.detail}")
            if f.mend:
                print(f"{'':4}  {'':{width}}  mend: {f.mend}")
    if any(f.status is Status.FAIL for f in findings):
        raise typer.Exit(1)


def examine(data: Path | None, config: Path | None, **given: str | None) -> Iterator[Finding]:
    """All findings; the settings come first, because nothing else can be looked at without them."""
    yield from (_python(), _clock())
    try:
        settings = settings_of(data, config, **given)
        rows.free_credits(settings)
    except ReelwayError as error:
        fact, _, way_out = error.message.partition("; ")
        yield Finding(check="settings", status=Status.FAIL, detail=fact, mend=way_out)
        return
    sources = f"{config} and environment" if config else "environment and defaults; no settings file"
    yield Finding(check="settings", status=Status.OK, detail=sources)
    engine = {"postgresql": postgres} if settings.on_postgres else {"sqlite": _sqlite}
    for name, look in (engine | _CHECKS).items():
        try:
            status, detail, mend = look(settings)
        except ReelwayError as error:
            status = Status.FAIL
            detail, _, mend = error.message.partition("; ")
        except Exception as error:  # noqa: BLE001  what breaks a check is its finding
            status, detail, mend = Status.FAIL, f"{type(error).__name__}: {error}", "report this as a bug"
        yield Finding(check=name, status=status, detail=detail, mend=mend)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))  # an older one cannot even import this
    return Finding(check="python", status=Status.OK, detail=f"{version} at {sys.executable}")


def _clock() -> Finding:
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if time.time() >= _BUILT_AT_S:
        return Finding(check="clock", status=Status.OK, detail=now)
    return Finding(check="clock", status=Status.FAIL, detail=f"{now} is in the past", mend="set the clock, with NTP")


def _sqlite(settings: Settings) -> Looked:
    connect(Path(":memory:")).close()  # refuses a version that loses data
    return ok(f"{apsw.sqlite_lib_version()} (apsw)")


def _folder(settings: Settings) -> Looked:
    data = settings.data.absolute()
    here = next(p for p in (data, *data.parents) if p.exists())
    if not here.is_dir() or not os.access(here, os.W_OK | os.X_OK):
        return Status.FAIL, f"{here} cannot be written", "mend its owner and rights, or name another with --data"
    free = shutil.disk_usage(here).free
    room = f"{free / (1 << 30):.1f} GiB free"
    if free < _FREE_BYTES_LEAST:
        return Status.FAIL, f"{data}: {room}", "make room: clips and the database need it"
    if free < _FREE_BYTES_GOOD:
        return Status.WARN, f"{data}: {room}", "make room before it is full: a full disk refuses new generations"
    if here != data:
        return Status.WARN, f"{data} is not there yet, {room}", "`reelway serve` makes it"
    return ok(f"{data}: {room}")


def _secret(settings: Settings) -> Looked:
    if settings.operator_secret is not None:
        text = settings.operator_secret.get_secret_value()
        if len(text) < SECRET_CHARS_LEAST or len(set(text)) < 10:
            status = Status.WARN if settings.loopback else Status.FAIL
            return status, "operator_secret can be guessed", f"use {SECRET_CHARS_LEAST} random characters, or none"
        return ok("from the settings")
    path = settings.data / "operator.secret"
    if not path.exists():
        return Status.WARN, "not made yet", "`reelway serve` makes it"
    if path.stat().st_mode & 0o077:
        return Status.FAIL, f"others can read {path}", f"chmod 600 {path}"
    if len(path.read_text().strip()) < SECRET_CHARS_LEAST:
        return Status.FAIL, f"{path} is damaged", "restore it from a backup: webhook signatures depend on it"
    return ok(f"{path}, for its owner only")


def _providers(settings: Settings) -> Looked:
    tables = sorted(name for name, one in providers_of(settings).items() if one.settings is not None)
    if old := sealed_before(settings):
        return Status.WARN, f"{', '.join(old)}: sealed with the previous operator secret", "`reelway providers reseal`"
    return ok(", ".join(tables) or "only the built-in ones; `reelway providers add` adds more")


def _catalogue(settings: Settings) -> Looked:
    catalogue = load(settings.catalogue)
    routes = routes_of(settings, catalogue)
    cards = catalogue.cards()
    unserved = [card.id for card in cards if not routes.upstreams(card)]
    if unserved:
        detail = f"{len(cards)} models; nobody serves {', '.join(unserved)}"
        return Status.WARN, detail, "add a route in your catalogue, or take them out of previz_off"
    return ok(f"{len(cards)} models, each with a route")


def _previz(settings: Settings) -> Looked:
    if engine_of(settings).warmed():
        return ok("compiled")
    return Status.WARN, "not compiled: the first clip waits for the compiler", "`reelway warm`"


def _codecs(settings: Settings) -> Looked:
    import av  # late, as in `media`

    missing = [name for name in ("libx264", "gif", "mjpeg") if not _has_encoder(av.Codec, name)]
    if missing:
        return Status.FAIL, f"PyAV {av.__version__} lacks {', '.join(missing)}", "pip install --force-reinstall av"
    return ok(f"PyAV {av.__version__} with libx264")


def _has_encoder(codec: Callable[..., object], name: str) -> bool:
    try:
        codec(name, "w")
    except ValueError:
        return False
    return True


def _server(settings: Settings) -> Looked:
    owner = owner_of(settings.data)
    if owner is not None:
        url = owner.url or f"http://127.0.0.1:{settings.port}"
        status = _readyz(url)
        if status == 200:
            return ok(f"running: process {owner.pid}, ready on {url}")
        said = "does not answer" if status is None else f"says {status}"
        return Status.FAIL, f"process {owner.pid} {said} on {url}/readyz", "look into its log; it may be stopping"
    if settings.port == 0 or not _taken(settings.port):
        return ok(f"not running; port {settings.port or 'to be chosen'} is free")
    return Status.WARN, f"not running, and port {settings.port} is taken", "stop that program, or choose another --port"


def _readyz(url: str) -> int | None:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:  # noqa: S310  our own server's URL
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def _taken(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


_CHECKS: Final[dict[str, Callable[[Settings], Looked]]] = {
    "data folder": _folder,
    "database": database,
    "storage": storage,
    "operator secret": _secret,
    "providers": _providers,
    "catalogue": _catalogue,
    "previz": _previz,
    "codecs": _codecs,
    "server": _server,
}
