"""Which URLs and addresses may be asked at all; redirects are judged like first ones.

The address is checked when it is dialled, so a name that changes its mind between check and use gains nothing.
"""

import re
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from yarl import URL

from reelway.errors import OutboundError
from reelway.kit.addresses import Network, dialable, oddly_spelled, parse_address

AddrInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
OpenSocket = Callable[[AddrInfo], socket.socket]

_URL_CHARS_MAX: Final = 8 * 1024
# One label may be 63 characters; longer ones make the resolver raise UnicodeError.
_HOSTNAME: Final = re.compile(r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,62})\.)*[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.?")


class NotPublic(OSError):
    """Raised by the socket guard; the text is always the same, so that aiohttp hands this very error on."""

    def __init__(self) -> None:
        super().__init__("not a public address")


def open_socket(info: AddrInfo) -> socket.socket:
    """A plain one."""
    family, kind, protocol, _, _ = info
    return socket.socket(family, kind, protocol)


class Guard:
    """Judges for one client; raises OutboundError, with `sent` as if nothing was: whoever asks knows better."""

    def __init__(self, allow_private: Sequence[Network], trusted: str | None, open_socket: OpenSocket) -> None:
        self._allow_private = tuple(allow_private)
        self._trusted = None if trusted is None else origin(_parse(trusted))
        self._open_socket = open_socket

    def first(self, text: str) -> URL:
        """The URL that `text` says."""
        return self._judged(_parse(text))

    def onward(self, url: URL, location: str) -> URL:
        """Where `url` redirects to."""
        try:
            onward = self._judged(url.join(_parse(location)))
        except OutboundError as error:
            if error.reason == "bad_url":
                message = f"redirected to a place we do not follow: {error.message}"
                raise OutboundError("bad_redirect", message, sent=False) from error
            raise
        except ValueError as error:
            raise OutboundError("bad_redirect", "redirected to something that is not a URL", sent=False) from error
        if url.scheme == "https" and onward.scheme != "https":
            message = f"redirected from https to plain http at {host_of(onward)}"
            raise OutboundError("bad_redirect", message, sent=False)
        return onward

    def trusts(self, url: URL) -> bool:
        """Whether the operator named its origin, so that it may be anywhere."""
        return self._trusted is not None and origin(url) == self._trusted

    def guarded_socket(self, info: AddrInfo) -> socket.socket:
        """One to that address; raises NotPublic. Called for each that is dialled: literals, DNS answers, every try."""
        address = parse_address(str(info[4][0]))
        if address is None or not dialable(address, self._allow_private):
            raise NotPublic
        return self._open_socket(info)

    def _judged(self, url: URL) -> URL:
        """`url` when everything in it that needs no DNS is in order; `guarded_socket` does the rest."""
        if url.scheme not in ("http", "https"):
            raise _bad(f"{url.scheme or 'no'} scheme; use http or https")
        host = url.raw_host
        if not host:
            raise _bad("a URL without a host")
        if url.raw_user is not None or url.raw_password is not None:
            raise _bad("a URL with a user name or password in it; send them as a header")
        if self.trusts(url):
            return url
        port = url.port
        if port is None or (port < 1024 and port not in (80, 443)):
            # Mail, SSH and their kin live there: a request body must not become their commands.
            raise _bad(f"port {port}; use 80, 443 or one from 1024 up")
        address = parse_address(host)
        if address is None and not oddly_spelled(host) and _HOSTNAME.fullmatch(host) is None:
            raise _bad("a host name that cannot exist")
        if oddly_spelled(host) or (address is not None and not dialable(address, self._allow_private)):
            raise refused(host_of(url))
        return url


def origin(url: URL) -> tuple[str, str, int | None]:
    """Scheme, host and port: what a credential is meant for."""
    return url.scheme, host_of(url), url.port


def host_of(url: URL) -> str:
    """In lower case, for messages too."""
    return (url.raw_host or "").lower()


def refused(host: str, *, sent: bool = False) -> OutboundError:
    """Not with the address itself: what an internal name resolves to is nobody's business outside."""
    message = f"{host} is not a public address, and the operator has not allowed it"
    return OutboundError("refused_address", message, sent=sent)


def _parse(text: str) -> URL:
    if len(text) > _URL_CHARS_MAX:
        raise _bad(f"a URL of {len(text)} characters; {_URL_CHARS_MAX} is the most")
    if any(character <= " " or character in "\x7f\\" for character in text):
        raise _bad("a URL with spaces, backslashes or control characters; percent-encode them")
    try:
        # As it came, when it can go as it came: re-quoting would break the signature of a presigned URL.
        url = URL(text, encoded=text.isascii())
        _ = url.port  # read lazily, so that is when a port of 99999 is noticed
    except ValueError as error:
        raise _bad("not a URL") from error
    return url


def _bad(message: str) -> OutboundError:
    return OutboundError("bad_url", message, sent=False)
