"""The OpenAPI document as a file: no server, no data folder, no network.

python -m reelway.api.openapi > docs/openapi.json
"""

import sys
from types import SimpleNamespace
from typing import Any, cast

import orjson

from reelway.api.server import create_api
from reelway.api.services import Services
from reelway.api.surface.document import document
from reelway.settings import load_settings

__all__ = ["document", "text"]


def text() -> str:
    """The whole file; the same for everyone, so that a diff shows what changed on the wire."""
    return orjson.dumps(document(create_api(_no_services())), option=orjson.OPT_INDENT_2).decode() + "\n"


def _no_services() -> Services:
    """Routes are made from services but touch none of them before the first request."""
    return cast(Services, _Nothing(settings=load_settings({}, environ={})))


class _Nothing(SimpleNamespace):
    def __getattr__(self, name: str) -> Any:
        return None


if __name__ == "__main__":
    sys.stdout.write(text())
