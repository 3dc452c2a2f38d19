"""What can go wrong on the other side, by script or by seeded rate."""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """One way in which a request can end badly."""

    OK = "ok"
    """No fault; takes a turn in a script."""
    RATE_LIMIT = "rate_limit"
    """429 rate_limit_exceeded without Retry-After."""
    RATE_LIMIT_AFTER = "rate_limit_after"
    """429 rate_limit_exceeded with Retry-After: 1."""
    QUOTA = "quota"
    """429 insufficient_quota: no money."""
    AUTH = "auth"
    """401: the key is wrong."""
    FORBIDDEN = "forbidden"
    """403: the key may not use the model."""
    NO_MODEL = "no_model"
    """404 model_not_found."""
    SERVER_ERROR = "server_error"
    """500."""
    UNAVAILABLE = "unavailable"
    """503."""
    TIMEOUT = "timeout"
    """No answer for a minute."""
    DISCONNECT = "disconnect"
    """The connection ends in the middle of the body."""
    MALFORMED = "malformed"
    """200 with a body that is no JSON."""
    PROSE = "prose"
    """200 with a sentence where JSON was asked for."""
    TRUNCATED = "truncated"
    """The answer hits max_output_tokens."""
    REFUSAL = "refusal"
    """The model refuses to rate."""
    OUT_OF_RANGE = "out_of_range"
    """A score of 11."""
    MISSING_NAME = "missing_name"
    """One name of several is left out."""


TRANSIENT_MIX: Mapping[Fault, float] = {
    Fault.RATE_LIMIT: 0.01,
    Fault.RATE_LIMIT_AFTER: 0.01,
    Fault.SERVER_ERROR: 0.02,
    Fault.UNAVAILABLE: 0.01,
    Fault.DISCONNECT: 0.01,
    Fault.MALFORMED: 0.01,
    Fault.PROSE: 0.01,
    Fault.TRUNCATED: 0.005,
    Fault.REFUSAL: 0.005,
    Fault.OUT_OF_RANGE: 0.005,
    Fault.MISSING_NAME: 0.005,
}
"""One request in ten, mixed."""


@dataclass
class FaultPlan:
    """First the script, one entry a request; then the rates, decided by a hash of seed and request number, so
    that a run can be repeated. `outage` is (start, length) in seconds after the first request."""

    script: deque[Fault] = field(default_factory=deque)
    rates: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    outage: tuple[float, float] | None = None

    def extend(self, faults: Iterable[Fault | str]) -> None:
        self.script.extend(Fault(fault) for fault in faults)

    def next(self, number: int, seconds: float) -> Fault:
        """The fate of request `number`, `seconds` after the first one."""
        if self.outage and self.outage[0] <= seconds < sum(self.outage):
            return Fault.UNAVAILABLE
        if self.script:
            return self.script.popleft()
        digest = hashlib.blake2b(f"{self.seed}:{number}".encode(), digest_size=8).digest()
        draw = int.from_bytes(digest, "big") / 2**64
        for fault, rate in self.rates.items():
            draw -= rate
            if draw < 0:
                return fault
        return Fault.OK
