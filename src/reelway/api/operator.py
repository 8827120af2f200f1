"""The operator, who has the operator secret and no API key."""

import hmac

from starlette.requests import Request

from reelway.api.services import Services
from reelway.errors import Unauthenticated


def require_operator(services: Services, request: Request) -> None:
    """Raises Unauthenticated unless the bearer token is the operator secret."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), services.operator_secret):
        raise Unauthenticated("this needs the operator secret as bearer token")
