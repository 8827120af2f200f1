"""The front door. The playground, gallery and dashboard get their place in this room."""

from html import escape
from importlib.resources import files
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reelway import __version__

_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'"


def routes() -> list[Route]:
    """`GET /`."""
    page = Template(files("reelway.web").joinpath("front.html").read_text())

    async def front(request: Request) -> Response:
        base = escape(f"{request.url.scheme}://{request.url.netloc}")  # the Host header is the caller's
        text = page.safe_substitute(version=__version__, base=base)
        return HTMLResponse(text, headers={"content-security-policy": _CSP, "x-content-type-options": "nosniff"})

    return [Route("/", front, methods=["GET", "HEAD"], name="front")]
