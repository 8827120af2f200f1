"""What the command line would say to words in a document: its own parser judges them, and nothing is run."""

from collections.abc import Sequence
from typing import Any

import typer

from reelway.cli.main import COMMANDS, _program


def refusals(words: Sequence[str]) -> list[str]:
    """What is wrong with `reelway WORDS…`: commands and options that do not exist; nothing when it would run."""
    if not words or words[0] in ("--help", "--version"):
        return []
    if words[0] not in COMMANDS:
        return [f"no command {words[0]}"]
    command: Any = typer.main.get_command(_program(words[0])).commands[words[0]]
    rest = list(words[1:])
    if subcommands := getattr(command, "commands", None):
        if not rest or rest[0] not in subcommands:
            return [f"no command {' '.join(words[:2])}"]
        command = subcommands[rest.pop(0)]
    known = {spelling for parameter in command.params for spelling in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help"}
    return [f"no option {word}" for word in rest if word.startswith("-") and word.partition("=")[0] not in known]
