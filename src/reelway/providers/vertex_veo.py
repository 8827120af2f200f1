"""Veo on Vertex AI ("Gemini Enterprise Agent Platform"), the last place that has it.

Facts and their sources are in docs/providers/vertex-veo.md. Without a bucket the clip comes within the answer, as text.
"""

import asyncio
import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from pydantic import AfterValidator, Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.kit.outbound import KIB, Outbound, Reply
from reelway.providers.base import (
    BaseUrl,
    CancelOutcome,
    CannotTell,
    Context,
    Done,
    Facts,
    Failed,
    FindOutcome,
    Found,
    Handle,
    Inputs,
    NotStopped,
    Order,
    ProbeOutcome,
    Progress,
    Provider,
    ProviderSettings,
    Serves,
    Waiting,
    read_field,
)
from reelway.providers.wire import (
    Origin,
    brief,
    check_frames,
    error_of,
    json_or_none,
    named_ratio,
    named_size,
    origin,
    read_frame,
    read_json,
    whole_seconds,
)

FACTS = Facts(in_flight_max=8, poll_first_s=10.0, poll_most_s=15.0, submits_per_minute=50)

_ACCOUNT_FIELDS: Final = ("client_email", "private_key", "project_id")
_AUDIENCE: Final = "https://oauth2.googleapis.com/token"  # whatever address the request goes to
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_SPARE_S: Final = 300.0  # a token with less left than this is not used for anything new
_FRAMES: Final = {Role.FIRST_FRAME: "image", Role.LAST_FRAME: "lastFrame"}
_SIDES: Final = {"720p": 720, "1080p": 1080, "4k": 2160}
_ASPECT_RATIOS: Final = ("16:9", "9:16")
_OPERATION: Final = re.compile(r"(projects/[^/]+/locations/[^/]+/publishers/google/models/[^/]+)/operations/([\w-]+)")
_GS: Final = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,221})/(.+)")
# There is no list of what refusals say; "Support codes" are of the filters.
_REFUSAL: Final = re.compile(r"support codes?:|responsible ai|usage guidelines|sensitive words|violat", re.I)
_ANSWER_BYTES_MAX: Final = 96 * 1024 * KIB  # a clip as text
# google.rpc.Code of an operation that failed; every other is theirs to mend.
_RPC_FAULTS: Final = {3: ProviderFault.REJECTED, 7: ProviderFault.CREDENTIALS, 9: ProviderFault.REJECTED}


def _bucket(text: str) -> str:
    if _GS.fullmatch(f"{text.rstrip('/')}/x") is None:
        raise ValueError("write a place like gs://bucket or gs://bucket/folder")
    return text.rstrip("/")


def _account(key: SecretStr) -> SecretStr:
    """The key as it came, once it is seen to be one; no message quotes it."""
    try:
        account = json.loads(key.get_secret_value())
    except ValueError:
        account = None
    if not isinstance(account, dict) or account.get("type") != "service_account":
        raise ValueError("not the JSON key of a service account; key_file names the file as Google gave it")
    if missing := [name for name in _ACCOUNT_FIELDS if not isinstance(account.get(name), str)]:
        raise ValueError(f"the JSON key of the service account has no {' and no '.join(missing)}")
    return key


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "vertex_veo"`."""

    key: Annotated[SecretStr, AfterValidator(_account)] = Field(
        description="the service account's JSON key; key_file names the file as Google gave it"
    )
    project: str | None = Field(None, pattern=r"^[a-z0-9:.-]+$", description="default: the service account's own")
    location: str = Field("us-central1", pattern=r"^[a-z0-9-]+$", description="a region, or global")
    storage_uri: Annotated[str, AfterValidator(_bucket)] | None = Field(
        None, description="gs://bucket/folder for clips; without it they come within the answer, and take memory"
    )
    base_url: BaseUrl | None = Field(None, description="another address of the same API")
    token_url: BaseUrl = Field("https://oauth2.googleapis.com/token", description="where access tokens are had")
    storage_url: BaseUrl = Field("https://storage.googleapis.com", description="where Cloud Storage is")

    def address(self) -> str:
        """Of the API."""
        host = "aiplatform" if self.location == "global" else f"{self.location}-aiplatform"
        return self.base_url or f"https://{host}.googleapis.com/v1"


def build(context: Context) -> "VertexVeo":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    account = json.loads(settings.key.get_secret_value())
    tokens = _Tokens(context.trusting(settings.token_url), settings.token_url, account, timeout_s=settings.timeout_s)

    def signed(base_url: str, token: str) -> Origin:
        headers = {"Authorization": f"Bearer {token}"}
        return origin(context, base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)

    return VertexVeo(
        tokens,
        signed,
        context.inputs,
        context.work_dir,
        settings,
        project=settings.project or account["project_id"],
    )


class _Tokens:
    """Access tokens of one service account: an assertion that it signs, for a token of an hour."""

    def __init__(
        self,
        http: Outbound,
        url: str,
        account: dict[str, str],
        *,
        timeout_s: float,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._url = url
        self._account = account
        self._timeout_s = timeout_s
        self._now = now
        self._token: str | None = None
        self._good_until_s = 0.0
        self._asking = asyncio.Lock()

    async def get(self) -> str:
        """A token that is good for some minutes; raises ProviderError, and no job was made."""
        async with self._asking:
            if self._token is None or self._now() > self._good_until_s - _SPARE_S:
                self._token, lasts_s = await self._new()
                self._good_until_s = self._now() + lasts_s
            return self._token

    def forget(self, token: str) -> None:
        """It was refused."""
        if self._token == token:
            self._token = None

    async def _new(self) -> tuple[str, float]:
        assertion = await asyncio.to_thread(self._assertion)
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            reply = await self._http.send(
                "POST", self._url, body=urlencode(form).encode(), headers=headers, timeout_s=self._timeout_s
            )
        except OutboundError as error:
            message = f"no access token: {error.message}"
            raise ProviderError(ProviderFault.UNAVAILABLE, message, no_job=True) from error
        said = json_or_none(reply)
        said = said if isinstance(said, dict) else {}
        token, lasts_s = said.get("access_token"), said.get("expires_in")
        if reply.status == 200 and isinstance(token, str) and isinstance(lasts_s, int):
            return token, float(lasts_s)
        # Google says {"error": "invalid_grant", …} for a key that was deleted, and for a clock that is wrong.
        why = brief(said.get("error_description") or said.get("error") or f"HTTP {reply.status}")
        refused = reply.status in (400, 401, 403)
        fault = ProviderFault.CREDENTIALS if refused else ProviderFault.UNAVAILABLE
        raise ProviderError(fault, f"no access token: {why}", no_job=not refused)

    def _assertion(self) -> str:
        import jwt  # late: it brings a tenth of a second of cryptography

        now_s = int(self._now())
        claims = {
            "iss": self._account["client_email"],
            "scope": _SCOPE,
            "aud": _AUDIENCE,
            "iat": now_s,
            "exp": now_s + 3600,
        }
        headers = {"kid": self._account["private_key_id"]} if "private_key_id" in self._account else None
        try:
            return jwt.encode(claims, self._account["private_key"], algorithm="RS256", headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError):
            message = "the private key of the service account cannot be read"
            raise ProviderError(ProviderFault.CREDENTIALS, message) from None


class VertexVeo(Provider):
    """One project."""

    def __init__(
        self,
        tokens: _Tokens,
        signed: Callable[[str, str], Origin],
        inputs: Inputs,
        work_dir: Path,
        settings: Settings,
        *,
        project: str,
    ) -> None:
        self._tokens = tokens
        self._signed = signed
        self._inputs = inputs
        self._work_dir = work_dir
        self._settings = settings
        self._models = f"projects/{project}/locations/{settings.location}/publishers/google/models"

    async def submit(self, order: Order) -> Handle:
        """POST {model}:predictLongRunning. There is no idempotency key and no list of operations."""
        path = f"/{self._models}/{quote(order.upstream_model, safe='')}:predictLongRunning"
        operation = await self._of_model("POST", path, await self._body(order))
        name = read_field(operation, "name", str)
        if _OPERATION.fullmatch(name) is None:
            raise ProviderError(ProviderFault.UNREADABLE, f"the name of the operation is {brief(name)!r}")
        return {"name": name, "uri": None}

    async def poll(self, handle: Handle) -> Progress:
        """POST {model}:fetchPredictOperation. Done without a clip means that the filters took it."""
        if handle["uri"] is not None:  # found in the bucket
            return await self._in_bucket(handle["uri"])
        found = _OPERATION.fullmatch(handle["name"])
        assert found is not None, "submit gave it"
        path, body = f"/{found[1]}:fetchPredictOperation", {"operationName": handle["name"]}
        operation = await self._ask("POST", self._settings.address(), path, body)
        if not isinstance(operation, dict) or "done" not in operation:
            read_field(operation, "name", str)
            return Waiting(started=True)
        if not read_field(operation, "done", bool):
            return Waiting(started=True)
        if operation.get("error") is not None:
            return _failed(operation["error"])
        response = read_field(operation, "response", dict)
        videos = response.get("videos") or []
        if not isinstance(videos, list):
            raise ProviderError(ProviderFault.UNREADABLE, "the videos of the operation are no list")
        if not videos:
            reasons = response.get("raiMediaFilteredReasons") or ["the clip was filtered, and Google gives no reason"]
            return Failed(fault=ProviderFault.REFUSED, message=brief(" ".join(str(r) for r in reasons)))
        if "gcsUri" in videos[0]:
            return await self._in_bucket(read_field(videos[0], "gcsUri", str))
        return await self._in_answer(handle, read_field(videos[0], "bytesBase64Encoded", str))

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Not offered for publisher models."""
        return NotStopped("Vertex AI cannot stop a Veo job")

    async def find(self, order: Order) -> FindOutcome:
        """With a bucket, a clip of this order turns up in the order's own folder. Until then nobody can tell."""
        if self._settings.storage_uri is None:
            return CannotTell()
        bucket, _, folder = self._folder(order).removeprefix("gs://").partition("/")
        path = f"/storage/v1/b/{bucket}/o?{urlencode({'prefix': folder})}"
        listed = await self._ask("GET", self._settings.storage_url, path)
        items = listed.get("items", []) if isinstance(listed, dict) else []
        clips = [name for item in items if (name := read_field(item, "name", str)).endswith(".mp4")]
        return Found({"name": None, "uri": f"gs://{bucket}/{clips[0]}"}) if clips else CannotTell()

    async def discard(self, handle: Handle) -> None:
        """The clip that came within the answer."""
        if handle["name"] is not None:
            self._path(handle).unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET publishers/google/models/{id}: what Google lists. That the region has it is not told."""
        about = await self._of_model("GET", f"/publishers/google/models/{quote(upstream_model, safe='')}")
        return Serves(note=str(about.get("launchStage", "")) if isinstance(about, dict) else "")

    async def _of_model(self, method: str, path: str, json: Any = None) -> Any:
        """Ask of something that is there as long as the model is."""
        try:
            return await self._ask(method, self._settings.address(), path, json)
        except ProviderError as error:
            if error.fault is ProviderFault.NOT_FOUND:
                raise ProviderError(ProviderFault.MODEL_GONE, error.message) from error
            raise

    async def _ask(self, method: str, base_url: str, path: str, json: Any = None) -> Any:
        """With a token; once more with a new one when it is refused, which proves that nothing was done."""
        token = await self._tokens.get()
        server = self._signed(base_url, token)
        reply = await server.send(method, path, json=json, answer_bytes_max=_ANSWER_BYTES_MAX)
        if reply.status == 401:
            self._tokens.forget(token)
            server = self._signed(base_url, await self._tokens.get())
            reply = await server.send(method, path, json=json, answer_bytes_max=_ANSWER_BYTES_MAX)
        server.check(reply)
        return await asyncio.to_thread(read_json, reply)  # with a clip in it that takes a while

    async def _in_bucket(self, uri: str) -> Done:
        found = _GS.fullmatch(uri)
        if found is None:
            raise ProviderError(ProviderFault.UNREADABLE, f"the place of the clip is {brief(uri)!r}")
        storage = self._signed(self._settings.storage_url, await self._tokens.get())
        return storage.done(f"/storage/v1/b/{found[1]}/o/{quote(found[2], safe='')}?alt=media")

    async def _in_answer(self, handle: Handle, text: str) -> Done:
        path = self._path(handle)

        def write() -> None:
            path.write_bytes(b64decode(text, validate=True))

        try:
            await asyncio.to_thread(write)
        except ValueError as error:
            raise ProviderError(ProviderFault.UNREADABLE, "the clip in the answer is not base64") from error
        except OSError as error:
            message = f"cannot keep the clip: {error.strerror}"
            raise ProviderError(ProviderFault.UNAVAILABLE, message) from error
        return Done(path=path)

    def _path(self, handle: Handle) -> Path:
        return self._work_dir / f"{handle['name'].rpartition('/')[2]}.mp4"

    async def _body(self, order: Order) -> dict[str, Any]:
        spec = order.spec
        check_frames(spec)
        instance: dict[str, Any] = {"prompt": spec.prompt} if spec.prompt else {}
        parameters: dict[str, Any] = {
            "aspectRatio": named_ratio(spec, _ASPECT_RATIOS),
            "resolution": named_size(spec, _SIDES),
            "durationSeconds": whole_seconds(spec),
            "sampleCount": 1,
            "seed": spec.seed,
            "generateAudio": spec.audio,
        }
        if spec.negative_prompt:
            parameters["negativePrompt"] = spec.negative_prompt
        if self._settings.storage_uri is not None:
            parameters["storageUri"] = self._folder(order)
        for asset in spec.assets:
            instance[_FRAMES[asset.role]] = await self._picture(asset, spec)
        return {"instances": [instance], "parameters": parameters}

    async def _picture(self, asset: Asset, spec: ClipSpec) -> dict[str, str]:
        data = await read_frame(self._inputs, asset, spec)
        return {"bytesBase64Encoded": b64encode(data).decode(), "mimeType": asset.media_type}

    def _folder(self, order: Order) -> str:
        return f"{self._settings.storage_uri}/{re.sub(r'[^A-Za-z0-9_-]', '-', order.key)}/"


def _failed(error: Any) -> Failed:
    error = error if isinstance(error, dict) else {}
    message = brief(error.get("message") or "the operation failed, and Google gives no reason")
    if _REFUSAL.search(message):
        return Failed(fault=ProviderFault.REFUSED, message=message)
    code = error.get("code")
    fault = _RPC_FAULTS.get(code, ProviderFault.UNAVAILABLE) if isinstance(code, int) else ProviderFault.UNAVAILABLE
    return Failed(fault=fault, message=message)


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    match reply.status:
        case 400:
            refused = _REFUSAL.search(_said(reply))
            return ProviderError(ProviderFault.REFUSED if refused else ProviderFault.REJECTED, _said(reply))
        case 403:
            unpaid = any(detail.get("reason") == "BILLING_DISABLED" for detail in error_of(reply).get("details") or [])
            return ProviderError(ProviderFault.FUNDS if unpaid else ProviderFault.CREDENTIALS, _said(reply))
        case 404:
            return ProviderError(ProviderFault.NOT_FOUND, _said(reply))
    return None


def _said(reply: Reply) -> str:
    return brief(error_of(reply).get("message") or f"the provider answered HTTP {reply.status}")
