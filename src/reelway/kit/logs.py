"""Structured logs: one line an event, JSON when not on a terminal, no secrets ever.

A line says which process wrote it (`worker`) and, while they are being worked on, the request, generation and delivery.
"""

import json
import logging
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter

_SECRET: Final = re.compile(
    r"rw_(?:live|test)_[0-9A-Za-z]{8,}"  # our keys
    r"|whsec_[0-9A-Za-z+/=]{8,}"  # secrets of webhooks
    r"|\b[0-9a-f]{64}\b"  # the operator's secret, and the token that opens a file
    r"|(?P<kept>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|(?P<kept_too>://[^/\s:@\"']*:)[^\s\"']*(?=@)"  # the password in a URL
    r"|(?P<kept_as_well>(?:key|sig|signature|token|secret|password|credential)=)[^&#\s\"'<>]+",
    re.IGNORECASE,
)
# No secret is without one of these, or is as long as a token; looking for them first takes a tenth of the time.
_HINTS: Final = ("rw_", "whsec_", "bearer", "basic", "@", "=")
_TOKEN_CHARS: Final = 64
_SECRET_NAMES: Final = frozenset({"authorization", "password", "secret", "token", "prompt"})
_OURS: Final = frozenset({"event", "level", "timestamp", "worker", "generation", "request", "delivery"})
_unsaid: ContextVar[tuple[str, ...]] = ContextVar("unsaid", default=())
_UNSAID_CHARS_LEAST: Final = 8  # hiding every "a" would leave no line to read
_never: tuple[str, ...] = ()  # of this process, longest first: one may start like another


def hide_always(*values: str) -> None:
    """Keep these out of every line of this process, in place of those before: the keys of its providers."""
    global _never
    # A key of several lines is a document; what is secret in it may be quoted line by line.
    lines = {line.strip() for value in values for line in (value, *value.splitlines())}
    _never = tuple(sorted((line for line in lines if len(line) >= _UNSAID_CHARS_LEAST), key=len, reverse=True))


def hide(*values: str) -> None:
    """Keep these out of every line of this task: what a caller wrote, the token of a file."""
    _unsaid.set(tuple(v for v in values if len(v) >= _UNSAID_CHARS_LEAST))


def hide_secrets(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what is shaped like a secret, and what `hide` was given, wherever it got into a line."""
    unsaid = [spelled for value in _unsaid.get() for spelled in (value, repr(value)[1:-1])]
    for name, value in event.items():
        if name in _SECRET_NAMES:
            event[name] = "[secret]"
        else:
            event[name] = _hidden(value, () if name in _OURS else unsaid)
    return event


def _hidden(value: Any, unsaid: Iterable[str]) -> Any:
    if isinstance(value, str):
        for text in unsaid:
            value = value.replace(text, "[unsaid]")
        for text in _never:
            value = value.replace(text, "[secret]")
        lowered = value.lower()
        suspect = len(value) >= _TOKEN_CHARS or any(hint in lowered for hint in _HINTS)
        return _SECRET.sub(_masked, value) if suspect else value
    if isinstance(value, Mapping):
        return {k: "[secret]" if k in _SECRET_NAMES else _hidden(v, unsaid) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(v, unsaid) for v in value]
    if isinstance(value, BaseException | os.PathLike | bytes):
        return _hidden(str(value), unsaid)
    return value


def _masked(found: re.Match[str]) -> str:
    kept = next((text for text in found.groups() if text), "")
    return f"{kept}[secret]"


def _to_json(event: Any, **_: Any) -> str:
    try:
        return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a surrogate pair of a caller's
        return json.dumps(event, default=repr)


def configure(*, level: str = "info", format: str = "auto") -> None:
    """Set up logging for a process, other people's libraries too; all goes to stderr, stdout stays for data."""
    worker = f"{platform.node()}-{os.getpid()}"
    human = sys.stderr.isatty() if format == "auto" else format == "console"
    render: Any = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer(_to_json)

    def say_worker(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["worker"] = worker
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        say_worker,
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    others = logging.StreamHandler(sys.stderr)
    say_logger = structlog.stdlib.add_logger_name
    clean = ProcessorFormatter.remove_processors_meta
    others.setFormatter(ProcessorFormatter(foreign_pre_chain=[say_logger], processors=[clean, *shared, render]))
    logging.basicConfig(level=logging.WARNING, handlers=[others], force=True)
