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
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workspace = Annotated[str, typer.Option("--workspace", metavar="NAME", help="Name or id of the workspace.")]

DEFAULT_WORKSPACE = "default"


def settings_of(data: Path | None, config: Path | None, **given: Any) -> Settings:
    """Options over environment over file over default; raises ConfigError."""
    return load_settings({"data": data, **given}, file=config)
