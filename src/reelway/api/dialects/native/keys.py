"""/v1/keys: a key can make others that may do at most what it may."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import ApiKey, Caller, Scope, create_key, list_keys, revoke_key
from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.native.bodies import read_model
from reelway.api.dialects.native.schemas import CreateKey
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.domain.money import Purse
from reelway.errors import Forbidden, InvalidRequest


class Keys:
    """The keys of the caller's workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, request: Request) -> Response:
        """All, oldest first; never the keys themselves."""
        caller = await self._keeper(request)
        found = await self._services.db.scan(list_keys(caller.workspace_id))
        body = {"object": "list", "data": [shown(key) for key in found]}
        return json_response(body, headers=allowance_headers(request))

    async def create(self, request: Request) -> Response:
        """The only answer that holds the key."""
        caller = await self._keeper(request)
        asked = await read_model(request, CreateKey)
        purse = caller.purse if asked.purse is None else asked.purse
        if caller.purse is Purse.TEST and purse is not Purse.TEST:
            raise Forbidden("a test key can make test keys only")
        scopes = tuple(sorted(caller.scopes)) if asked.scopes is None else tuple(sorted(set(asked.scopes)))
        if not scopes:
            raise InvalidRequest("scopes is empty; leave it out for all that this key has", param="scopes")
        if beyond := [scope for scope in scopes if scope not in caller.scopes]:
            raise Forbidden(f"this key may not {', '.join(beyond)}, so it can make no key that may")
        made, key = await self._services.db.write(
            create_key(caller.workspace_id, purse, asked.name, scopes, self._services.clock.now_ms())
        )
        return json_response(shown(made) | {"key": key}, status=201, headers=allowance_headers(request))

    async def revoke(self, request: Request) -> Response:
        """From the next request on it is bad; again is fine. A test key can revoke test keys only."""
        caller = await self._keeper(request)
        key_id = request.path_params["id"]
        services = self._services
        if caller.purse is Purse.TEST:
            for key in await services.db.scan(list_keys(caller.workspace_id)):
                if key.id == key_id and key.purse is not Purse.TEST:
                    raise Forbidden("a test key can revoke test keys only")
        await services.db.write(revoke_key(caller.workspace_id, key_id, services.clock.now_ms()))
        body = {"id": key_id, "object": "key.deleted", "deleted": True}
        return json_response(body, headers=allowance_headers(request))

    async def _keeper(self, request: Request) -> Caller:
        caller = await sign_in(self._services, request, find_key(request))
        caller.require(Scope.KEYS)
        return caller


def shown(key: ApiKey) -> dict[str, Any]:
    """A key as it may be seen."""
    return {
        "id": key.id,
        "object": "key",
        "name": key.name,
        "hint": key.hint,
        "purse": key.purse,
        "scopes": key.scopes,
        "created_at": key.created_at // 1000,
        "last_used_at": None if key.last_used_at is None else key.last_used_at // 1000,
        "revoked_at": None if key.revoked_at is None else key.revoked_at // 1000,
    }
