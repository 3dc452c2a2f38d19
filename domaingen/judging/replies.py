"""What comes back from a provider that judges: judgements, or one cause why there are none, and what to do then."""

from dataclasses import dataclass, field
from enum import StrEnum

from domaingen.suggestion import Judgement


class Cause(StrEnum):
    """Why names are not judged (yet). Kept beside the row while it waits."""

    RATE_LIMITED = "rate_limited"
    """The provider's allowance is used up (429)."""
    UNAVAILABLE = "unavailable"
    """5xx, a lost connection, a time-out."""
    QUOTA = "quota"
    """The account has no money left (429 insufficient_quota)."""
    KEY_REFUSED = "key_refused"
    """The key is wrong or may not use the model (401, 403)."""
    MODEL_MISSING = "model_missing"
    """The provider does not know the model (404)."""
    BAD_REQUEST = "bad_request"
    """The provider does not take the request (400, 422)."""
    MALFORMED = "malformed"
    """The answer is not the JSON that was asked for, or names are missing in it."""
    OUT_OF_RANGE = "out_of_range"
    """A score is not a whole number from 1 to 10."""
    TRUNCATED = "truncated"
    """The answer hit its length limit."""
    REFUSED = "refused"
    """The model refused to judge."""
    EXPIRED = "expired"
    """The Batch API did not come to it within its day."""
    BUDGET_BATCH = "budget_batch"
    """The batch's budget for scoring is spent."""
    BUDGET_DAY = "budget_day"
    """The day's budget for scoring is spent."""


class Treatment(StrEnum):
    """What is done about a cause."""

    SLOW_DOWN = "slow_down"
    """The pacer lowers the rate and the row is asked again."""
    TRY_AGAIN = "try_again"
    """The row is asked again soon; many of these in a row open the breaker."""
    ASK_AGAIN = "ask_again"
    """The answer was bad: the row is asked again a few times, then parked, since every time costs money."""
    STOP = "stop"
    """Nobody's request can succeed: the breaker opens at once."""
    WAIT = "wait"
    """Nothing is wrong with the provider; the row waits for money."""


TREATMENTS: dict[Cause, Treatment] = {
    Cause.RATE_LIMITED: Treatment.SLOW_DOWN,
    Cause.UNAVAILABLE: Treatment.TRY_AGAIN,
    Cause.QUOTA: Treatment.STOP,
    Cause.KEY_REFUSED: Treatment.STOP,
    Cause.MODEL_MISSING: Treatment.STOP,
    Cause.BAD_REQUEST: Treatment.ASK_AGAIN,
    Cause.MALFORMED: Treatment.ASK_AGAIN,
    Cause.OUT_OF_RANGE: Treatment.ASK_AGAIN,
    Cause.TRUNCATED: Treatment.ASK_AGAIN,
    Cause.REFUSED: Treatment.ASK_AGAIN,
    Cause.EXPIRED: Treatment.TRY_AGAIN,
    Cause.BUDGET_BATCH: Treatment.WAIT,
    Cause.BUDGET_DAY: Treatment.WAIT,
}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more requests. `cached_tokens` and `written_tokens` (into the provider's prompt cache) are
    parts of `input_tokens`."""

    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    written_tokens: int = 0
    output_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output, as rate limits count."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.cached_tokens + other.cached_tokens,
            self.written_tokens + other.written_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What the provider says it allows a minute, and what is left of it now; None where it does not say."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    remaining_requests: float | None = None
    remaining_tokens: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One request's result: judgements in the order of the names, or a cause. Usage counts in both cases, since
    a bad answer is billed like a good one. `retry_after_s` is what the provider asked for, if it did."""

    judgements: tuple[Judgement, ...] | None = None
    cause: Cause | None = None
    usage: Usage = field(default_factory=Usage)
    limits: RateLimits | None = None
    retry_after_s: float | None = None
    detail: str = ""

    @property
    def below_limits(self) -> bool:
        """Whether the provider itself says that much is left: a 429 then comes from an overload, not our rate."""
        left = self.limits
        return (
            left is not None
            and left.remaining_requests is not None
            and left.remaining_requests >= 2
            and (left.remaining_tokens is None or left.remaining_tokens >= 5_000)
        )

    @property
    def treatment(self) -> Treatment | None:
        """What to do about the cause; None where there is none."""
        return TREATMENTS[self.cause] if self.cause else None
