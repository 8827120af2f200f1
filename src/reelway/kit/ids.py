"""Public ids: a prefix, then 26 characters that sort by time and cannot be guessed from each other."""

import os
import threading

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_RANDOM_BITS = 80
_SHIFTS = range(125, -1, -5)  # 26 digits of 5 bits
_POOL_BYTES = 4096


class _Randomness:
    """The system's randomness, fetched by the page: each fetch is a system call that lets go of the interpreter."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """With a fresh page and a fresh lock."""
        self._lock = threading.Lock()
        self._pool, self._used = b"", 0

    def take(self, count: int) -> bytes:
        """`count` bytes that nobody else gets."""
        with self._lock:
            if self._used + count > len(self._pool):
                self._pool, self._used = os.urandom(max(_POOL_BYTES, count)), 0
            self._used += count
            return self._pool[self._used - count : self._used]


_randomness = _Randomness()
os.register_at_fork(after_in_child=_randomness.start_anew)  # a fork must not give out its parent's bytes again
_lock = threading.Lock()
_last = 0


def new_id(prefix: str, now_ms: int) -> str:
    """`prefix_` + 48 bits of time + 80 random bits; ids made in one process always increase."""
    global _last
    random_bits = int.from_bytes(_randomness.take(_RANDOM_BITS // 8))
    with _lock:
        value = (now_ms << _RANDOM_BITS) | random_bits
        if value <= _last:  # same millisecond, or the clock went back
            value = _last + 1 + (random_bits & 0xFFFFFFFF)
        _last = value
    return f"{prefix}_{''.join([_ALPHABET[(value >> shift) & 31] for shift in _SHIFTS])}"


def new_token(bytes_of_entropy: int = 32) -> str:
    """A secret for URLs and keys, in hex digits; 32 bytes are 256 bits."""
    return _randomness.take(bytes_of_entropy).hex()
