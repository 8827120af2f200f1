"""Where media work runs: threads of its own, so that neither the event loop nor its pool waits."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Two: the libraries let go of the GIL while they decode, and one opened picture may hold 120 MB.
_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="media")
_LONG: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="media-long")


async def run_media(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """`work(*args, **kwargs)` in a media thread, in order of arrival; its result or its exception.

    A cancelled caller stops waiting; work that has begun goes on to its end and is thrown away.
    """
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(work, *args, **kwargs))


async def run_long_media(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same for what takes seconds: a whole clip decoded and encoded. No answer stands in line behind it."""
    return await asyncio.get_running_loop().run_in_executor(_LONG, partial(work, *args, **kwargs))
