"""What happened to a generation, in words that programs may rely on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reelway.domain.generation import GenerationId


class EventType(StrEnum):
    """Names are public: add, never rename."""

    CREATED = "generation.created"
    SUBMITTING = "generation.submitting"
    RETRYING = "generation.retrying"  # proven that the provider has no job: tried again
    REROUTED = "generation.rerouted"  # another upstream will serve it: the one before made nothing
    UNKNOWN = "generation.unknown"  # the provider's answer was lost; the money stays held
    RUNNING = "generation.running"
    STORING = "generation.storing"
    CANCEL_REQUESTED = "generation.cancel_requested"
    SUCCEEDED = "generation.succeeded"
    FAILED = "generation.failed"
    CANCELLED = "generation.cancelled"
    EXPIRED = "generation.expired"
    DELETED = "generation.deleted"


ENDED = frozenset({EventType.SUCCEEDED, EventType.FAILED, EventType.CANCELLED, EventType.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a generation's history; `number` counts from 1 within it."""

    generation_id: GenerationId
    number: int
    type: EventType
    at: int
    data: dict[str, Any]
