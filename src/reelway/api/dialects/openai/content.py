"""GET /v1/videos/{id}/content: the bytes, with Range, HEAD and ETag; a key is needed."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from reelway.api import files
from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.openai.video import error_of
from reelway.api.headers import allowance_headers
from reelway.api.services import Services
from reelway.domain.files import CONTACT_SHEET, THUMBNAIL, pass_suffix
from reelway.domain.generation import Generation
from reelway.domain.passes import FILES
from reelway.domain.states import State
from reelway.errors import InvalidRequest, NotFound
from reelway.generations.finish import file_key

_SUFFIX_OF: Final = {"thumbnail": THUMBNAIL, "spritesheet": CONTACT_SHEET} | {
    one: pass_suffix(names[0]) for one, names in FILES.items()
}
VARIANTS: Final = ("video", *_SUFFIX_OF)


class Content:
    """The variants of a finished video: itself, its pictures, its passes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def download(self, request: Request) -> Response:
        """`?variant=`, one of VARIANTS."""
        caller = await sign_in(self._services, request, find_key(request))
        variant = request.query_params.get("variant", "video")
        if variant not in VARIANTS:
            *others, last = (f"'{name}'" for name in VARIANTS)
            raise InvalidRequest(
                f"Invalid value: '{variant[:40]}'. Supported values are: {', '.join(others)} and {last}.",
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
            hint = "; name it in `passes` when you create the video" if variant in FILES else ""
            raise NotFound(f"{g.id} has no {variant}{hint}")
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
