"""Public ids: a prefix, then 26 characters that sort by time and cannot be guessed from each other."""

import secrets
import threading

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_RANDOM_BITS = 80
_SHIFTS = range(125, -1, -5)  # 26 digits of 5 bits
_lock = threading.Lock()
_last = 0


def new_id(prefix: str, now_ms: int) -> str:
    """`prefix_` + 48 bits of time + 80 random bits; ids made in one process always increase."""
    global _last
    with _lock:
        value = (now_ms << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        if value <= _last:  # same millisecond, or the clock went back
            value = _last + 1 + secrets.randbits(32)
        _last = value
    return f"{prefix}_{''.join([_ALPHABET[(value >> shift) & 31] for shift in _SHIFTS])}"


def new_token(bytes_of_entropy: int = 32) -> str:
    """A secret for URLs and keys, in hex digits; 32 bytes are 256 bits."""
    return secrets.token_hex(bytes_of_entropy)
