"""GET /v1/videos/{id}/content: the bytes, with Range, HEAD and ETag; a key is needed."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from reelway.api import files
from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.openai.video import error_of
from reelway.api.headers import allowance_headers
from reelway.api.services import Services
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import InvalidRequest, NotFound
from reelway.generations.finish import file_key

_SUFFIX_OF: Final = {"thumbnail": ".webp", "spritesheet": "-sheet.jpg"}


class Content:
    """The three variants of a finished video."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def download(self, request: Request) -> Response:
        """`?variant=video|thumbnail|spritesheet`."""
        caller = await sign_in(self._services, request, find_key(request))
        variant = request.query_params.get("variant", "video")
        if variant != "video" and variant not in _SUFFIX_OF:
            raise InvalidRequest(
                f"Invalid value: '{variant[:40]}'. Supported values are: 'video', 'thumbnail' and 'spritesheet'.",
                param="variant",
            )
        g = await self._services.queries.get(caller, request.path_params["id"])
        check_finished(g)
        suffix = _SUFFIX_OF.get(variant, f".{g.spec.output_type}")
        extra = {
            "cache-control": "private, no-cache",  # asked again with its ETag: it may have been deleted
            "content-disposition": f'inline; filename="{files.display_name(g.id, suffix)}"',
        }
        served = await files.serve(
            self._services, request, file_key(g.token, suffix), extra=extra | allowance_headers(request)
        )
        if served is None:
            raise NotFound(f"{g.id} has no {variant}")
        return served


def check_finished(g: Generation) -> None:
    """Raises InvalidRequest saying when to come back, or why there is nothing to come back for."""
    if g.state is State.SUCCEEDED:
        return
    error = error_of(g)
    if error is None:
        raise InvalidRequest(
            f"Video is not ready yet, use GET /v1/videos/{g.id} to check status.", code="video_not_ready"
        )
    raise InvalidRequest(
        f"There is no video to download, it ended as {g.state}: {error['message']}", code=error["code"]
    )
