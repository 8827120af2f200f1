"""`reelway`: finds the noun, imports its file and no other, and turns expected errors into one line and a hint."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Final

import typer

from reelway import __version__
from reelway.cli.output import note
from reelway.errors import ReelwayError

# Command -> its module and the line in `reelway --help`, which must not import half the program to print it.
COMMANDS: Final = {
    "serve": ("serve", "Serve the API on this machine, and do the work."),
    "api": ("api", "Answer requests only: one of many processes on PostgreSQL."),
    "worker": ("worker", "Do the work only: one of many processes on PostgreSQL."),
    "keys": ("keys", "API keys: create, list, revoke."),
    "credits": ("credits", "Credits: grant, show, audit."),
    "providers": ("providers", "Providers: add, list, check, remove."),
    "models": ("models", "Models: what they make and cost, who serves them."),
    "generations": ("generations", "Generations: list, show."),
    "workspaces": ("workspaces", "Workspaces: list, say what may stand in for a model."),
    "report": ("report", "What was made, what it brought and what it cost."),
    "settings": ("settings_cmd", "List every setting with its unit and default."),
    "db": ("db", "The database: migrate."),
    "move": ("move", "Move an installation to PostgreSQL and a bucket."),
    "doctor": ("doctor", "Say what works, what is missing and how to mend it."),
    "warm": ("warm", "Compile the previz engine before the first clip."),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 refused with a reason, 2 used wrongly, 130 interrupted."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        _program(next((a for a in args if not a.startswith("-")), None))(args, prog_name="reelway")
    except ReelwayError as error:
        fact, _, way_out = error.message.partition("; ")  # a message is the fact, then the way out
        note(f"error: {fact}")
        if way_out:
            note(f"hint: {way_out}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _program(asked: str | None) -> typer.Typer:
    """All commands by name; only `asked` is more than its line of help."""
    program = typer.Typer(
        help="Reelway: one REST API and one key for every video model, on your own machines.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_common)
    for name, (module, line) in COMMANDS.items():
        noun = import_module(f"reelway.cli.{module}") if name == asked else None
        if noun is None:
            program.command(name, help=line)(_not_asked)
        elif hasattr(noun, "app"):
            program.add_typer(noun.app, name=name, help=line, no_args_is_help=True)
        else:
            program.command(name, help=line)(noun.command)
    return program


def _not_asked() -> None:
    """Stands for a command in the list of commands."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"reelway {__version__}")
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""
