"""The words for how a row can end: statuses and failure types, each explained beside its name.

One place for all of them: the store's constraints, the reports, the docs and the command line read these
enums. The wider taxonomy of failures (severity, strategy) hangs on `FailureType` too.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a row ended. Every row ends in exactly one of these."""

    SUGGESTED = "suggested"
    """At least one valid name was found."""
    REFUSED = "refused"
    """The request is unsafe; `category` names the harm. A right answer, not an error."""
    REJECTED = "rejected"
    """The input is no usable description; the reason says how to mend it."""
    FAILED = "failed"
    """The system could not do its work on a good input."""


class ItemState(StrEnum):
    """Where a row stands in the queue. Only `DONE` rows have an outcome."""

    QUEUED = "queued"
    """Waiting for a worker: new, or handed back by the reaper."""
    CLAIMED = "claimed"
    """A worker holds it until its lease runs out."""
    DONE = "done"
    """Its outcome is written."""


class BatchState(StrEnum):
    """Where a batch stands."""

    RECEIVING = "receiving"
    """The producer is still writing rows; nothing is claimed that is not committed."""
    OPEN = "open"
    """All rows are in the database, some have no outcome yet."""
    FINISHED = "finished"
    """Every row has its outcome."""


class FailureType(StrEnum):
    """Why a row has no names. Exactly one for every row that was not suggested."""

    # The input is unsafe (status refused).
    SAFETY_ISSUE = "safety_issue"

    # The input is no description (status rejected).
    EMPTY_INPUT = "empty_input"
    SHORT_INPUT = "short_input"
    LONG_INPUT = "long_input"
    GIBBERISH_INPUT = "gibberish_input"
    REPEATED_INPUT = "repeated_input"
    NUMERIC_INPUT = "numeric_input"
    SYMBOL_INPUT = "symbol_input"
    CONTROL_INPUT = "control_input"
    URL_INPUT = "url_input"
    INVALID_CONSTRAINT = "invalid_constraint"
    MALFORMED_ROW = "malformed_row"

    # The system could not (status failed).
    TOO_FEW_SUGGESTIONS = "too_few_suggestions"
    CONSTRAINT_UNSATISFIABLE = "constraint_unsatisfiable"
    PROVIDER_ERROR = "provider_error"
    ENGINE_ERROR = "engine_error"
    POISON = "poison"


class Severity(StrEnum):
    """How much a failure matters to the person who submitted the row."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class FailureExplanation:
    """What a failure type means.

    `status` is the outcome that it belongs to, `meaning` the sentence for readers of reports, `root_cause`
    and `strategy` what failure records say unless evidence says better.
    """

    status: Status
    severity: Severity
    meaning: str
    root_cause: str
    strategy: str


def _rejected(meaning: str, severity: Severity = Severity.LOW) -> FailureExplanation:
    return FailureExplanation(Status.REJECTED, severity, meaning, "input", "tell_submitter")


FAILURES: dict[FailureType, FailureExplanation] = {
    FailureType.SAFETY_ISSUE: FailureExplanation(
        Status.REFUSED,
        Severity.CRITICAL,
        "The business or request would do harm.",
        "unsafe_request",
        "keep_refusing",
    ),
    FailureType.EMPTY_INPUT: _rejected("The description is empty."),
    FailureType.SHORT_INPUT: _rejected("The description is a single character."),
    FailureType.LONG_INPUT: _rejected("The description is longer than the limit."),
    FailureType.GIBBERISH_INPUT: _rejected("The description has letters but no words."),
    FailureType.REPEATED_INPUT: _rejected("The description repeats one character or word."),
    FailureType.NUMERIC_INPUT: _rejected("The description is only digits."),
    FailureType.SYMBOL_INPUT: _rejected("The description is only signs or emoji."),
    FailureType.CONTROL_INPUT: _rejected("The description holds control characters or undecodable bytes."),
    FailureType.URL_INPUT: _rejected("The description is only a web or mail address."),
    FailureType.INVALID_CONSTRAINT: _rejected("A constraint column of the row can't be understood."),
    FailureType.MALFORMED_ROW: _rejected("The row has more cells than the header."),
    FailureType.TOO_FEW_SUGGESTIONS: FailureExplanation(
        Status.FAILED, Severity.HIGH, "No valid name survived the checks.", "decoding", "more_training_data"
    ),
    FailureType.CONSTRAINT_UNSATISFIABLE: FailureExplanation(
        Status.FAILED,
        Severity.LOW,
        "No name can satisfy the row's constraints together.",
        "constraints",
        "tell_submitter",
    ),
    FailureType.PROVIDER_ERROR: FailureExplanation(
        Status.FAILED, Severity.MEDIUM, "An outside service gave no usable answer.", "provider", "retry_later"
    ),
    FailureType.ENGINE_ERROR: FailureExplanation(
        Status.FAILED, Severity.HIGH, "The generating model raised an error on this row.", "engine", "fix_code"
    ),
    FailureType.POISON: FailureExplanation(
        Status.FAILED,
        Severity.HIGH,
        "Workers died or stalled on this row too many times.",
        "crash",
        "investigate",
    ),
}


class Judge(StrEnum):
    """Who gave `judge_score`."""

    LOCAL = "local"
    """The transparent judge that runs on this machine."""
    OPENAI = "openai"
    """A language model behind the OpenAI API."""
    PENDING = "pending"
    """Not judged yet; the score is of what is known."""
    NONE = "none"
    """Judging was switched off; the score is that of the rules alone."""


class Source(StrEnum):
    """Where a suggested name comes from."""

    MODEL = "model"
    """Generated by the model."""
    COMPOSED = "composed"
    """Composed from the lexicon's associations and the description's own words."""
