"""The customers' webhook receiver: `python -m chaos.receiver CONFIG`; refuses or hangs now and then.

POST /hook/{workspace} is a registered endpoint, whose signature is verified; POST /own/{anything} is the webhook of
a single request, which has none. Every message is in the journal with the answer it got, 0 where it got none.
"""

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Final

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chaos.journal import Journal
from chaos.listen import listen

_HANG_S: Final = 6.0  # longer than the sender waits


class Receiver:
    """All workspaces' endpoints."""

    def __init__(self, journal: Journal, secrets: dict[str, str], seed: int) -> None:
        self._journal = journal
        self._secrets = secrets
        self._rng = random.Random(seed)
        self._faults: dict[str, float] = {}

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_put("/faults", self.set_faults)
        app.router.add_post("/{kind:hook|own}/{name}", self.receive)
        return app

    async def set_faults(self, request: web.Request) -> web.Response:
        """Shares of `refused` and `hangs`."""
        self._faults = await request.json()
        return web.json_response({})

    async def receive(self, request: web.Request) -> web.Response:
        """Write it down, then answer."""
        kind, name, body = request.match_info["kind"], request.match_info["name"], await request.read()
        message = json.loads(body)
        point = self._rng.random()
        hangs, refused = self._faults.get("hangs", 0.0), self._faults.get("refused", 0.0)
        status = 0 if point < hangs else 500 if point < hangs + refused else 200
        self._journal.write(
            "message",
            kind=kind,
            name=name,
            webhook_id=request.headers.get("webhook-id"),
            type=message["type"],
            generation=message["data"]["id"],
            verified=kind == "own" or self._verified(name, request, body),
            status=status,
        )
        if not status:
            await asyncio.sleep(_HANG_S)
        return web.Response(status=status or 504)

    def _verified(self, name: str, request: web.Request, body: bytes) -> bool:
        try:
            Webhook(self._secrets[name]).verify(body, dict(request.headers))
        except (KeyError, WebhookVerificationError):
            return False
        return True


def main(port: int, journal: str, secrets: dict[str, str], seed: int) -> None:
    """Until SIGTERM."""
    asyncio.run(listen(Receiver(Journal(Path(journal)), secrets, seed).app(), port))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
