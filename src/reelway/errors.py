"""Every error Reelway raises on purpose.

ReelwayError                  code                  HTTP
├── InvalidRequest            invalid_request       400   (param; a narrower code where a program acts on it)
├── Unauthenticated           invalid_api_key       401
├── InsufficientCredits       insufficient_credits  402
├── Forbidden                 forbidden             403
├── NotFound                  not_found             404
├── Conflict                  conflict              409
├── Gone                      model_gone            410   (successor)
├── TooLarge                  too_large             413
├── RateLimited               rate_limited          429   (retry_after_s)
├── Overloaded                overloaded            503   (retry_after_s): nothing was written
│   └── CommitUnknown         overloaded            503   (result): all of it was written, or nothing
├── StorageError              storage_failed        503   (MissingFile: file_missing, 404)
├── ProviderError             provider_<fault>      502   (fault, retry_after_s, no_job)
├── OutboundError             outbound_failed       502   (reason, sent, status)
├── UnreadableClip, NotAClip  unreadable_clip       502   in media/probe, generations/finish
└── ConfigError               config                -     start-up and the command line only

A code is part of the public API: add, never rename. What is not a ReelwayError is a bug: a 500
with a stack trace in the log, and never a retry.
"""

from enum import StrEnum
from typing import Literal


class ReelwayError(Exception):
    """Base of every expected failure; `message` names the value and the way out."""

    code = "internal"
    http_status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(ReelwayError):
    """The caller can mend this by sending something else; `param` is the field at fault."""

    http_status = 400

    def __init__(self, message: str, *, param: str | None = None, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class Unauthenticated(ReelwayError):
    """No key, or a key that is not (or no longer) good."""

    code = "invalid_api_key"
    http_status = 401

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


class InsufficientCredits(ReelwayError):
    """A hold would take the account below zero; nothing was written."""

    code = "insufficient_credits"
    http_status = 402


class Forbidden(ReelwayError):
    """A good key whose scopes do not allow this."""

    code = "forbidden"
    http_status = 403


class NotFound(ReelwayError):
    """No such thing, or not yours: the caller cannot tell which."""

    code = "not_found"
    http_status = 404


class ModelNotFound(NotFound):
    """No model of that name; the message offers the nearest."""

    code = "model_not_found"
    http_status = 400

    def __init__(self, model: str, nearest: tuple[str, ...]) -> None:
        hint = f"; did you mean {' or '.join(nearest)}?" if nearest else "; GET /v1/models lists them"
        super().__init__(f"Model not found: {model}{hint}")
        self.model = model
        self.nearest = nearest


class Conflict(ReelwayError):
    """The thing exists, in a state that does not allow this."""

    code = "conflict"
    http_status = 409


class Gone(ReelwayError):
    """The model is retired and no route serves its shape; `successor` is the way on."""

    code = "model_gone"
    http_status = 410

    def __init__(self, message: str, *, successor: str | None = None) -> None:
        super().__init__(message)
        self.successor = successor


class TooLarge(ReelwayError):
    """The body is over the cap."""

    code = "too_large"
    http_status = 413


class RateLimited(ReelwayError):
    """Too many requests a minute, or too many generations in flight."""

    code = "rate_limited"
    http_status = 429

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Overloaded(ReelwayError):
    """We cannot take this now (queue full, disk full, stopping); nothing was written, so try again.

    Its one exception is `CommitUnknown`.
    """

    code = "overloaded"
    http_status = 503

    def __init__(self, message: str, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CommitUnknown(Overloaded):
    """The connection broke while the database was committing: all of it is written, or nothing.

    `result` is what the transaction returns if it was committed.
    """

    def __init__(self, result: object) -> None:
        super().__init__(
            "the database went away while it was saving this; it may or may not be saved: look before you repeat it"
        )
        self.result = result


class StorageError(ReelwayError):
    """Our disk or bucket failed; the clip is not lost, the job tries again."""

    code = "storage_failed"
    http_status = 503


OutboundReason = Literal[
    "refused_address",
    "unreachable",
    "timeout",
    "too_large",
    "bad_status",
    "bad_redirect",
    "bad_url",
    "bad_media_type",
]


class OutboundError(ReelwayError):
    """A request to another host that came to nothing.

    `sent` is False only when not one byte of the request can have left: bad URL, refused address, no such
    name, connection refused, failed TLS handshake. `status` is the answer's, for `bad_status`.
    """

    code = "outbound_failed"
    http_status = 502

    def __init__(self, reason: OutboundReason, message: str, *, sent: bool, status: int | None = None) -> None:
        super().__init__(message)
        self.reason: OutboundReason = reason
        self.sent = sent
        self.status = status


class ConfigError(ReelwayError):
    """Start-up refuses to go on; the message says which setting or entry, and what to write instead."""

    code = "config"


class ProviderFault(StrEnum):
    """Why a provider call failed; decides retry, refund and what the caller sees."""

    REFUSED = "refused"  # content policy: final, refund, tell the caller
    REJECTED = "rejected"  # our request was malformed: final, refund, our bug
    CREDENTIALS = "credentials"  # operator must act: final, refund, alert
    FUNDS = "funds"  # our account there is empty: final here, operator must act
    MODEL_GONE = "model_gone"  # the upstream model was withdrawn: final for this route
    NOT_FOUND = "not_found"  # the provider does not know the job (any more)
    THROTTLED = "throttled"  # no job was made; retry after retry_after_s
    UNAVAILABLE = "unavailable"  # 5xx, timeout, connection
    UNREADABLE = "unreadable"  # an answer we do not understand: never taken for "waiting"


RETRYABLE = frozenset({ProviderFault.THROTTLED, ProviderFault.UNAVAILABLE, ProviderFault.UNREADABLE})
FINAL = frozenset(
    {
        ProviderFault.REFUSED,
        ProviderFault.REJECTED,
        ProviderFault.CREDENTIALS,
        ProviderFault.FUNDS,
        ProviderFault.MODEL_GONE,
    }
)


class ProviderError(ReelwayError):
    """A provider answered badly or not at all.

    `no_job` is True when it is proven that the provider made no job (connection refused, an explicit 429 or
    503): only then may a submit be repeated. Every other failed submit has an unknown outcome.
    """

    http_status = 502

    def __init__(
        self,
        fault: ProviderFault,
        message: str,
        *,
        retry_after_s: float | None = None,
        no_job: bool = False,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        self.code = f"provider_{fault}"
        self.retry_after_s = retry_after_s
        self.no_job = no_job or fault is ProviderFault.THROTTLED

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.fault in RETRYABLE

    @property
    def final(self) -> bool:
        """Whether the same call will fare no better; a fault may be neither this nor retryable."""
        return self.fault in FINAL
