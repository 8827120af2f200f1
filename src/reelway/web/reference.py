"""The API reference at /docs: Swagger UI from this machine, nothing from anywhere else."""

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_VERSION: Final = "5.35.0"  # of swagger-ui-dist, in assets/swagger-ui with its licence
_TYPES: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "reference.js": "text/javascript; charset=utf-8",
    "reference.css": "text/css; charset=utf-8",
}
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reelway API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css?v={_VERSION}">
<link rel="stylesheet" href="/docs/assets/reference.css?v=1">
</head>
<body>
<div id="reference"></div>
<noscript>The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/assets/swagger-ui-bundle.js?v={_VERSION}"></script>
<script src="/docs/assets/reference.js?v=1"></script>
</body>
</html>
"""
# Swagger UI sets style attributes; everything else comes from here and goes nowhere else.
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_PAGE_HEADERS: Final = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
_ASSET_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}


def routes() -> list[Route]:
    """`GET /docs` and its assets."""
    folder = files("reelway.web").joinpath("assets")
    held: dict[str, bytes] = {}

    async def page(request: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_PAGE_HEADERS)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _TYPES:
            return Response("no such file", status_code=404, media_type="text/plain")
        if name not in held:  # read once, when somebody looks
            room = "swagger-ui" if name.startswith("swagger-ui") else "reference"
            held[name] = folder.joinpath(room, name).read_bytes()
        return Response(held[name], headers=_ASSET_HEADERS, media_type=_TYPES[name])

    return [
        Route("/docs", page, methods=["GET", "HEAD"], name="docs"),
        Route("/docs/assets/{name}", asset, methods=["GET", "HEAD"], name="docs_asset"),
    ]
