"""Text that only a holder of the operator secret can read: Fernet (AES and HMAC-SHA256) with a key made by HKDF.

A token opens for the very words that it was sealed about and no others: copied to another place it is worth nothing.
"""

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

_INFO: Final = b"reelway sealed text 1\0"
_KEY_BYTES: Final = 32


class NotOpened(ValueError):
    """The token was sealed with another secret, or about something else, or is damaged: nobody can tell which."""


class Seal:
    """Closes with `secret`; opens with that one and with the `previous` ones."""

    def __init__(self, secret: bytes, *previous: bytes) -> None:
        self._secrets = (secret, *previous)

    def close(self, text: str, about: str) -> str:
        """The token; another one each time."""
        return _fernet(self._secrets[0], about).encrypt(text.encode()).decode()

    def open(self, token: str, about: str) -> str:
        """The text; raises NotOpened."""
        from cryptography.fernet import InvalidToken, MultiFernet

        try:
            return MultiFernet([_fernet(s, about) for s in self._secrets]).decrypt(token.encode()).decode()
        except InvalidToken:
            raise NotOpened from None

    def is_newest(self, token: str, about: str) -> bool:
        """Whether it opens without the previous secrets."""
        try:
            Seal(self._secrets[0]).open(token, about)
        except NotOpened:
            return False
        return True


def _fernet(secret: bytes, about: str) -> "Fernet":
    # Late: a tenth of a second that most commands need not wait for.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_INFO + about.encode()).derive(secret)
    return Fernet(urlsafe_b64encode(key))
