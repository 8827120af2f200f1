"""Requests to one base URL, with our key in their headers and nowhere else.

An adapter says what to send and what an answer means; this turns what goes wrong on the way into ProviderError.
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from typing import Any, Final, Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.errors import OutboundError, ProviderError, ProviderFault, StorageError
from reelway.kit import multipart
from reelway.kit.multipart import Upload
from reelway.kit.outbound import KIB, Outbound, Reply
from reelway.media.control import conform
from reelway.media.picture import fill
from reelway.media.probe import UnreadableClip, probe
from reelway.media.worker import run_long_media, run_media
from reelway.providers.base import Context, Done, Inputs, raise_for_status
from reelway.storage.base import MissingFile

T = TypeVar("T")
Classify: TypeAlias = Callable[[Reply], ProviderError | None]
"""What the adapter makes of an answer of any status; None leaves a status of 400 and more to `raise_for_status`."""

RATIOS: Final = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
_ANSWER_BYTES_MAX: Final = 1024 * KIB
_BRIEF_CHARS: Final = 300
_SECRET_CHARS_LEAST: Final = 8
_NOT_DONE_HERE: Final = frozenset({301, 302, 307, 308})  # the request was not looked at; a 303 may follow a job
_SOURCE_TOLERANCE_S: Final = Fraction(1, 10)  # a container says a frame or two more than it plays
_PIXELS_OFF_MAX: Final = Fraction(8, 100)
_RATIO_OFF_MAX: Final = Fraction(1, 25)  # sides are multiples of 32 at some, whose 16:9 is 1344x768


def origin(
    context: Context, base_url: str, *, headers: Mapping[str, str], classify: Classify, timeout_s: float
) -> "Origin":
    """The provider's origin; the operator named it, so it may be on this machine or in the LAN."""
    return Origin(context.trusting(base_url), base_url, headers=headers, classify=classify, timeout_s=timeout_s)


def bearer_origin(context: Context, classify: Classify) -> "Origin":
    """The `base_url` of the provider's table, with its `key` as a bearer token."""
    settings = context.settings
    headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    return origin(context, settings.base_url, headers=headers, classify=classify, timeout_s=settings.timeout_s)


class Origin:
    """One base URL and our key for it. Redirects are not followed, so the key goes nowhere else."""

    def __init__(
        self, http: Outbound, base_url: str, *, headers: Mapping[str, str], classify: Classify, timeout_s: float
    ) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        # A provider that quotes our key ("Incorrect API key provided: …") would have it shown to callers.
        told = {word.encode() for value in headers.values() for word in value.split()}
        self._secrets = [word for word in told if len(word) >= _SECRET_CHARS_LEAST]
        self._classify = classify
        self._timeout_s = timeout_s

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str | Upload] | None = None,
        headers: Mapping[str, str] | None = None,
        answer_bytes_max: int = _ANSWER_BYTES_MAX,
    ) -> Any:
        """The JSON of a good answer; raises ProviderError for every other."""
        reply = await self.send(method, path, json=json, form=form, headers=headers, answer_bytes_max=answer_bytes_max)
        self.check(reply)
        return read_json(reply)

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str | Upload] | None = None,
        headers: Mapping[str, str] | None = None,
        answer_bytes_max: int = _ANSWER_BYTES_MAX,
    ) -> Reply:
        """The answer, whatever its status, for adapters that look before they `check`; raises UNAVAILABLE.

        Our key is taken out of it, should it be quoted.
        """
        sent_headers = self._headers | dict(headers or {})
        body = None
        if form is not None:
            body, sent_headers["Content-Type"] = await multipart.encode(form)
        try:
            reply = await self._http.send(
                method,
                self._base_url + path,
                json=json,
                body=body,
                headers=sent_headers,
                timeout_s=self._timeout_s,
                response_bytes_max=answer_bytes_max,
            )
        except OutboundError as error:
            raise ProviderError(ProviderFault.UNAVAILABLE, error.message, no_job=not error.sent) from error
        for secret in self._secrets:
            if secret in reply.body:
                reply = replace(reply, body=reply.body.replace(secret, b"[secret]"))
        return reply

    def check(self, reply: Reply) -> None:
        """Raise what the answer means when it is not a good one."""
        if 300 <= reply.status < 400:
            message = f"the provider answered HTTP {reply.status}, a redirect; name the place it leads to as base_url"
            raise ProviderError(ProviderFault.UNREADABLE, message, no_job=reply.status in _NOT_DONE_HERE)
        error = self._classify(reply)
        if error is not None:
            raise error
        raise_for_status(reply.status, reply.headers)

    def done(self, place: str, *, cost_microusd: int | None = None, meta: Mapping[str, Any] | None = None) -> Done:
        """The finished clip at `place`: a path below the base URL, or a URL. Only our origin gets the key."""
        url = self._base_url + place if place.startswith("/") else place
        own = _origin_of(url) == _origin_of(self._base_url)
        return Done(
            url=url,
            headers=tuple(self._headers.items()) if own else (),
            via=self._http,
            cost_microusd=cost_microusd,
            meta=meta or {},
        )


def read_json(reply: Reply) -> Any:
    """The body; raises UNREADABLE when it is something else."""
    try:
        return reply.json
    except ValueError:
        message = f"the provider answered HTTP {reply.status} with something that is not JSON"
        raise ProviderError(ProviderFault.UNREADABLE, message) from None


def json_or_none(reply: Reply) -> Any:
    """The body, for a look at what an error says; None when it is not JSON."""
    try:
        return reply.json
    except ValueError:
        return None


def error_of(reply: Reply) -> dict[str, Any]:
    """The object that many put under `error`; empty when there is none."""
    body = json_or_none(reply)
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def brief(text: object) -> str:
    """What a provider says, short enough to pass on."""
    words = " ".join(str(text).split())
    return words if len(words) <= _BRIEF_CHARS else words[: _BRIEF_CHARS - 1] + "…"


async def read_input(inputs: Inputs, asset: Asset) -> bytes:
    """The bytes of an input file; raises ProviderError, and nothing was sent."""
    try:
        return await inputs.read(asset)
    except MissingFile as error:
        raise ProviderError(ProviderFault.REJECTED, "the input file is gone from storage") from error
    except StorageError as error:
        raise ProviderError(ProviderFault.UNAVAILABLE, error.message, no_job=True) from error


async def read_frame(inputs: Inputs, asset: Asset, spec: ClipSpec) -> bytes:
    """A picture as PNG, cropped to the clip's size: of another shape it is refused, or gives the clip its own."""
    return await run_media(fill, await read_input(inputs, asset), spec.width, spec.height)


async def read_control(inputs: Inputs, asset: Asset, spec: ClipSpec, frames: int | None = None) -> bytes:
    """The control video as MP4 of the clip's own size and rate, and of as many frames as are asked for there."""
    data = BytesIO(await read_input(inputs, asset))
    size = {"width": spec.width, "height": spec.height}
    try:
        return await run_long_media(
            conform, data, **size, fps=spec.fps, frames=spec.frames if frames is None else frames
        )
    except UnreadableClip as error:
        raise rejected(f"the control video: {error.message}") from error


def data_url(data: bytes, media_type: str = "image/png") -> str:
    """A file as text, for providers that take a URL."""
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def rejected(message: str) -> ProviderError:
    """What the provider cannot take; nothing was sent."""
    return ProviderError(ProviderFault.REJECTED, message)


def whole_seconds(spec: ClipSpec) -> int:
    """The length; raises REJECTED for one between two seconds."""
    if spec.duration_s.denominator != 1:
        raise rejected(f"only whole seconds are made there; {float(spec.duration_s):g} s is not possible")
    return spec.duration_s.numerator


def named_ratio(spec: ClipSpec, names: Iterable[str] = RATIOS) -> str:
    """Which of the provider's ratios, like 16:9, the clip has; raises REJECTED for none of them."""
    asked = Fraction(spec.width, spec.height)
    off = {name: abs(Fraction(name.replace(":", "/")) / asked - 1) for name in names}
    nearest = min(off, key=off.__getitem__)
    if off[nearest] > _RATIO_OFF_MAX:
        raise rejected(f"only {', '.join(off)} are made there; {spec.size} is none of them")
    return nearest


def named_size(spec: ClipSpec, sides: Mapping[str, int]) -> str:
    """Which of the provider's sizes, by the shorter side of their 16:9; raises REJECTED for none of them.

    A square of 720p is 960x960 where vendors keep the number of pixels, and 720x720 where they keep that side.
    """
    pixels = spec.width * spec.height
    off = {name: abs(Fraction(9 * pixels, 16 * side * side) - 1) for name, side in sides.items()}
    nearest = min(off, key=off.__getitem__)
    if off[nearest] <= _PIXELS_OFF_MAX:
        return nearest
    for name, side in sides.items():
        if side == min(spec.width, spec.height):
            return name
    raise rejected(f"only {', '.join(sides)} are made there; {spec.size} is none of them")


def check_frames(spec: ClipSpec) -> None:
    """Raise REJECTED for inputs other than a first frame, and a last one with it."""
    roles = {asset.role for asset in spec.assets}
    for other in sorted(roles - {Role.FIRST_FRAME, Role.LAST_FRAME}):
        raise rejected(f"no {other.replace('_', ' ')} is taken there")
    if Role.LAST_FRAME in roles and Role.FIRST_FRAME not in roles:
        raise rejected("no last frame is taken there without a first")


async def check_source(data: bytes, spec: ClipSpec) -> None:
    """Raise REJECTED for a video longer than the clip: an edit is as long as its source, and so is the bill."""
    await run_media(_check_length, data, spec)


def _check_length(data: bytes, spec: ClipSpec) -> None:
    try:
        length_s = probe(BytesIO(data)).duration_s
    except UnreadableClip as error:
        raise rejected(f"the source video: {error.message}") from error
    if length_s > spec.duration_s + _SOURCE_TOLERANCE_S:
        message = f"the source video lasts {length_s:.1f} s and {float(spec.duration_s):g} s were ordered"
        raise rejected(f"{message}; order its length, or send a shorter one")


class Kept(Generic[T]):
    """What a provider publishes to check its signatures by: asked for once, and again when it is old."""

    def __init__(self, ask: Callable[[], Awaitable[T]], *, keep_s: float) -> None:
        self._ask = ask
        self._keep_ms = int(keep_s * 1000)
        self._kept: tuple[int, T] | None = None

    async def get(self, now_ms: int, *, no_older_than_s: float | None = None) -> T:
        """What is kept, unless it is older; raises what asking raises."""
        keep_ms = self._keep_ms if no_older_than_s is None else int(no_older_than_s * 1000)
        if self._kept is None or abs(now_ms - self._kept[0]) > keep_ms:
            self._kept = now_ms, await self._ask()
        return self._kept[1]


def _origin_of(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(scheme)
