"""The failure record: what workers, discovery, evaluations and feedback file, in one shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domaingen.failures.taxonomy import Explanation, explain
from domaingen.outcomes import Severity

SOURCES = ("batch", "discovery", "evaluation", "feedback")
"""Who files failures."""


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """One failure. `source` is one of `SOURCES`, `oracle` what noticed it (a check, the moderator, the judge, a
    mutation's oracle, a person), `original_output` what came out, ready for JSON. `root_cause` is None where no
    evidence says better than the type's default. `caught` means that a check stopped it before the submitter saw it.

    Raises:
        ValueError: `source` or `failure_type` is not known.
    """

    input: str
    source: str
    failure_type: str
    oracle: str
    model: str | None = None
    original_output: Mapping[str, Any] = field(default_factory=dict)
    category: str | None = None
    root_cause: str | None = None
    item_id: int | None = None
    batch_id: str | None = None
    caught: bool = False

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"failures come from {', '.join(SOURCES)}, not from {self.source!r}")
        explain(self.failure_type)

    @property
    def explanation(self) -> Explanation:
        """What the taxonomy says about this type."""
        return explain(self.failure_type)

    @property
    def severity(self) -> Severity:
        """How much it matters to the submitter: by its type, and low where a check caught it."""
        return Severity.LOW if self.caught else self.explanation.severity

    @property
    def improvement_strategy(self) -> str:
        """What to do about it, by its type."""
        return self.explanation.strategy

    @property
    def cause(self) -> str:
        """The root cause that evidence gave, else the type's default."""
        return self.root_cause or self.explanation.root_cause

    def as_dict(self) -> dict[str, Any]:
        """The record as it stands in `failures.jsonl` (docs/formats.md)."""
        return {
            "input": self.input,
            "metadata": {
                "source": self.source,
                "failure_type": self.failure_type,
                "severity": self.severity.value,
                "category": self.category,
                "root_cause": self.cause,
                "improvement_strategy": self.improvement_strategy,
                "original_output": dict(self.original_output),
                "model": self.model,
                "oracle": self.oracle,
            },
        }
