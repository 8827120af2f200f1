"""Streams of bytes: gathered, and closed."""

from collections.abc import AsyncGenerator, AsyncIterator


async def batches(chunks: AsyncIterator[bytes], size_bytes: int) -> AsyncGenerator[bytes, None]:
    """Chunks of 64 KiB, as they come off a socket, gathered to at least `size_bytes`, but for the last."""
    batch = bytearray()
    async for chunk in chunks:
        batch += chunk
        if len(batch) >= size_bytes:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


async def close(chunks: AsyncIterator[bytes]) -> None:
    """Let go of what the stream holds, if it is of the kind that holds something."""
    if (aclose := getattr(chunks, "aclose", None)) is not None:
        await aclose()
