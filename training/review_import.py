"""Checks the rows of a filled-in review sheet one by one: what is right becomes a review, the rest a reason.

The rows that are let in may train, so this is where a poisoned sheet has to stop:

- The failure exists, and its input in the sheet is the stored one.
- Failings of the program or of a provider teach nothing; they can only be discarded.
- An accepted or corrected row is no evaluation row and resembles none (`training.evaluation_guard`).
- Whoever says that an input should get names contradicts neither the check for rubbish nor the local moderator. Where
  the moderator is *sure* of harm the row is refused. One case is let through, since wrong refusals have to be mendable:
  the risk stays under `CERTAIN`, so no phrase that can't be mistaken was found, and the note names the category that
  the person overrules and says why: «fraud: teaches banks to find it». The note is kept with the review.
- Names that a person gives are registrable, differ, keep the row's constraints and pass the moderator of names.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from domaingen.brief import ConstraintError, brief_from_cells
from domaingen.failures.taxonomy import Blame, Explanation, explain
from domaingen.intake import check_description
from domaingen.moderation.verdict import Decision, Moderator, NameModerator, Verdict
from domaingen.names.domain import InvalidDomainError, broken_constraint, distinct, parse_domain
from domaingen.store.failures import Review
from training.evaluation_guard import EvaluationGuard
from training.review_sheet import SheetRow

WORDS = {
    "corrected": "corrected", "correct": "corrected",
    "accepted": "accepted", "accept": "accepted",
    "discarded": "discarded", "discard": "discarded",
}  # fmt: skip
"""What `review` may say, in any case."""
EXPECTATIONS = ("suggest", "refuse", "reject_input")
CERTAIN = 0.95
"""Risk (0-1) from which the moderator can't be overruled by a note. What its phrases find gets 0.99 at least; of the
held-out safety rows that it refuses, 363 of 481 harmful ones and 7 of 39 benign ones lie at this or above."""
MOST_DOMAINS = 20
_LONGEST_NAME = 120
_LONGEST_NOTE = 2000
_REASON_WORDS = 3


class RefusedRow(Exception):  # noqa: N818 - a result that travels as one, caught in this module
    """Why a row is not imported."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a sheet: reviews to write, how many rows stand in the database like this already, how many
    nobody has filled in, and refused rows as line and reason."""

    reviews: tuple[Review, ...]
    unchanged: int
    unreviewed: int
    refused: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """What rows are checked with, and the reviewer of rows that name none."""

    guard: EvaluationGuard
    moderator: Moderator
    name_moderator: NameModerator
    reviewer: str

    def check(self, rows: Iterable[SheetRow], stored: Mapping[int, Mapping[str, Any]]) -> Checked:
        """Check a sheet against the stored failures (with the `cells` of their items, where they have any)."""
        reviews: list[Review] = []
        seen: set[int] = set()
        refused: list[tuple[int, str]] = []
        unchanged = unreviewed = 0
        for row in rows:
            try:
                failure = _find(row, stored)
                if not _text(row, "review"):
                    unreviewed += 1
                    continue
                review = self._review(row, failure, seen)
            except RefusedRow as reason:
                refused.append((row.line, str(reason)))
                continue
            seen.add(review.id)
            if _same(review, failure):
                unchanged += 1
            else:
                reviews.append(review)
        return Checked(tuple(reviews), unchanged, unreviewed, tuple(refused))

    def _review(self, row: SheetRow, failure: Mapping[str, Any], reviewed: Container[int]) -> Review:
        if failure["id"] in reviewed:
            raise RefusedRow(f"failure {failure['id']} is reviewed twice in this file")
        word = WORDS.get(_text(row, "review").lower())
        if word is None:
            raise RefusedRow(f"review is corrected, accepted or discarded, not {_text(row, 'review')[:40]!r}")
        reviewer = _text(row, "reviewer") or self.reviewer
        if not reviewer or len(reviewer) > _LONGEST_NAME or not reviewer.isprintable():
            raise RefusedRow("reviewer is no name of one line")
        if word == "discarded":
            return Review(failure["id"], word, None, reviewer)
        explanation = _explanation(failure)
        expect, domains = _expectation(row, word, explanation), _domains(row)
        note = _text(row, "note")
        if len(note) > _LONGEST_NOTE:
            raise RefusedRow(f"note is longer than {_LONGEST_NOTE} letters")
        if reason := self.guard.reason(failure["input"]):
            raise RefusedRow(f"{reason}, which must not train; discard it")
        if expect == "suggest":
            self._may_be_named(failure["input"], note)
            self._are_good(domains, failure)
        elif domains:
            raise RefusedRow(f"a row that should be answered with {expect} has no domains")
        correction: dict[str, Any] = {"expect": expect}
        if domains:
            correction["domains"] = domains
        if note:
            correction["note"] = note
        return Review(failure["id"], word, correction, reviewer)

    def _may_be_named(self, text: str, note: str) -> None:
        if rejection := check_description(text, max_length=len(text)):
            raise RefusedRow(f"the input is no description that can get names ({rejection.failure_type.value})")
        [verdict] = self.moderator.judge([text])
        if verdict.decision is Decision.REFUSE and not _overrules(note, verdict):
            way = (
                f"; if it is wrong, begin the note with «{verdict.category}:» and say why"
                if verdict.risk < CERTAIN
                else ""
            )
            raise RefusedRow(f"moderation is sure that the input does harm ({verdict.category}){way}")

    def _are_good(self, domains: Sequence[str], failure: Mapping[str, Any]) -> None:
        for domain in domains:
            name = parse_domain(domain)
            if findings := self.name_moderator.inspect(name.label, description=failure["input"]):
                raise RefusedRow(f"{domain} is no name to teach: {findings[0].code} ({findings[0].evidence})")
            if broken := _broken(domain, failure):
                raise RefusedRow(f"{domain} breaks the row's constraint {broken}")


def _find(row: SheetRow, stored: Mapping[int, Mapping[str, Any]]) -> Mapping[str, Any]:
    if row.problem:
        raise RefusedRow(row.problem)
    number = row_id(row)
    if number is None:
        raise RefusedRow(f"id is a whole number, not {str(row.cells.get('id'))[:40]!r}")
    if number not in stored:
        raise RefusedRow(f"there is no failure {number}")
    failure = stored[number]
    written = row.cells.get("input")
    if written is not None and " ".join(str(written).split()) != " ".join(failure["input"].split()):
        raise RefusedRow(f"the input is not that of failure {number}; a review must not change it")
    return failure


def row_id(row: SheetRow) -> int | None:
    """The failure's id in a row, None where it has none that can be read."""
    text = str(row.cells.get("id", "")).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _text(row: SheetRow, column: str) -> str:
    cell = row.cells.get(column)
    if cell is None:
        return ""
    if not isinstance(cell, str):
        raise RefusedRow(f"{column} is no text")
    return cell.strip()


def _explanation(failure: Mapping[str, Any]) -> Explanation:
    try:
        explanation = explain(failure["failure_type"])
    except ValueError as error:
        raise RefusedRow(str(error)) from error
    if explanation.blame in {Blame.SYSTEM, Blame.PROVIDER}:
        raise RefusedRow(
            f"{failure['failure_type']} is the {explanation.blame}'s failing and teaches nothing; discard it"
        )
    return explanation


def _expectation(row: SheetRow, word: str, explanation: Explanation) -> str:
    written = _text(row, "expect").lower()
    if written and written not in EXPECTATIONS:
        raise RefusedRow(f"expect is {', '.join(EXPECTATIONS)}, not {written[:40]!r}")
    if word == "corrected":
        if not written:
            raise RefusedRow(f"a corrected row says in expect what should come out: {', '.join(EXPECTATIONS)}")
        return written
    if explanation.expects is None:
        raise RefusedRow("accepting does not say what should come out here; use corrected and fill in expect")
    if written not in {"", explanation.expects}:
        raise RefusedRow(f"accepted means {explanation.expects} here; for {written} use corrected")
    if row.cells.get("domains"):
        raise RefusedRow("accepted takes no domains; use corrected")
    return explanation.expects


def _domains(row: SheetRow) -> list[str]:
    cell = row.cells.get("domains") or ""
    words = cell if isinstance(cell, list) else re.split(r"[\s,;]+", cell) if isinstance(cell, str) else None
    if words is None or not all(isinstance(word, str) for word in words):
        raise RefusedRow("domains are names divided by spaces, or a list of them")
    domains = []
    for word in cast("list[str]", words):
        if not word.strip():
            continue
        try:
            domains.append(parse_domain(word.strip().lower()).text)
        except InvalidDomainError as error:
            raise RefusedRow(f"no domain name: {error}") from error
    if len(domains) > MOST_DOMAINS:
        raise RefusedRow(f"more than {MOST_DOMAINS} domains")
    if not distinct(domains):
        raise RefusedRow("a domain stands there twice")
    return domains


def _overrules(note: str, verdict: Verdict) -> bool:
    category, colon, reason = note.partition(":")
    named = bool(colon) and category.strip().lower() == verdict.category
    return named and len(reason.split()) >= _REASON_WORDS and verdict.risk < CERTAIN


def _broken(domain: str, failure: Mapping[str, Any]) -> str | None:
    """The constraint of the failure's row that a name breaks; rows of other finders have none."""
    try:
        brief = brief_from_cells(0, "", failure["input"], failure["cells"] or {}, 1)
    except ConstraintError:
        return None
    return broken_constraint(parse_domain(domain), brief.constraints)


def _same(review: Review, failure: Mapping[str, Any]) -> bool:
    return (review.review, review.correction, review.reviewer) == (
        failure["review"],
        failure["correction"],
        failure["reviewed_by"],
    )
