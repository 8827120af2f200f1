"""The generation paths: create on v7 and v6, and one id space behind both fetch paths."""

from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.idempotency import request_hash
from reelway.accounts.keys import Scope
from reelway.api.dialects.modelslab import account, listing
from reelway.api.dialects.modelslab.documents import TAG, create_document, fetch_document, unserved_document
from reelway.api.dialects.modelslab.echo import echo_of
from reelway.api.dialects.modelslab.endpoint import Asked, Endpoint, answer, receive
from reelway.api.dialects.modelslab.parse import Kind, parse_request, parse_track_id, parse_webhook
from reelway.api.dialects.modelslab.render import fetched, submitted, unknown
from reelway.api.headers import BALANCE, allowance_headers, generation_headers
from reelway.api.services import Services
from reelway.api.urls import base_url
from reelway.domain.generation import Dialect, Generation, Mode
from reelway.domain.money import usd
from reelway.errors import InvalidRequest, NotFound
from reelway.generations.create import Submission

_V7: Final = "/api/v7/video-fusion"
_V6: Final = "/api/v6/video"

KINDS: Final = (
    Kind(path=f"{_V7}/text-to-video", name="modelslab_text_to_video", mode=Mode.TEXT_TO_VIDEO, family="v7"),
    Kind(path=f"{_V7}/image-to-video", name="modelslab_image_to_video", mode=Mode.IMAGE_TO_VIDEO, family="v7"),
    Kind(path=f"{_V7}/video-to-video", name="modelslab_video_to_video", mode=Mode.VIDEO_TO_VIDEO, family="v7"),
    Kind(path=f"{_V6}/text2video", name="modelslab_v6_text2video", mode=Mode.TEXT_TO_VIDEO, family="v6"),
    Kind(path=f"{_V6}/img2video", name="modelslab_v6_img2video", mode=Mode.IMAGE_TO_VIDEO, family="v6"),
    Kind(path=f"{_V6}/text2video_ultra", name="modelslab_v6_text2video_ultra", mode=Mode.TEXT_TO_VIDEO, family="v6"),
    Kind(path=f"{_V6}/img2video_ultra", name="modelslab_v6_img2video_ultra", mode=Mode.IMAGE_TO_VIDEO, family="v6"),
)
_UNSERVED: Final = (
    (f"{_V7}/lip-sync", "modelslab_lip_sync", "lip-sync"),
    (f"{_V7}/motion-control", "modelslab_motion_control", "motion-control"),
    (f"{_V6}/watermark_remover", "modelslab_v6_watermark_remover", "watermark_remover"),
    (f"{_V6}/video2video", "modelslab_v6_video2video", "video2video"),
)


def router(services: Services) -> APIRouter:
    """Every ModelsLab path that Reelway serves."""
    routes = APIRouter(tags=[TAG])
    for kind in KINDS:
        routes.add_api_route(
            kind.path,
            _create(services, kind),
            methods=["POST"],
            name=kind.name,
            summary=f"Create a video ({kind.mode}, API {kind.family})",
            description="Answers at once with `processing`; ask `fetch_result` until `success`, or send a webhook.",
            response_model=None,
            **create_document(kind.name),
        )
    _add_fetch(routes, services)
    for path, name, what in _UNSERVED:
        routes.add_api_route(
            path,
            _unserved(services, what),
            methods=["POST"],
            status_code=400,  # for the document: it is the only answer of a good key
            name=name,
            summary=f"{what}: not served",
            description="No model here does this. The answer is a 400 that says what is served instead.",
            response_model=None,
            **unserved_document({}),
        )
    account.add_routes(routes, services)
    listing.add_routes(routes, services)
    return routes


def _create(services: Services, kind: Kind) -> Endpoint:
    async def create(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.GENERATE)
        submission = _submission(services, request, kind, asked)

        def render(g: Generation, available_microusd: int) -> bytes:
            preview = services.providers.previews(g.provider)
            now_ms = services.clock.now_ms()
            return orjson.dumps(submitted(g, preview=preview, available_microusd=available_microusd, now_ms=now_ms))

        created = await services.creator.create(asked.caller, submission, render)
        headers = allowance_headers(request)
        if created.generation is None:
            headers["idempotent-replayed"] = "true"
        else:
            g = created.generation
            headers |= generation_headers(g, preview=services.providers.previews(g.provider))
            headers[BALANCE] = usd(created.available_microusd)
        return Response(created.body, media_type="application/json", headers=headers)

    return create


def _submission(services: Services, request: Request, kind: Kind, asked: Asked) -> Submission:
    fields = asked.fields
    return Submission(
        request=parse_request(fields, kind, services.catalogue),
        dialect=Dialect.MODELSLAB,
        family=kind.family,
        echo=echo_of(fields),
        base_url=base_url(services, request),
        webhook_url=parse_webhook(fields),
        track_id=parse_track_id(fields),
        idempotency_key=request.headers.get("idempotency-key"),
        request_hash=request_hash(kind.path, asked.fingerprint),
    )


def _add_fetch(routes: APIRouter, services: Services) -> None:
    fetch = _fetch(services)
    for root, name in ((f"{_V7}/fetch", "modelslab_fetch"), (f"{_V6}/fetch", "modelslab_v6_fetch")):
        for method, suffix in (("POST", ""), ("GET", "_get")):
            routes.add_api_route(
                root + "/{id}",
                fetch,
                methods=[method],
                name=name + suffix,
                summary="Ask how a video is doing",
                description="HTTP 200 for processing, success and failed alike; an id that is not yours is failed.",
                response_model=None,
                **fetch_document(method),
            )
        # The CLI asks for an empty id when a create answered without one: it must hear of the end.
        for path in (root, root + "/"):
            routes.add_api_route(path, fetch, methods=["POST", "GET"], include_in_schema=False, response_model=None)


def _fetch(services: Services) -> Endpoint:
    async def fetch(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.READ)
        g = await _find(services, asked, str(request.path_params.get("id", "")).strip())
        if g is None:
            return answer(request, unknown())
        preview = services.providers.previews(g.provider)
        progress = services.queries.progress(g)
        body = fetched(g, preview=preview, progress=progress, now_ms=services.clock.now_ms())
        return answer(request, body, generation_headers(g, preview=preview))

    return fetch


async def _find(services: Services, asked: Asked, id: str) -> Generation | None:
    if id.startswith("video_"):
        try:
            return await services.queries.get(asked.caller, id)
        except NotFound:
            return None
    if id.isascii() and id.isdigit() and len(id) <= 16:
        return await services.queries.get_by_number(asked.caller, int(id))
    return None


def _unserved(services: Services, what: str) -> Endpoint:
    async def refuse(request: Request) -> Response:
        await receive(services, request)
        raise InvalidRequest(
            f"{what} is not served here; text-to-video, image-to-video and video-to-video under {_V7} are,"
            " and GET /api/v7/models lists the models",
            code="not_served",
        )

    return refuse
