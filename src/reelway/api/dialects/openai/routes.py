"""Which path goes to which handler."""

from fastapi import APIRouter

from reelway.api.dialects.openai import reference
from reelway.api.dialects.openai.content import Content
from reelway.api.dialects.openai.edits import Edits
from reelway.api.dialects.openai.models import Models
from reelway.api.dialects.openai.videos import Videos
from reelway.api.services import Services
from reelway.api.surface.describe import Endpoint


def router(services: Services) -> APIRouter:
    """`/v1/videos` and `/v1/models`."""
    videos, content, edits, models = Videos(services), Content(services), Edits(services), Models(services)
    made = APIRouter()
    made.routes.extend(
        [
            Endpoint("GET", "/v1/videos/{id}", videos.retrieve, reference.RETRIEVE),
            Endpoint("POST", "/v1/videos", videos.create, reference.CREATE),
            Endpoint("GET", "/v1/videos", videos.page, reference.LIST),
            Endpoint("DELETE", "/v1/videos/{id}", videos.delete, reference.DELETE),
            Endpoint("GET", "/v1/videos/{id}/content", content.download, reference.CONTENT),
            Endpoint("POST", "/v1/videos/{id}/remix", edits.remix, reference.REMIX),
            Endpoint("POST", "/v1/videos/edits", edits.edit, reference.EDIT),
            Endpoint("GET", "/v1/models", models.page, reference.MODELS),
            Endpoint("GET", "/v1/models/{id:path}", models.retrieve, reference.MODEL),
        ]
    )
    return made
