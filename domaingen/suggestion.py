"""Names on their way from the generator to the result, and the outcome that a row ends with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domaingen.failures.taxonomy import FAILURES, status_of
from domaingen.outcomes import FailureType, Judge, Source, Status


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name before it is checked. `segments` joined are the label; `tld` begins with a dot.

    `strategy` is how the name was made (compound, blend, affix, metaphor, coined, realword), `reason` a few
    words for the submitter, or None where the model gave none that could be read.
    """

    segments: tuple[str, ...]
    tld: str
    source: Source
    strategy: str | None = None
    reason: str | None = None

    @property
    def label(self) -> str:
        """The second-level label as written, not yet checked."""
        return "".join(self.segments)

    @property
    def domain(self) -> str:
        """Label and suffix."""
        return self.label + self.tld


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge thinks of one name: three dimensions, each 1-10, and why."""

    relevance: int
    memorability: int
    brandability: int
    reason: str = ""

    @property
    def score(self) -> float:
        """The mean of the three dimensions, mapped from 1-10 onto 0-1."""
        return (self.relevance + self.memorability + self.brandability - 3) / 27


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One suggested name with its scores; what is not known is None, never imputed."""

    domain: str
    score: float
    rule_score: float
    judge: Judge
    judge_score: float | None = None
    relevance: int | None = None
    memorability: int | None = None
    brandability: int | None = None
    reason: str | None = None
    source: Source = Source.MODEL
    checks: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a row ended: either suggestions, or one failure type with a reason. `evidence` is what went wrong on the way
    (`domaingen.failures.evidence`); it is filed as failures and is no part of the result."""

    status: Status
    suggestions: tuple[Suggestion, ...] = ()
    failure_type: FailureType | None = None
    category: str | None = None
    reason: str | None = None
    model: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        suggested = self.status is Status.SUGGESTED
        if suggested != bool(self.suggestions) or suggested != (self.failure_type is None):
            raise ValueError("an outcome has suggestions, or a failure type, and never both")
        if self.failure_type and FAILURES[self.failure_type].status is not self.status:
            raise ValueError(f"{self.failure_type} does not belong to status {self.status}")


def without_names(
    failure_type: FailureType, reason: str | None = None, *, category: str | None = None, model: str | None = None
) -> Outcome:
    """The outcome of a row that got no names; `reason` defaults to the failure type's meaning."""
    explanation = FAILURES[failure_type]
    return Outcome(status_of(failure_type), (), failure_type, category, reason or explanation.meaning, model)


def combine_scores(rule_score: float, judge_score: float | None) -> float:
    """0.5 x rules + 0.5 x judge; where nobody judged, the score of what is known (the rules alone)."""
    return round(rule_score if judge_score is None else 0.5 * rule_score + 0.5 * judge_score, 4)
