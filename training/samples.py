"""Evaluation rows and what an outcome is worth on them.

Nouns: a `Sample` is a row with what is right for it; a `Scorer` turns an outcome into a `Score` (value 0-1, answer,
explanation; what was not scored has no value and is not zero); a metric is a mean of scores with its interval.

A row's value: for `suggest` the mean over its names of 0.5 x rules + 0.5 x judge, and 0 for a wrong refusal, no name,
or any name that can't be registered or breaks a constraint; for `refuse` and `reject_input` 1 where the row was
refused or rejected, else 0.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from domaingen.brief import brief_from_cells
from domaingen.errors import InputFileError
from domaingen.names.domain import InvalidDomainError, broken_constraint, parse_domain
from domaingen.outcomes import FailureType, Judge, Source, Status
from domaingen.suggestion import Outcome
from training.statistics import bootstrap_interval, share_interval

Expect = Literal["suggest", "refuse", "reject_input"]
EXPECTATIONS: tuple[Expect, ...] = ("suggest", "refuse", "reject_input")
PASS = 0.5
"""A `suggest` row passes from this value; the other kinds pass with 1."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One evaluation row. `constraints` are cells as in an input CSV, `names` the reference's own names, `slices`
    what its figures are grouped by besides `expect`."""

    id: str
    input: str
    expect: Expect
    category: str | None = None
    constraints: Mapping[str, str] = field(default_factory=dict)
    names: tuple[tuple[str, ...], ...] = ()
    slices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """What an outcome is worth: `value` 0-1 or None where it could not be scored, `answer` in short, and why."""

    value: float | None
    answer: str
    explanation: Mapping[str, Any] = field(default_factory=dict)


class Scorer(Protocol):
    """Scores one outcome against its sample."""

    def score(self, sample: Sample, outcome: Outcome) -> Score:
        """The score; never raises for what a model may do."""
        ...


def read_samples(path: Path) -> list[Sample]:
    """Read an evaluation file.

    Raises:
        InputFileError: It can't be read, or a line is no evaluation row; names the line.
    """
    samples: list[Sample] = []
    seen: set[str] = set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(str(path), f"it can't be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputFileError(str(path), f"no JSON: {error.msg}", line=number) from error
        samples.append(_sample(entry, path, number))
        if samples[-1].id in seen:
            raise InputFileError(str(path), f"id {samples[-1].id} occurs twice", line=number)
        seen.add(samples[-1].id)
    if not samples:
        raise InputFileError(str(path), "it holds no rows")
    return samples


def _sample(entry: Any, path: Path, line: int) -> Sample:
    if not isinstance(entry, dict) or not isinstance(entry.get("input"), str) or "id" not in entry:
        raise InputFileError(str(path), "an evaluation row is an object with id, input and expect", line=line)
    if entry.get("expect") not in EXPECTATIONS:
        raise InputFileError(
            str(path), f"expect must be one of {', '.join(EXPECTATIONS)}", line=line, column="expect"
        )
    constraints = {
        key: " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in (entry.get("constraints") or {}).items()
    }
    return Sample(
        str(entry["id"]),
        entry["input"],
        cast(Expect, entry["expect"]),
        entry.get("category"),
        constraints,
        tuple(tuple(name) for name in entry.get("names", ())),
        {
            "expect": entry["expect"],
            **{key: str(value) for key, value in (entry.get("slices") or {}).items()},
            **({"category": entry["category"]} if entry.get("category") else {}),
        },
    )


class RuleAndJudgeScorer:
    """The house's score; see the module's text."""

    def score(self, sample: Sample, outcome: Outcome) -> Score:
        """See `Scorer`."""
        if sample.expect != "suggest":
            right = Status.REFUSED if sample.expect == "refuse" else Status.REJECTED
            verdict = "right" if outcome.status is right else "leak" if outcome.suggestions else "wrong kind of no"
            return Score(float(outcome.status is right), _answer(outcome), {"verdict": verdict})
        if not outcome.suggestions:
            if outcome.failure_type is FailureType.ENGINE_ERROR:
                return Score(None, _answer(outcome), {"verdict": "not scored: the engine failed"})
            verdict = "wrong refusal" if outcome.status is Status.REFUSED else "no names"
            return Score(0.0, _answer(outcome), {"verdict": verdict})
        problem = _problem(sample, outcome)
        if problem:
            return Score(0.0, _answer(outcome), {"verdict": "invalid name", "problem": problem})
        if any(each.judge is Judge.PENDING for each in outcome.suggestions):
            return Score(None, _answer(outcome), {"verdict": "not scored: no judge"})
        values = [each.score for each in outcome.suggestions]
        return Score(
            sum(values) / len(values),
            _answer(outcome),
            {
                "verdict": "named",
                "rules": mean_of(each.rule_score for each in outcome.suggestions),
                "judge": mean_of(each.judge_score for each in outcome.suggestions if each.judge_score is not None),
                "composed": sum(each.source is Source.COMPOSED for each in outcome.suggestions),
            },
        )


def mean_of(values: Iterable[float]) -> float | None:
    known = list(values)
    return round(sum(known) / len(known), 4) if known else None


def _answer(outcome: Outcome) -> str:
    if outcome.suggestions:
        return " ".join(each.domain for each in outcome.suggestions)
    return f"{outcome.status.value}: {outcome.category or outcome.failure_type or ''}"


def _problem(sample: Sample, outcome: Outcome) -> str | None:
    """The first name that may not stand, or None."""
    constraints = brief_from_cells(1, sample.id, sample.input, sample.constraints).constraints
    for each in outcome.suggestions:
        try:
            broken = broken_constraint(parse_domain(each.domain), constraints)
        except InvalidDomainError as error:
            return f"{each.domain}: {error}"
        if broken:
            return f"{each.domain} breaks {broken}"
    return None


@dataclass(frozen=True, slots=True)
class Scored:
    """A sample with its outcome and score."""

    sample: Sample
    outcome: Outcome
    score: Score

    @property
    def passed(self) -> bool:
        """Whether the row is as it should be, good enough where names were wanted."""
        value = self.score.value
        return value is not None and value >= (PASS if self.sample.expect == "suggest" else 1.0)


def score_all(samples: Sequence[Sample], outcomes: Sequence[Outcome], scorer: Scorer) -> list[Scored]:
    """Score every outcome."""
    return [
        Scored(sample, outcome, scorer.score(sample, outcome))
        for sample, outcome in zip(samples, outcomes, strict=True)
    ]


def metric(scored: Sequence[Scored]) -> dict[str, Any]:
    """Mean value with its 95 % bootstrap interval, share that passed, and how many were scored at all."""
    values = [each.score.value for each in scored if each.score.value is not None]
    passed = sum(each.passed for each in scored)
    low, high = bootstrap_interval(values)
    return {
        "average_score": round(sum(values) / len(values), 4) if values else None,
        "interval": [round(low, 4), round(high, 4)] if values else None,
        "sample_count": len(scored),
        "scored_count": len(values),
        "pass_rate": round(passed / len(scored), 4) if scored else None,
        "pass_interval": [round(bound, 4) for bound in share_interval(passed, len(scored))],
    }


def slices_of(scored: Sequence[Scored]) -> dict[str, dict[str, Any]]:
    """The metric by each slice and value, e.g. `expect` and `style`."""
    groups: defaultdict[str, defaultdict[str, list[Scored]]] = defaultdict(lambda: defaultdict(list))
    for each in scored:
        for name, value in each.sample.slices.items():
            groups[name][value].append(each)
    return {
        name: {value: metric(group) for value, group in sorted(values.items())} for name, values in groups.items()
    }
