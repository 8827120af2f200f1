"""Gemini Omni Flash over Google's Interactions API: a clip within one request, or a job in the background.

Facts and their sources are in docs/providers/gemini-omni.md. Google keeps a clip for 48 hours.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from reelway.domain.generation import Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import KIB, Reply
from reelway.kit.signatures import standard_webhook_by
from reelway.providers.base import (
    BaseUrl,
    Callback,
    CancelOutcome,
    CannotTell,
    Context,
    Facts,
    Failed,
    FindOutcome,
    Handle,
    Inputs,
    NotStopped,
    Order,
    ProbeOutcome,
    Progress,
    Provider,
    ProviderSettings,
    Serves,
    Stopped,
    Waiting,
    read_field,
    read_id,
)
from reelway.providers.wire import (
    Kept,
    Origin,
    brief,
    error_of,
    named_ratio,
    named_size,
    origin,
    read_frame,
    read_json,
    rejected,
    whole_seconds,
)

FACTS = Facts(in_flight_max=4, poll_first_s=1.0, poll_most_s=10.0)

_SIDES: Final = {"360p": 360, "720p": 720, "1080p": 1080, "4k": 2160}
_ASPECT_RATIOS: Final = ("16:9", "9:16")
# There is no list of codes; these words are in what Google's APIs say of refused content.
_REFUSAL: Final = re.compile(r"safety|prohibited|polic(?:y|ies)|sensitive|responsible ai|usage guidelines", re.I)
_EMPTY: Final = re.compile(r"limit: 0\b|credits are depleted|billing", re.I)
_FILE: Final = re.compile(r"(?:^|/)files/([A-Za-z0-9_-]+)")
_RETRY_DELAY: Final = re.compile(r"(\d{1,6}(?:\.\d+)?)s")
_ANSWER_BYTES_MAX: Final = 32 * 1024 * KIB  # it may repeat the picture that we sent
_KEYS_KEPT_S: Final = 3600
_KEYS_YOUNG_S: Final = 60


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "gemini_omni"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field(
        "https://generativelanguage.googleapis.com/v1beta", description="another address of the same API"
    )
    background: bool = Field(
        False, description="order and look again, instead of one long request; some jobs were lost this way"
    )
    timeout_s: float = Field(300.0, gt=0, description="seconds it has to answer: without background, to make the clip")


def build(context: Context) -> "GeminiOmni":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    headers = {"x-goog-api-key": settings.key.get_secret_value()}
    server = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    parts = urlsplit(settings.base_url)
    host = f"{parts.scheme}://{parts.netloc}"
    keys = origin(context, host, headers={}, classify=_classify, timeout_s=settings.timeout_s)
    return GeminiOmni(server, keys, context.inputs, background=settings.background)


class GeminiOmni(Provider):
    """One key."""

    def __init__(self, server: Origin, keys: Origin, inputs: Inputs, *, background: bool) -> None:
        self._server = server
        self._inputs = inputs
        self._background = background
        self._keys = Kept(lambda: keys.ask("GET", "/.well-known/jwks.json"), keep_s=_KEYS_KEPT_S)

    async def submit(self, order: Order) -> Handle:
        """POST /interactions. Its answer is the clip, unless it was ordered in the background."""
        body = await self._body(order)
        reply = await self._server.send("POST", "/interactions", json=body, answer_bytes_max=_ANSWER_BYTES_MAX)
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no model {order.upstream_model} there (any more)")
        self._server.check(reply)
        said = read_json(reply)
        id_, status = read_id(said), read_field(said, "status", str)
        under_way = status in ("queued", "in_progress") or self._background
        return {
            "id": id_,
            "answer": None if under_way else _essence(said),
            "left_out": ["negative_prompt"] if order.spec.negative_prompt else [],
        }

    async def poll(self, handle: Handle) -> Progress:
        """GET /interactions/{id}, if the order's own answer did not say how it ended; then GET /files/{id}."""
        answer = handle["answer"]
        if answer is None:
            reply = await self._look(handle)
            if reply.status == 403:  # said of jobs under way; a key that is no good is told by the submit
                return Waiting(started=True)
            if reply.status == 400:  # said of jobs that it has lost; ours to malform is only the id that it gave
                raise ProviderError(ProviderFault.UNREADABLE, f"cannot read the job: {_said(reply)}")
            self._server.check(reply)
            answer = _essence(read_json(reply))
        match answer["status"]:
            case "queued":
                return Waiting(started=False)
            case "in_progress":
                return Waiting(started=True)
            case "requires_continuation" if handle["answer"] is None:  # which the background does by itself
                return Waiting(started=True)
            case "completed" if answer["file"]:
                return await self._clip(answer, handle)
            case "completed" | "failed" | "incomplete" | "budget_exceeded" | "requires_action" | "cancelled" as status:
                return _failed(status, answer["words"])
            case "requires_continuation" as status:
                return _failed(status, "too much for one request; set background = true")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """POST /interactions/{id}/cancel. Documented, and seen to be refused with 403."""
        if handle["answer"] is not None:
            return NotStopped("the clip was made within its order")
        reply = await self._server.send("POST", f"{_path(handle)}/cancel", answer_bytes_max=_ANSWER_BYTES_MAX)
        if reply.status in (400, 403, 404):
            return NotStopped(_said(reply) or "Google did not stop it")
        self._server.check(reply)
        status = read_field(read_json(reply), "status", str)
        return Stopped() if status == "cancelled" else NotStopped(f"its state is {brief(status)}")

    async def find(self, order: Order) -> FindOutcome:
        """There is no list, no external id and no idempotency key."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """Nothing of it is on this machine."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /models/{id}. That the account is in funds is not told."""
        reply = await self._server.send("GET", f"/models/{quote(upstream_model, safe='')}")
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no model {upstream_model} there (any more)")
        self._server.check(reply)
        return Serves()

    async def genuine(self, callback: Callback) -> bool:
        """Standard Webhooks with an Ed25519 key of Google's, whatever its page says of tokens."""
        for young_s in (None, _KEYS_YOUNG_S):  # a key that we do not know may be new
            keys = await self._keys.get(callback.now_ms, no_older_than_s=young_s)
            if standard_webhook_by(keys, callback.headers, callback.body, callback.now_ms):
                return True
        return False

    async def _body(self, order: Order) -> dict[str, Any]:
        spec = order.spec
        if any(asset.role is not Role.FIRST_FRAME for asset in spec.assets):
            raise rejected("Gemini Omni takes a first frame and no other file here")
        video = {
            "type": "video",
            "delivery": "uri",  # inline, a clip of some 4 MB and more fails
            "aspect_ratio": named_ratio(spec, _ASPECT_RATIOS),
            "resolution": named_size(spec, _SIDES),
            "duration": f"{whole_seconds(spec)}s",
        }
        content: list[dict[str, str]] = []
        first = spec.asset(Role.FIRST_FRAME)
        if first is not None:
            data = await read_frame(self._inputs, first, spec)
            content.append({"type": "image", "mime_type": first.media_type, "data": b64encode(data).decode()})
        if spec.prompt:
            content.append({"type": "text", "text": spec.prompt})
        body: dict[str, Any] = {
            "model": order.upstream_model,
            "input": content,
            "response_format": video,
            "generation_config": {"video_config": {"task": "image_to_video" if first else "text_to_video"}},
        }
        if self._background:
            body |= {"background": True, "store": True}
            if order.callback_url is not None and order.callback_url.startswith("https://"):  # it calls no other
                body["webhook_config"] = {"uris": [order.callback_url]}
        return body

    async def _look(self, handle: Handle) -> Reply:
        path = f"{_path(handle)}?include_input=false"
        return await self._server.send("GET", path, answer_bytes_max=_ANSWER_BYTES_MAX)

    async def _clip(self, answer: dict[str, Any], handle: Handle) -> Progress:
        """The file of a finished interaction; one that is gone is answered 403."""
        path = f"/files/{answer['file']}"
        reply = await self._server.send("GET", path)
        if reply.status in (403, 404):
            raise ProviderError(ProviderFault.NOT_FOUND, f"the clip is gone: {_said(reply)}")
        self._server.check(reply)
        match read_field(read_json(reply), "state", str):
            case "PROCESSING":
                return Waiting(started=True)
            case "ACTIVE":
                meta = {"effective": answer["effective"], "left_out": handle["left_out"]}
                return self._server.done(f"{path}:download?alt=media", meta={k: v for k, v in meta.items() if v})
            case "FAILED":
                return Failed(fault=ProviderFault.UNAVAILABLE, message="Google could not process the finished file")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state of a file {brief(other)!r}")


def _path(handle: Handle) -> str:
    return f"/interactions/{quote(handle['id'], safe='')}"


def _essence(said: Any) -> dict[str, Any]:
    """Of an interaction: how it is, where the clip is, what was said instead, what was counted."""
    file, words = None, []
    for part in _made(said):
        if part.get("type") == "video":
            found = _FILE.search(str(part.get("uri", "")))
            file = found[1] if found else file
        elif part.get("type") == "text":
            words.append(str(part.get("text", "")))
    for error in _dicts(said.get("errors")):
        words.append(f"{error.get('message', '')} ({error.get('code', 'no code')})")
    effective = {"model": said.get("model"), "video_tokens": _video_tokens(said.get("usage"))}
    return {
        "status": read_field(said, "status", str),
        "file": file,
        "words": brief(" ".join(words)),
        "effective": {name: value for name, value in effective.items() if isinstance(value, str | int)},
    }


def _made(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for step in _dicts(said.get("steps")):
        if step.get("type") == "model_output":
            yield from _dicts(step.get("content"))


def _video_tokens(usage: Any) -> int | None:
    """What Google bills; it names no amount of money."""
    counts = _dicts(usage.get("output_tokens_by_modality")) if isinstance(usage, dict) else []
    return next((c.get("tokens") for c in counts if str(c.get("modality")).lower() == "video"), None)


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _failed(status: str, words: str) -> Failed:
    """A model that answers with words instead of a clip has declined."""
    refused = (status == "completed" and words) or _REFUSAL.search(words)
    fault = ProviderFault.REFUSED if refused else ProviderFault.UNAVAILABLE
    without = "completed without a clip" if status == "completed" else f"ended as {status}"
    return Failed(fault=fault, message=words or f"the interaction {without}, and Google gives no reason")


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    said = _said(reply) or f"the provider answered HTTP {reply.status}"
    if reply.status == 429:
        if _EMPTY.search(said.replace("check your plan and billing details", "")):
            return ProviderError(ProviderFault.FUNDS, said)
        return ProviderError(ProviderFault.THROTTLED, said, retry_after_s=_retry_after_s(reply))
    if reply.status == 403 and _EMPTY.search(said):
        return ProviderError(ProviderFault.FUNDS, said)
    if reply.status != 400:
        return None
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in _details(reply)):
        return ProviderError(ProviderFault.CREDENTIALS, said)
    if error_of(reply).get("status") == "FAILED_PRECONDITION" and _EMPTY.search(said):
        return ProviderError(ProviderFault.FUNDS, said)
    return ProviderError(ProviderFault.REFUSED if _REFUSAL.search(said) else ProviderFault.REJECTED, said)


def _retry_after_s(reply: Reply) -> float | None:
    """From google.rpc.RetryInfo ("7s"), or the header."""
    texts = [str(detail.get("retryDelay", "")) for detail in _details(reply)]
    texts.append(reply.headers.get("retry-after", "") + "s")
    return next((float(found[1]) for text in texts if (found := _RETRY_DELAY.fullmatch(text))), None)


def _details(reply: Reply) -> list[dict[str, Any]]:
    return _dicts(error_of(reply).get("details"))


def _said(reply: Reply) -> str:
    return brief(error_of(reply).get("message") or "")
