"""GET /v1/videos/{id}/events: a generation's history and progress as server-sent events."""

from collections.abc import AsyncIterator
from math import floor
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from reelway.api.auth import find_key, sign_in
from reelway.api.headers import allowance_headers
from reelway.api.services import Services
from reelway.domain.events import Event
from reelway.domain.generation import Generation
from reelway.errors import InvalidRequest
from reelway.events.live import Progress
from reelway.events.store import events_after
from reelway.generations.queries import EarlyPicture

PING_S: Final = 15.0
_LOOK_S: Final = 1.0  # how soon a stream notices that the server stops
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Events:
    """Live streams."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def stream(self, request: Request) -> Response:
        """Everything after `Last-Event-ID` or `?after=`; 204, which tells browsers to stay away, when all is told."""
        caller = await sign_in(self._services, request, find_key(request))
        after = _after(request)
        g = await self._services.queries.get(caller, request.path_params["id"])
        headers = _HEADERS | allowance_headers(request)
        if g.ended and not await self._services.db.read(events_after(g.id, after)):
            return Response(status_code=204, headers=headers)
        if request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=headers)
        return StreamingResponse(self._told(g, after), media_type="text/event-stream", headers=headers)

    async def _told(self, g: Generation, after: int) -> AsyncIterator[bytes]:
        yield b"retry: 2000\n\n"
        silent_s = 0.0
        async for news in self._services.queries.follow(g.id, after, ping_s=_LOOK_S):
            if self._services.stopping:  # the client comes back with Last-Event-ID
                return
            if news is not None:
                silent_s = 0.0
                yield _told(news)
                continue
            silent_s += _LOOK_S
            if silent_s >= PING_S:
                silent_s = 0.0
                yield b": ping\n\n"


def _told(news: Event | Progress | EarlyPicture) -> bytes:
    """Without an id but for events: nobody can come back to what is not written in the history."""
    match news:
        case Event():
            return _event(news)
        case Progress(fraction, source):
            percent = min(max(floor(fraction * 100), 0), 99)
            return _encoded("progress", {"progress": percent, "source": source})
        case EarlyPicture(url):
            return _encoded("early_picture", {"url": url})


def _event(event: Event) -> bytes:
    data = {
        "type": event.type,
        "number": event.number,
        "video_id": event.generation_id,
        "at": event.at / 1000,
        "data": event.data,
    }
    return _encoded(event.type, data, id=event.number)


def _encoded(name: str, data: dict[str, Any], id: int | None = None) -> bytes:
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: ".encode() + orjson.dumps(data) + b"\n\n"


def _after(request: Request) -> int:
    said = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    if not (said.isascii() and said.isdigit() and len(said) <= 9):
        raise InvalidRequest(f"after is the number of an event, not {said[:40]!r}", param="after")
    return int(said)
