"""The words of moderation: a verdict on a description, a finding in a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Decision(StrEnum):
    """What to do with a description."""

    ALLOW = "allow"
    REFUSE = "refuse"
    UNCERTAIN = "uncertain"
    """Not clear enough to refuse; a setting says what follows."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A moderator's decision. `category` is one word of the policy, `reason` a sentence for the submitter,
    `risk` the probability of harm that led to the decision (0-1). `doubt` is the category that an allowed row leans to,
    where a second opinion should look twice; alone it refuses nothing. `disagreement` says in a few words what each of
    two moderators thought, where they did not agree; it holds nothing of the text."""

    decision: Decision
    category: str | None = None
    reason: str | None = None
    risk: float = 0.0
    doubt: str | None = None
    disagreement: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a name that must not be sold: `code` is a reason code, `evidence` the part that shows it."""

    code: str
    evidence: str


class Moderator(Protocol):
    """Decides about descriptions."""

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        """One verdict for each description, in order."""
        ...


class NameModerator(Protocol):
    """Looks for trouble in suggested names."""

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        """What is wrong with this second-level label; empty where nothing is."""
        ...
