"""The only way out to other hosts: one guarded HTTP client for input media, provider calls and webhooks.

What it keeps away: requests to private addresses and redirects into places the first URL could not have named
(reelway.kit.guard), endless answers, slow drips, compression bombs, and credentials that follow a redirect.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
import orjson
from aiohttp.abc import AbstractResolver
from yarl import URL

from reelway.errors import OutboundError, OutboundReason
from reelway.kit.addresses import Network
from reelway.kit.answers import (
    READ_BYTES,
    lower,
    media_type,
    refuse_announced,
    require_success,
    too_large,
    whole_body,
)
from reelway.kit.guard import Guard, NotPublic, OpenSocket, host_of, open_socket, origin, refused

KIB: Final = 1024

# Buckets answer "octet-stream" for whatever was stored without a type; what the bytes are is decided by
# opening them (reelway.media), never by this header.
MEDIA_TYPES: Final = (
    "image/",
    "video/",
    "audio/",
    "application/octet-stream",
    "binary/octet-stream",
    "application/ogg",
)

_CONNECT_TIMEOUT_S: Final = 10.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer of any status: a status is not yet an error, its provider says what it means."""

    status: int
    headers: Mapping[str, str]  # names in lower case; a repeated header is joined with ", "
    body: bytes  # decoded and already capped

    @property
    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is something else (an HTML page of a proxy, say)."""
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Input media as it was served; `media_type` is the server's word, lower case, without parameters."""

    body: bytes
    media_type: str
    final_url: str


@dataclass(slots=True)
class _Trip:
    """One call from first URL to last byte; aiohttp's trace notes here that there was a connection."""

    host: str = "the other side"
    sent: bool = False

    def error(self, reason: OutboundReason, message: str, *, status: int | None = None) -> OutboundError:
        return OutboundError(reason, message, sent=self.sent, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What goes out on the first hop."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    redirects_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """Which connections a request may use."""

    pooled: bool  # kept for the next one
    trusted: bool  # to the trusted origin, wherever it is


class Outbound:
    """Guarded HTTP client; create one, share it, `aclose()` it.

    `allow_private` lists networks that may be dialled although they are not public (127.0.0.0/8 for an
    engine on the same machine). `trusted` is a URL whose origin (scheme, host and port) the operator named,
    so it may be anywhere; see `trusting`. `resolver` and `open_socket` exist for tests: the guard has judged
    the address before `open_socket` is called.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_private: Sequence[Network] = (),
        trusted: str | None = None,
        resolver: AbstractResolver | None = None,
        open_socket: OpenSocket = open_socket,
        connections_max: int = 256,
    ) -> None:
        self._user_agent = user_agent
        self._allow_private = tuple(allow_private)
        self._guard = Guard(allow_private, trusted, open_socket)
        self._resolver = resolver
        self._open_socket = open_socket
        self._connections_max = connections_max
        self._sessions: dict[_Pool, aiohttp.ClientSession] = {}
        self._siblings: dict[str, Outbound] = {}

    def trusting(self, base_url: str) -> "Outbound":
        """A client that also reaches the origin of `base_url` where it is not public: an engine in the LAN.

        Everything else stays as guarded as here, redirects from there too. Closed together with this one.
        """
        if base_url not in self._siblings:
            self._siblings[base_url] = Outbound(
                user_agent=self._user_agent,
                allow_private=self._allow_private,
                trusted=base_url,
                resolver=self._resolver,
                open_socket=self._open_socket,
                connections_max=self._connections_max,
            )
        return self._siblings[base_url]

    async def fetch(
        self,
        url: str,
        *,
        size_bytes_max: int,
        timeout_s: float = 30.0,
        redirects_max: int = 3,
        accept: Sequence[str] = MEDIA_TYPES,
    ) -> Fetched:
        """GET a small file into memory; raises OutboundError unless a whole 2xx answer came in time.

        `accept` are prefixes of media types. `timeout_s` covers everything from DNS to the last byte.
        """
        trip = _Trip()
        request = _Request(method="GET", url=url, redirects_max=redirects_max)
        with _failures(trip):
            async with asyncio.timeout(timeout_s):
                response, final_url = await self._open(trip, request)
                with closing(response):
                    require_success(trip.host, response)
                    served = media_type(response)
                    if not served.startswith(tuple(accept)):
                        raise trip.error("bad_media_type", f"{trip.host} answered {served}, not a media file")
                    body = await whole_body(trip.host, response, size_bytes_max)
        return Fetched(body=body, media_type=served, final_url=str(final_url))

    async def download(
        self,
        url: str,
        *,
        size_bytes_max: int,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        redirects_max: int = 3,
    ) -> AsyncIterator[bytes]:
        """GET a file as chunks, in constant memory; raises OutboundError like `fetch`, on the way if need be.

        `headers` go to the origin of `url` alone: after a redirect to another they are left out. The
        deadline counts from the first chunk asked for and includes what the reader does between chunks.
        """
        trip = _Trip()
        request = _Request(method="GET", url=url, headers=headers or {}, redirects_max=redirects_max)
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        size_bytes = 0
        with _failures(trip):
            # One timeout per wait: a timeout left open over a yield would cancel the reader instead of us.
            async with asyncio.timeout_at(deadline):
                response, _ = await self._open(trip, request)
            with closing(response):
                require_success(trip.host, response)
                refuse_announced(trip.host, response, size_bytes_max)
                while True:
                    if clock() >= deadline:
                        raise TimeoutError
                    async with asyncio.timeout_at(deadline):
                        chunk = await response.content.read(READ_BYTES)
                    if not chunk:
                        return
                    size_bytes += len(chunk)
                    if size_bytes > size_bytes_max:
                        raise too_large(trip.host, size_bytes_max)
                    yield chunk

    async def send(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
        response_bytes_max: int = 64 * KIB,
        redirects_max: int = 0,
        cut_long_response: bool = False,
    ) -> Reply:
        """Send one request and read its answer, whatever its status; raises OutboundError when there is none.

        With `redirects_max` 0 a redirect is an answer like any other. More is for GET and HEAD only (else
        ValueError): a body is never sent on to a place that the first one names. `cut_long_response` keeps
        the first `response_bytes_max` bytes instead of refusing: a webhook is delivered however chatty its
        answer is.
        """
        if redirects_max and method.upper() not in _SAFE_METHODS:
            raise ValueError(f"{method} cannot follow redirects")
        if json is not None and body is not None:
            raise ValueError("json or body, not both")
        sent_headers = dict(headers or {})
        if json is not None:
            body = orjson.dumps(json)
            sent_headers.setdefault("Content-Type", "application/json")
        trip = _Trip()
        request = _Request(method=method.upper(), url=url, headers=sent_headers, body=body, redirects_max=redirects_max)
        with _failures(trip):
            async with asyncio.timeout(timeout_s):
                response, _ = await self._open(trip, request)
                with closing(response):
                    content = await whole_body(trip.host, response, response_bytes_max, cut=cut_long_response)
        return Reply(status=response.status, headers=lower(response.headers), body=content)

    async def aclose(self) -> None:
        """Close every pooled connection; requests under way fail."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
        for sibling in self._siblings.values():
            await sibling.aclose()

    async def _open(self, trip: _Trip, request: _Request) -> tuple[aiohttp.ClientResponse, URL]:
        """Follow redirects by hand, each hop judged like a first one; the caller closes the response."""
        url = self._guard.first(request.url)
        trip.host = host_of(url)
        headers = request.headers
        pooled = request.method in _SAFE_METHODS
        for _ in range(request.redirects_max + 1):
            session = self._session(_Pool(pooled=pooled, trusted=self._guard.trusts(url)))
            response = await session.request(
                request.method,
                url,
                headers=headers,
                data=None if request.body is None else BytesIO(request.body),  # bytes of megabytes it warns of
                allow_redirects=False,
                trace_request_ctx=trip,
            )
            location = response.headers.get("Location")
            if request.redirects_max == 0 or response.status not in _REDIRECTS or location is None:
                return response, url
            response.close()
            onward = self._guard.onward(url, location)
            if origin(onward) != origin(url):
                headers = {}  # they were meant for the first origin, and stay off from here on
            url, trip.host = onward, host_of(onward)
        raise trip.error("bad_redirect", f"more than {request.redirects_max} redirects, the last to {trip.host}")

    def _session(self, pool: _Pool) -> aiohttp.ClientSession:
        """The session to use; made on first use, because aiohttp wants the running loop."""
        if pool not in self._sessions:
            self._sessions[pool] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    # What is trusted has connections of its own, so no other URL can ever use the unguarded ones.
                    socket_factory=self._open_socket if pool.trusted else self._guard.guarded_socket,
                    resolver=self._resolver,
                    limit=self._connections_max,
                    # A POST on a pooled connection that the other side is just closing fails with its fate
                    # unknown, and an unknown submit holds the owner's money. So those get a fresh one.
                    force_close=not pool.pooled,
                ),
                # The whole has its deadline in asyncio.timeout; a dead host is given up sooner, and unsent.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S),
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                trace_configs=[_noting_connections()],
            )
        return self._sessions[pool]


def _noting_connections() -> aiohttp.TraceConfig:
    async def connected(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
        context.trace_request_ctx.sent = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(connected)
    trace.on_connection_reuseconn.append(connected)
    return trace


@contextmanager
def _failures(trip: _Trip) -> Iterator[None]:
    """Say in our words what went wrong; aiohttp's own exceptions never leave this module."""
    try:
        yield
    except OutboundError as error:
        error.sent = trip.sent  # who raised it knows only a part of the trip
        raise
    except TimeoutError as error:  # before OSError, which it is
        raise trip.error("timeout", f"{trip.host} took too long") from error
    except aiohttp.ClientConnectorCertificateError as error:  # has no os_error, unlike its parent below
        raise trip.error("unreachable", f"the certificate of {trip.host} is not valid for it") from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, NotPublic):
            raise refused(trip.host, sent=trip.sent) from error
        missing = isinstance(error, aiohttp.ClientConnectorDNSError)
        raise trip.error("unreachable", f"{'no host' if missing else 'cannot connect to'} {trip.host}") from error
    except aiohttp.InvalidURL as error:
        raise trip.error("bad_url", "not a URL") from error
    except (aiohttp.ClientError, OSError) as error:
        raise trip.error("unreachable", f"the answer of {trip.host} broke off: {type(error).__name__}") from error
