"""The options that many commands share, and the settings that they lead to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reelway.settings import Settings, load_settings

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Data folder (or REELWAY_DATA).", show_default="data")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", envvar="REELWAY_CONFIG", help="Settings file in TOML."),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite, or postgresql://user@host/name; with a password rather as REELWAY_DATABASE.",
        show_default="sqlite",
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        "--storage", metavar="URL", help="local, or s3://bucket/prefix (or REELWAY_STORAGE).", show_default="local"
    ),
]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to listen on (or REELWAY_HOST).", show_default="127.0.0.1")
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65535, help="TCP port (or REELWAY_PORT); 0 takes a free one.", show_default="8080"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workspace = Annotated[str, typer.Option("--workspace", metavar="NAME", help="Name or id of the workspace.")]

DEFAULT_WORKSPACE = "default"


def settings_of(data: Path | None, config: Path | None, database: str | None = None, **given: Any) -> Settings:
    """Options over environment over file over default; raises ConfigError."""
    return load_settings({"data": data, "database": database, **given}, file=config)
