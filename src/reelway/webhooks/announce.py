"""Who is told that a generation ended: written in the transaction that ends it, so none is forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reelway.db.script import Script, sql, to_json
from reelway.dispatch.base import Dispatch
from reelway.domain.events import EventType
from reelway.domain.generation import Dialect, Generation, WorkspaceId
from reelway.domain.states import State
from reelway.errors import ConfigError
from reelway.providers import registry
from reelway.webhooks.deliveries import Message, add_delivery, require_enabled
from reelway.webhooks.endpoints import get_endpoint, list_endpoints
from reelway.webhooks.payloads import (
    EVENT_NAMES,
    EVENT_OF_STATE,
    event_id_of,
    event_payload,
    modelslab_payload,
)

REPLAY_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What one call of `replay` did."""

    delivery_ids: list[str]
    next_since_ms: int | None  # there are more: call again from this instant


def provider_previews(name: str) -> bool:
    """By its facts. One that is no longer installed has made no clip: its jobs can only fail or expire."""
    try:
        return registry.find(name).FACTS.previews
    except ConfigError:
        return False


class Announcer:
    """Turns the end of a generation into deliveries.

    `previews` says whether a provider of that name makes previews; every payload tells.
    """

    def __init__(self, dispatch: Dispatch, *, previews: Callable[[str], bool] = provider_previews) -> None:
        self._dispatch = dispatch
        self._previews = previews

    def announce(self, g: Generation, event: EventType, now_ms: int) -> Script[list[str]]:
        """One delivery for the request's own webhook, one for each endpoint that wants the event.

        `g` is the row after its last transition. Returns delivery ids: `dispatch.wake` them after the commit.
        An event that is not an end is told to nobody.
        """
        if event not in EVENT_NAMES:
            return []
        delivery_ids = []
        if g.webhook_url:
            own = self._message(g, event, None, g.webhook_url)
            delivery_ids.append((yield from add_delivery(self._dispatch, own, now_ms)))
        for endpoint in (yield from list_endpoints(g.workspace_id)):
            if endpoint.enabled and EVENT_NAMES[event] in endpoint.event_types:
                message = self._message(g, event, endpoint.id, endpoint.url)
                delivery_ids.append((yield from add_delivery(self._dispatch, message, now_ms)))
        return delivery_ids

    def replay(
        self,
        workspace_id: WorkspaceId,
        endpoint_id: str,
        since_ms: int,
        now_ms: int,
        *,
        load: Callable[[str], Script[Generation | None]],
    ) -> Script[Replay]:
        """Tell one endpoint again of every end since `since_ms` that it wants: the oldest REPLAY_MAX.

        Event ids and types are as at first; bodies are made anew from what `load` (generations.store.by_id)
        gives. Deleted generations are left out. Raises NotFound, or Conflict when the endpoint is disabled.
        """
        endpoint = yield from get_endpoint(workspace_id, endpoint_id)
        require_enabled(endpoint)
        wanted = [state for state, event in EVENT_OF_STATE.items() if EVENT_NAMES[event] in endpoint.event_types]
        ended = yield from _ended_since(workspace_id, since_ms, wanted, REPLAY_MAX + 1)
        delivery_ids = []
        for generation_id, _ in ended[:REPLAY_MAX]:
            g = yield from load(generation_id)
            if g is not None:
                message = self._message(g, EVENT_OF_STATE[g.state], endpoint.id, endpoint.url)
                delivery_ids.append((yield from add_delivery(self._dispatch, message, now_ms)))
        next_since_ms = ended[REPLAY_MAX][1] if len(ended) > REPLAY_MAX else None
        return Replay(delivery_ids=delivery_ids, next_since_ms=next_since_ms)

    def _message(self, g: Generation, event: EventType, endpoint_id: str | None, url: str) -> Message:
        event_id = event_id_of(g.id, event)
        preview = self._previews(g.provider)
        if endpoint_id is None and g.dialect is Dialect.MODELSLAB:
            body = modelslab_payload(g, preview=preview)
        else:
            body = event_payload(g, event, event_id, preview=preview)
        return Message(
            workspace_id=g.workspace_id,
            generation_id=g.id,
            endpoint_id=endpoint_id,
            url=url,
            event_id=event_id,
            event_type=EVENT_NAMES[event],
            body=to_json(body),
        )


def _ended_since(
    workspace_id: WorkspaceId, since_ms: int, states: list[State], limit: int
) -> Script[list[tuple[str, int]]]:
    """Ids and instants, oldest first."""
    places = ", ".join(f"${number}" for number in range(4, 4 + len(states)))
    rows = yield sql(
        "SELECT id, ended_at FROM generations"
        " WHERE workspace_id = $1 AND ended_at >= $2 AND deleted_at IS NULL"
        f" AND state IN ({places}) ORDER BY ended_at, id LIMIT $3",
        workspace_id,
        since_ms,
        limit,
        *states,
    )
    return [(generation_id, ended_at) for generation_id, ended_at in rows]
