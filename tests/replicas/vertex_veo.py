"""Veo on Vertex AI: Google's token endpoint at one host, publisher models and Cloud Storage at another.

Facts and sources: docs/providers/vertex-veo.md.
"""

import base64
import binascii
import io
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from PIL import Image

from replicas.replica import Job, Replica, Seen, Trouble

_AUDIENCE = "https://oauth2.googleapis.com/token"  # whatever address the request goes to
TOKEN = "ya29.replica-0123456789abcdef"  # every token begins so
PROJECT = "reelway-tests"
EMAIL = "reelway@reelway-tests.iam.gserviceaccount.com"
_MODELS = "/v1/projects/{project}/locations/{location}/publishers/google/models/{model:[^/:]+}"
_PARAMETERS = {
    "aspectRatio",
    "durationSeconds",
    "generateAudio",
    "negativePrompt",
    "personGeneration",
    "resolution",
    "sampleCount",
    "seed",
    "storageUri",
}
BLOCKED = (
    "Veo could not generate videos because the prompt violates Vertex AI's usage guidelines. If you think this was an "
    "error, send feedback. Support codes: 58061214"
)


@dataclass(frozen=True)
class _Invalid(Exception):
    message: str


class VertexVeo(Replica):
    """One project."""

    def __init__(self) -> None:
        super().__init__(key="k1")  # the id of the account's key
        self.models = {"veo-3.1-generate-001", "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"}
        self.objects: dict[str, bytes] = {}  # of Cloud Storage: "bucket/name"
        self.tokens: set[str] = set()  # good ones
        self.seen_at_tokens: list[Seen] = []
        self.token_error: tuple[int, dict[str, str]] | None = None  # what the token endpoint answers instead
        self.leeway_s = 0  # between its clock and the client's
        self.token_url = ""

    def account(self) -> dict[str, str]:
        """The JSON key of the service account."""
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "k1",
            "private_key": _private_key(),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": self.token_url,
        }

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/publishers/google/models/{model}", self._model),
            web.post(f"{_MODELS}:predictLongRunning", self._create),
            web.post(f"{_MODELS}:fetchPredictOperation", self._fetch),
            web.get("/storage/v1/b/{bucket}/o", self._list_objects),
            web.get("/storage/v1/b/{bucket}/o/{name:.+}", self._object),
        ]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["VertexVeo"]:
        """With the token endpoint, which is a host of its own."""
        tokens = web.Application()
        tokens.add_routes([web.post("/token", self._token)])
        runner = web.AppRunner(tokens, shutdown_timeout=0.1)
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.token_url = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
            async with super().serving():
                yield self
        finally:
            await runner.cleanup()

    def creates(self, request: web.Request) -> bool:
        return request.path.endswith(":predictLongRunning")

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                message = "The prompt could not be submitted. This prompt contains sensitive words that violate "
                message += "Google's Responsible AI practices. Support codes: 58061214"
                return _error(400, "INVALID_ARGUMENT", message)
            case Trouble.REJECTED:
                return _error(400, "INVALID_ARGUMENT", "Unsupported output video duration 7 seconds.")
            case Trouble.CREDENTIALS:
                return _error(403, "PERMISSION_DENIED", "Permission 'aiplatform.endpoints.predict' denied.")
            case Trouble.FUNDS:
                message = f"This API method requires billing to be enabled. Please enable billing on project {PROJECT}."
                return _error(403, "PERMISSION_DENIED", message, {"reason": "BILLING_DISABLED"})
            case Trouble.THROTTLED:
                made = _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for online prediction requests.")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                message = "Publisher Model `veo-3.1-generate-001` was not found or is no longer available."
                return _error(404, "NOT_FOUND", message)
        raise AssertionError(trouble)

    async def _token(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen_at_tokens.append(
            Seen(method="POST", path=request.path_qs, headers=headers, body=await request.read())
        )
        if self.token_error is not None:
            status, body = self.token_error
            return web.json_response(body, status=status)
        form = await request.post()
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        try:
            claims = jwt.decode(
                str(form["assertion"]),
                _public_key(),
                algorithms=["RS256"],
                audience=_AUDIENCE,
                leeway=self.leeway_s,
            )
        except jwt.InvalidTokenError as error:
            return web.json_response(
                {"error": "invalid_grant", "error_description": f"Invalid JWT: {error}"}, status=400
            )
        if jwt.get_unverified_header(str(form["assertion"]))["kid"] != self.key:
            return web.json_response(
                {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, status=400
            )
        if claims["iss"] != EMAIL or not 0 < claims["exp"] - claims["iat"] <= 3600:
            return web.json_response({"error": "invalid_grant", "error_description": "Invalid JWT"}, status=400)
        if "https://www.googleapis.com/auth/cloud-platform" not in claims["scope"].split():
            return web.json_response({"error": "invalid_scope"}, status=400)
        token = f"{TOKEN}.{len(self.seen_at_tokens)}"
        self.tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _signed_in(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    async def _model(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _no_token()
        model = request.match_info["model"]
        if model not in self.models:
            return _error(404, "NOT_FOUND", f"Publisher Model `publishers/google/models/{model}` is not found.")
        about = {"name": f"publishers/google/models/{model}", "versionId": "001", "launchStage": "GA"}
        return web.json_response(about)

    async def _create(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _no_token()
        where = request.match_info
        if where["project"] != PROJECT:
            return _error(403, "PERMISSION_DENIED", "Permission denied on the project.")
        if where["model"] not in self.models:
            return _error(404, "NOT_FOUND", f"Publisher Model `{where['model']}` was not found.")
        asked = json.loads(await request.read())
        try:
            self._check(asked)
        except _Invalid as error:
            return _error(400, "INVALID_ARGUMENT", error.message)
        name = request.path.removeprefix("/v1/").partition(":")[0] + f"/operations/{secrets.token_hex(16)}"
        self.jobs[name] = Job(id=name, asked=asked)
        return web.json_response({"name": name})

    def _check(self, asked: dict[str, Any]) -> None:
        instances, parameters = asked.get("instances"), asked.get("parameters", {})
        if not isinstance(instances, list) or len(instances) != 1:
            raise _Invalid("Exactly one instance is expected.")
        (instance,) = instances
        if not instance.get("prompt") and "image" not in instance:
            raise _Invalid("Text prompt or image is required.")
        for name in instance.keys() & {"image", "lastFrame"}:
            _check_picture(instance[name])
        if "lastFrame" in instance and "image" not in instance:
            raise _Invalid("lastFrame needs image.")
        if unknown := parameters.keys() - _PARAMETERS:
            raise _Invalid(f"Unknown name: {', '.join(sorted(unknown))}")
        seconds, resolution = parameters.get("durationSeconds", 8), parameters.get("resolution", "720p")
        if seconds not in (4, 6, 8):
            raise _Invalid(f"Unsupported output video duration {seconds} seconds, supported durations are [4, 6, 8].")
        if resolution not in ("720p", "1080p", "4k"):
            raise _Invalid(f"Unsupported resolution {resolution}.")
        if parameters.get("aspectRatio", "16:9") not in ("16:9", "9:16"):
            raise _Invalid("Unsupported aspect ratio.")
        if not 0 <= parameters.get("seed", 0) < 2**32 or not 1 <= parameters.get("sampleCount", 1) <= 4:
            raise _Invalid("Out of range.")
        if not parameters.get("storageUri", "gs://").startswith("gs://"):
            raise _Invalid("storageUri must be a Cloud Storage URI.")

    async def _fetch(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _no_token()
        name = json.loads(await request.read()).get("operationName", "")
        if not name.startswith(request.path.removeprefix("/v1/").partition(":")[0] + "/operations/"):
            return _error(400, "INVALID_ARGUMENT", "The operation is of another model.")
        job = self.jobs.get(name)
        if job is None:
            return _error(404, "NOT_FOUND", "The operation was not found.")
        job.looks += 1
        return web.json_response({"name": name} | self._shown(job))

    def _shown(self, job: Job) -> dict[str, Any]:
        match job.state or ("videos" if job.looks >= self.looks else "no done"):
            case "no done":
                return {"metadata": {}}
            case "done false":
                return {"done": False}
            case "videos":
                return {"done": True, "response": self._response(videos=[self._video(job)])}
            case "filtered":
                blocked = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [BLOCKED]}
                return {"done": True, "response": self._response(**blocked)}
            case "no videos":
                return {"done": True, "response": self._response()}
            case "error":
                return {"done": True, "error": job.about.get("error", {"code": 13, "message": "Internal error."})}
            case other:
                return {"done": other}

    def _response(self, **more: Any) -> dict[str, Any]:
        return {"@type": "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"} | more

    def _video(self, job: Job) -> dict[str, str]:
        place = job.asked["parameters"].get("storageUri")
        if place is None:
            return {"bytesBase64Encoded": base64.b64encode(self.clip).decode(), "mimeType": "video/mp4"}
        return {"gcsUri": self.finish(job, place), "mimeType": "video/mp4"}

    def finish(self, job: Job, place: str) -> str:
        """The clip is in the bucket, whether or not anybody looks at the job."""
        uri = f"{place.rstrip('/')}/{job.id.rpartition('/')[2]}/sample_0.mp4"
        self.objects[uri.removeprefix("gs://")] = self.clip
        return uri

    async def _list_objects(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _no_token()
        start = f"{request.match_info['bucket']}/"
        names = [n.removeprefix(start) for n in self.objects if n.startswith(start + request.query.get("prefix", ""))]
        items = [{"kind": "storage#object", "name": n, "size": str(len(self.clip))} for n in sorted(names)]
        return web.json_response({"kind": "storage#objects"} | ({"items": items} if items else {}))

    async def _object(self, request: web.Request) -> web.StreamResponse:
        if not self._signed_in(request):
            return _no_token()
        name = f"{request.match_info['bucket']}/{request.match_info['name']}"
        if name not in self.objects:
            return _error(404, "NOT_FOUND", f"No such object: {name}")
        if request.query.get("alt") != "media":
            return web.json_response({"kind": "storage#object", "name": request.match_info["name"]})
        if self.elsewhere:
            raise web.HTTPTemporaryRedirect(f"{self.files_url}/{name}")
        return await self.send_clip(request)


def _check_picture(given: dict[str, str]) -> None:
    if given.get("mimeType") not in ("image/png", "image/jpeg"):
        raise _Invalid("Unsupported MIME type.")
    try:
        Image.open(io.BytesIO(base64.b64decode(given["bytesBase64Encoded"], validate=True))).load()
    except (KeyError, binascii.Error, OSError):
        raise _Invalid("Invalid image.") from None


def _error(status: int, name: str, message: str, info: dict[str, str] | None = None) -> web.Response:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if info is not None:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo"} | info]
    return web.json_response({"error": error}, status=status)


def _no_token() -> web.Response:
    message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
    return _error(401, "UNAUTHENTICATED", message, {"reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED"})


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _private_key() -> str:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return _rsa().private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()


@cache
def _public_key() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _rsa().public_key().public_bytes(serialization.Encoding.PEM, form)
