"""The HTTP server: both dialects, the native additions, files and health behind one set of middleware."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reelway import __version__
from reelway.api import files, problems
from reelway.api.dialects import modelslab, native, openai
from reelway.api.headers import REQUEST_ID
from reelway.api.metrics import Metrics
from reelway.api.problems import json_response, openai_shape
from reelway.api.services import Services
from reelway.api.surface.document import document
from reelway.db.script import Script, sql
from reelway.errors import InvalidRequest, NotFound, Overloaded, ReelwayError
from reelway.kit.ids import new_token
from reelway.web import pages, reference

_log = structlog.get_logger(__name__)
_REQUEST_ID_CHARS_MAX: Final = 128


def create_api(services: Services, *, lifespan: Any = None) -> FastAPI:
    """The ASGI application; `lifespan` starts and stops the work behind it."""
    app = FastAPI(
        title="Reelway",
        version=__version__,
        summary="One REST API and one key for every video model, on your own machines.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan or _nothing,
        generate_unique_id_function=lambda route: route.name,
    )
    app.openapi_version = "3.1.0"
    metrics = Metrics()
    # Flat and first: an included router is matched twice, and hides the route from the metrics.
    app.router.routes.extend(openai.router(services).routes)
    app.router.routes.extend(native.router(services).routes)
    app.include_router(modelslab.router(services))
    app.router.routes.extend(files.routes(services))
    app.router.routes.extend(pages.routes())
    app.router.routes.extend(reference.routes())
    _add_document(app)
    _add_health(app, services, metrics)
    app.add_exception_handler(ReelwayError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_bug)
    app.add_middleware(_Envelope, metrics=metrics)
    return app


def _shape_for(request: Request) -> problems.Render:
    return modelslab.problem if request.url.path.startswith("/api/") else openai_shape


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ReelwayError)
    return problems.respond(request, error, _shape_for(request))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known: ReelwayError
    if error.status_code == 404:
        known = NotFound(f"no route {request.method} {request.url.path[:200]}; GET /openapi.json lists them")
    else:
        known = InvalidRequest(str(error.detail))
        known.http_status = error.status_code
    response = problems.respond(request, known, _shape_for(request))
    response.headers.update(error.headers or {})
    return response


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return problems.respond(request, InvalidRequest(f"{where}: {first['msg']}", param=where), _shape_for(request))


async def _on_disconnect(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _on_bug(request: Request, error: Exception) -> Response:
    return problems.unexpected(request, error, _shape_for(request))


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncIterator[None]:
    yield


def _add_health(app: FastAPI, services: Services, metrics: Metrics) -> None:
    @app.get("/healthz", tags=["health"], summary="The process is alive", response_model=dict[str, str])
    async def healthz() -> Response:
        return json_response({"status": "ok", "version": __version__})

    @app.get(
        "/readyz",
        tags=["health"],
        summary="It can take work: the database answers and it is not stopping",
        response_model=dict[str, str],
        responses={503: {"description": "not ready"}},
    )
    async def readyz() -> Response:
        if services.stopping:
            raise Overloaded("the server is stopping")
        await services.db.write(_nothing_to_do())
        return json_response({"status": "ready"})

    @app.get("/metrics", tags=["health"], summary="Prometheus metrics", response_class=Response)
    async def get_metrics(request: Request) -> Response:
        return await metrics.page(services, request)


def _add_document(app: FastAPI) -> None:
    made: list[bytes] = []

    async def openapi(request: Request) -> Response:
        if not made:  # when somebody asks: it takes a tenth of a second
            made.append(orjson.dumps(document(app)))
        return Response(made[0], headers={"cache-control": "no-cache"}, media_type="application/json")

    app.router.routes.append(Route("/openapi.json", openapi, methods=["GET", "HEAD"], name="openapi"))


def _nothing_to_do() -> Script[None]:
    yield sql("SELECT 1")


class _Envelope:
    """Request id, timing and counting around every request, as plain ASGI: a few microseconds."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or f"req_{new_token(12)}"
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID.encode(), request_id.encode())]
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route = _route_of(scope)
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)


def _route_of(scope: Scope) -> str:
    """The path template, or the handler's name for plain routes; never the path itself, which has no bounds."""
    path = getattr(scope.get("route"), "path", None)
    return str(path or getattr(scope.get("endpoint"), "__name__", "none"))


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == REQUEST_ID.encode():
            text: str = value.decode("latin-1")
            return text if text.isascii() and text.isprintable() and len(text) <= _REQUEST_ID_CHARS_MAX else None
    return None
