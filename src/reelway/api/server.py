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
from reelway.api import admin, callbacks, files, problems
from reelway.api.dialects import modelslab, native, openai
from reelway.api.headers import REQUEST_ID
from reelway.api.metrics import MetricsPage
from reelway.api.problems import json_response, openai_shape
from reelway.api.services import Services
from reelway.api.surface.document import document
from reelway.db.script import Script, sql
from reelway.errors import InvalidRequest, NotFound, Overloaded, ReelwayError
from reelway.kit.ids import new_token
from reelway.kit.tracing import OFF
from reelway.web import pages, reference

_log = structlog.get_logger(__name__)
_REQUEST_ID_CHARS_MAX: Final = 128
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNTRACED: Final = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, by machines
# FastAPI's own spans hold whole paths, and /files/… is a secret; ours are in _Envelope.
_OWN_TELEMETRY: Final[Any] = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


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
        telemetry=_OWN_TELEMETRY,
    )
    app.openapi_version = "3.1.0"
    # Flat and first: an included router is matched twice, and hides the route from the metrics.
    app.router.routes.extend(openai.router(services).routes)
    app.router.routes.extend(native.router(services).routes)
    app.include_router(modelslab.router(services))
    app.router.routes.extend(files.routes(services))
    app.router.routes.extend(callbacks.routes(services))
    app.router.routes.extend(admin.routes(services))
    app.router.routes.extend(pages.routes())
    app.router.routes.extend(reference.routes())
    _add_document(app)
    _add_health(app, services)
    app.add_exception_handler(ReelwayError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_bug)
    app.add_middleware(_Envelope, services=services)
    return app


def create_health(services: Services) -> FastAPI:
    """What a worker answers: whether it lives, whether it can work, and how the work goes."""
    app = FastAPI(title="Reelway worker", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    _add_health(app, services)
    app.add_exception_handler(ReelwayError, _on_error)
    app.add_exception_handler(Exception, _on_bug)
    app.add_middleware(_Envelope, services=services)
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


def _add_health(app: FastAPI, services: Services) -> None:
    page = MetricsPage(services)

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
        return await page.show(request)


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
    """Request id, timing, counting and tracing around every request, as plain ASGI: a few microseconds."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        services = self._services
        request_id = _given_id(scope) or f"req_{new_token(12)}"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        tracing = OFF if scope["path"] in _UNTRACED else services.tracing
        parent = _header(scope, b"traceparent") if tracing.on else None
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
        with tracing.span(method, kind="server", parent=parent) as span:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                route = _route_of(scope)
                services.metrics.requests.labels(method, route, str(status)).inc()
                services.metrics.request_seconds.labels(method, route).observe(time.perf_counter() - started)
                if tracing.on:
                    about = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
                    span.note(about | {"reelway.request": request_id}, name=f"{method} {route}")


def _route_of(scope: Scope) -> str:
    """The path template, or the handler's name for plain routes; never the path itself, which has no bounds."""
    path = getattr(scope.get("route"), "path", None)
    return str(path or getattr(scope.get("endpoint"), "__name__", "none"))


def _given_id(scope: Scope) -> str | None:
    text = _header(scope, REQUEST_ID.encode())
    good = text is not None and text.isascii() and text.isprintable() and len(text) <= _REQUEST_ID_CHARS_MAX
    return text if good else None


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return None
