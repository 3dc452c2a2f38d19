"""Lessons: reviewed failures and well-rated names as rows to learn from, each checked again before it may teach.

A review file can be wrong or poisoned, so nothing is believed because it stands in the database: every row is
screened alone and refused with a sentence, the others go on.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, cast

from domaingen.brief import MAX_COUNT
from domaingen.failures.taxonomy import TAXONOMY, Finding
from domaingen.generation.text import plain_words
from domaingen.intake import check_description
from domaingen.moderation.verdict import Decision, Moderator, NameModerator
from domaingen.names.domain import InvalidDomainError, parse_domain
from domaingen.outcomes import Status
from domaingen.store.failures import ReviewedFailure
from training.evaluation_guard import text_digest
from training.samples import EXPECTATIONS, Expect

Use = Literal["train", "dev", "held_back"]
HELD_BACK_SHARE, DEV_SHARE = 0.25, 0.1
"""Shares of lessons that never train: held back for the gate, which asks whether the model learned, and for choosing
how far to move away from the old weights."""
ALIKE = 0.6
"""Jaccard similarity of two descriptions' words from which they are one lesson in two forms and share their use."""


class Guard(Protocol):
    """Knows what evaluation sets hold (training.evaluation_guard)."""

    def reason(self, text: str) -> str | None:
        """Why this text may not train, or None where it may."""
        ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """One row to learn from. `id` is its table and key (failure:17, rated:5), `domains` the names that a person
    gave or praised, `strategy` what the taxonomy says to do about its failure type, `at` when it was reviewed (Unix
    seconds)."""

    id: str
    input: str
    expect: Expect
    domains: tuple[str, ...] = ()
    failure_type: str = ""
    strategy: str = ""
    at: float = 0.0
    use: Use = "train"

    @property
    def rated(self) -> bool:
        """Whether it is a suggestion that people liked, not a failure."""
        return self.id.startswith("rated:")


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that may not teach, and why."""

    id: str
    reason: str


def read_failure(failure: ReviewedFailure) -> Lesson | RefusedRow:
    """The lesson of a reviewed failure: its correction's expectation, or that of its type where the reviewer only
    accepted it."""
    identifier = f"failure:{failure.id}"
    correction = dict(failure.correction or {})
    explanation = TAXONOMY.get(failure.failure_type)
    expect = correction.get("expect")
    if expect is None:
        expect = "suggest" if correction.get("domains") else _expected(failure.failure_type)
    if expect not in EXPECTATIONS:
        return RefusedRow(identifier, f"the correction expects {expect!r}, not one of {', '.join(EXPECTATIONS)}")
    domains = correction.get("domains") or []
    if not isinstance(domains, list | tuple) or not all(isinstance(each, str) for each in domains):
        return RefusedRow(identifier, "the correction's domains are no list of names")
    if not failure.reviewed_by:
        return RefusedRow(identifier, "nobody's name stands under the review")
    return Lesson(
        identifier,
        failure.input,
        cast(Expect, expect),
        tuple(domains),
        failure.failure_type,
        explanation.strategy if explanation else "",
        failure.reviewed_at or 0.0,
    )


def _expected(failure_type: str) -> Expect:
    """What is right for an accepted failure without a correction."""
    explanation = TAXONOMY.get(failure_type)
    status = explanation.status if explanation else None
    if failure_type == Finding.SAFETY_LEAK or status is Status.REFUSED:
        return "refuse"
    return "reject_input" if failure_type == Finding.MISSED_REJECTION or status is Status.REJECTED else "suggest"


def screen(
    lessons: Iterable[Lesson], *, guard: Guard, moderator: Moderator, names: NameModerator
) -> tuple[list[Lesson], list[RefusedRow]]:
    """The lessons that may teach, and the others with their reasons, both in order."""
    rows = list(lessons)
    verdicts = moderator.judge([row.input for row in rows])
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        wanted[text_digest(row.input)].add(row.expect)
    kept: list[Lesson] = []
    refused: list[RefusedRow] = []
    for row, verdict in zip(rows, verdicts, strict=True):
        reason = guard.reason(row.input)
        if reason is None and len(wanted[text_digest(row.input)]) > 1:
            reason = "reviews of the same description contradict each other"
        if reason is None:
            reason = _problem(row, verdict.decision, names)
        if reason is None:
            kept.append(row)
        else:
            refused.append(RefusedRow(row.id, reason))
    return kept, refused


def _problem(row: Lesson, decision: Decision, names: NameModerator) -> str | None:
    """What is wrong with a lesson by itself."""
    if not plain_words(row.input):
        return "the description holds no words that a model could read"
    if row.expect == "reject_input":
        return "names are given for a description that should be rejected" if row.domains else None
    rejection = check_description(row.input)
    if rejection:
        return f"the description is no description: {rejection.reason}"
    if row.expect == "refuse":
        return "names are given for a request that should be refused" if row.domains else None
    # What moderation refuses never reaches the model, so teaching it names for it could only do harm.
    if decision is Decision.REFUSE:
        return "moderation refuses this description as harmful; it teaches no names until moderation lets it pass"
    if len(row.domains) > MAX_COUNT:
        return f"{len(row.domains)} names for one description; at most {MAX_COUNT}"
    for domain in row.domains:
        try:
            label = parse_domain(domain).label
        except InvalidDomainError as error:
            return f"a name can't be registered: {error}"
        findings = names.inspect(label, description=row.input)
        if findings:
            return f"{domain} is a name that the checks refuse ({findings[0].code})"
    return None


def assign_uses(lessons: Sequence[Lesson]) -> list[Lesson]:
    """The lessons with their uses. The use follows from the description, so that a row that was held back once never
    trains later; descriptions that are alike go the way of the first of them. Rated suggestions all train."""
    words = [frozenset(plain_words(row.input).split()) for row in lessons]
    digests = [hashlib.sha256(plain_words(row.input).encode()).hexdigest() for row in lessons]
    leader = list(range(len(lessons)))
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    # The one that was reviewed first leads, so that a later row never changes the use of an earlier one.
    for at in sorted(range(len(lessons)), key=lambda at: (lessons[at].at, digests[at])):
        alike = sorted(
            other
            for other in {other for word in words[at] for other in by_word[word]}
            if _likeness(words[at], words[other]) >= ALIKE
        )
        if alike:
            leader[at] = leader[alike[0]]
        for word in words[at]:
            by_word[word].append(at)
    return [
        replace(row, use="train" if row.rated else _use_of(digests[leader[at]])) for at, row in enumerate(lessons)
    ]


def _likeness(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right) if left or right else 1.0


def _use_of(digest: str) -> Use:
    draw = int(digest[:8], 16) / 0x1_0000_0000
    return "held_back" if draw < HELD_BACK_SHARE else "dev" if draw < HELD_BACK_SHARE + DEV_SHARE else "train"
