"""The limit for anything over HTTP: Starlette on the same uvicorn, doing nothing.

`python -m bench.bare [--answer FILE] [--file FILE]`: POST /echo reads a body, GET /json sends the bytes of --answer,
GET /file sends --file the way Starlette does, GET /readyz says yes.
"""

import argparse
import asyncio
import json
import socket
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route


def make_app(answer: bytes, file: Path | None) -> Starlette:
    """Four routes."""

    async def echo(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    async def ready(request: Request) -> Response:
        return Response(answer, media_type="application/json")

    async def send_file(request: Request) -> Response:
        assert file is not None
        return FileResponse(file, media_type="video/mp4")

    return Starlette(
        routes=[
            Route("/echo", echo, methods=["POST"]),
            Route("/json", ready),
            Route("/readyz", ready),
            Route("/file", send_file),
        ]
    )


async def _serve(app: Starlette, port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    config = uvicorn.Config(
        app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False, server_header=False
    )
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answer", type=Path)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    answer = asked.answer.read_bytes() if asked.answer else b'{"status":"ready"}'
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(make_app(answer, asked.file), asked.port))


if __name__ == "__main__":
    main()
