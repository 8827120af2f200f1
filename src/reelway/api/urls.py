"""Absolute URLs: from the public_url setting, or the host the client used."""

from starlette.requests import Request

from reelway.api.services import Services


def base_url(services: Services, request: Request) -> str:
    """`https://host[:port]`, no slash at the end."""
    if services.settings.public_url:
        return services.settings.public_url.rstrip("/")
    return f"{request.url.scheme}://{request.url.netloc}"
