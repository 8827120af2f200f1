"""An aiohttp application on a port of 127.0.0.1, until SIGTERM."""

import asyncio
import signal

from aiohttp import web


async def listen(app: web.Application, port: int) -> None:
    """Quietly: clients that go away are what this suite is about."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=512).start()
    await over.wait()
    await runner.cleanup()
