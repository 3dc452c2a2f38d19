"""Which failures a row's outcome and evidence amount to, with root causes that follow from the evidence.

Thresholds keep the table of use: one dropped name among twelve is what checks are for, and files nothing. A row files
each type once, with counts and examples, and at most `MOST_FINDINGS` findings beside its outcome.

- A refused, rejected or failed row always files its outcome; where two moderators did not agree on a refused one, with
  the opinions of both.
- `disputed_request`: always, where they did not agree on a row that was not refused.
- `model_refusal`, `invalid_format`, `duplicate_names`, `constraint_broken`: at least half of what the model wrote for
  the row. Below that the checks and the next prompts make up for it.
- `invalid_domain`, `hidden_word`, `brand_collision`: from the first one on. They are rare (about one row in fifty), and
  each says either that the model writes what it must not or that a check is too strict.
- `fewer_names`: any name missing. `off_topic`, `poor_quality`: by the best name, since that is what a person takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domaingen.failures.evidence import REFUSAL
from domaingen.failures.record import FailureRecord
from domaingen.failures.taxonomy import Finding
from domaingen.outcomes import FailureType, Severity, Status
from domaingen.suggestion import Outcome

MOST_FINDINGS = 3
"""Findings of one row; the gravest are kept."""
SHARE = 0.5
"""Share of what the model wrote for a row from which a kind of flaw is filed."""
DOUBTFUL_RISK = 0.5
"""Risk from which a refusal by the model alone speaks for a miss of moderation. Of ordinary English descriptions half
lie under 0.02 and one in a hundred above 0.6; what moderation stops lies above 0.8."""
IRRELEVANT = 4
"""Relevance (1-10) up to which the best name of a row is off topic; the judges' guide gives 4 to a name that «could be
any consultancy»."""
POOR_SCORE = 0.5
"""Judge's score (0-1) under which the best name of a row is poor: marks of 5.5 on average."""
KEPT_RULES = 0.9
"""Score of the rules (0-1) from which a low judge's score is a disagreement."""

_CONSTRAINTS = ("max_length", "avoid", "tlds")
_BRANDS = ("brand", "brand_lookalike")
_UNREAD_CAUSES = {"truncated": "truncation", "repeated": "decoding", "form": "parser"}
_GRAVITY = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class ScoredName:
    """What quality is judged by; scores 0-1, relevance 1-10, None where nobody judged."""

    domain: str
    rule_score: float
    judge_score: float | None
    relevance: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    kind: Finding
    oracle: str
    output: Mapping[str, Any]
    cause: str | None = None
    caught: bool = True


def failures_of(
    description: str, outcome: Outcome, *, item_id: int | None = None, batch_id: str | None = None
) -> list[FailureRecord]:
    """The failures that a worker files for a row: its outcome's, if it has one, then findings, gravest first."""
    records = [_outcome_record(description, outcome, item_id, batch_id)] if outcome.failure_type else []
    findings = []
    # Asked first because it is true of nearly every row and costs nothing.
    if not any(_is_good(each.judge_score, each.relevance) for each in outcome.suggestions):
        findings += quality_failures(
            description,
            [
                ScoredName(each.domain, each.rule_score, each.judge_score, each.relevance)
                for each in outcome.suggestions
            ],
            model=outcome.model,
            item_id=item_id,
            batch_id=batch_id,
            trade_known=outcome.evidence["trade"] is not None if outcome.evidence else None,
        )
    domains = [suggestion.domain for suggestion in outcome.suggestions]
    for found in _findings(outcome):
        output = {**found.output, "domains": domains}
        findings.append(
            FailureRecord(
                description, "batch", found.kind, found.oracle, outcome.model, output,
                root_cause=found.cause, item_id=item_id, batch_id=batch_id, caught=found.caught,
            )
        )  # fmt: skip
    findings.sort(key=lambda record: _GRAVITY[record.severity])
    return records + findings[:MOST_FINDINGS]


def _is_good(judge_score: float | None, relevance: int | None) -> bool:
    return judge_score is not None and judge_score >= POOR_SCORE and (relevance is None or relevance > IRRELEVANT)


def quality_failures(
    description: str,
    names: Sequence[ScoredName],
    *,
    model: str | None,
    item_id: int | None = None,
    batch_id: str | None = None,
    trade_known: bool | None = None,
) -> list[FailureRecord]:
    """What the judge's marks say about a row; nothing while a name is unjudged. `trade_known` is whether the lexicon
    knows a trade near the description, None where that was not looked up."""
    scores = [name.judge_score for name in names if name.judge_score is not None]
    if not names or len(scores) < len(names):
        return []
    best_score = max(scores)
    relevances = [name.relevance for name in names if name.relevance is not None]
    kinds = []
    if relevances and max(relevances) <= IRRELEVANT:
        kinds.append(Finding.OFF_TOPIC)
    if best_score < POOR_SCORE:
        kinds.append(Finding.POOR_QUALITY)
    cause = None
    if trade_known is False:
        cause = "data_gap"
    elif max(name.rule_score for name in names) >= KEPT_RULES:
        cause = "judge"
    elif trade_known:
        cause = "decoding"
    output = {
        "best_judge_score": best_score,
        "best_relevance": max(relevances, default=None),
        "domains": [name.domain for name in names],
    }
    return [
        FailureRecord(
            description,
            "batch",
            kind,
            "judge",
            model,
            output,
            root_cause=cause,
            item_id=item_id,
            batch_id=batch_id,
        )
        for kind in kinds
    ]


def _outcome_record(
    description: str, outcome: Outcome, item_id: int | None, batch_id: str | None
) -> FailureRecord:
    assert outcome.failure_type is not None  # noqa: S101 - the caller asked
    output: dict[str, Any] = {"status": outcome.status.value, "reason": outcome.reason, "domains": []}
    cause = None
    if outcome.failure_type is FailureType.SAFETY_ISSUE and outcome.evidence:
        output["risk"] = outcome.evidence["risk"]
        if opinions := outcome.evidence.get("opinions"):
            output["opinions"] = opinions
        cause = "uncertain_verdict" if outcome.evidence.get("uncertain") else None
    elif outcome.failure_type is FailureType.TOO_FEW_SUGGESTIONS:
        cause = _shortage_cause(outcome.evidence)
    return FailureRecord(
        description, "batch", outcome.failure_type, _ORACLES.get(outcome.status, "pipeline"), outcome.model, output,
        outcome.category, cause, item_id, batch_id,
    )  # fmt: skip


_ORACLES = {Status.REFUSED: "moderator", Status.REJECTED: "intake", Status.FAILED: "pipeline"}


def _findings(outcome: Outcome) -> list[_Found]:
    evidence = outcome.evidence
    found = []
    if evidence.get("opinions") and outcome.status is not Status.REFUSED:
        output = {"opinions": evidence["opinions"], "risk": evidence["risk"]}
        found.append(_Found(Finding.DISPUTED_REQUEST, "second_moderator", output, caught=False))
    if not evidence.get("completions"):
        return found
    names, dropped, unread = evidence["names"], evidence["dropped"], evidence["unread"]
    refusals = unread.get(REFUSAL, _NOTHING)["count"]
    if refusals >= SHARE * evidence["completions"]:
        output = {"count": refusals, "of": evidence["completions"], "risk": evidence["risk"]}
        found.append(_Found(Finding.MODEL_REFUSAL, "model", output, _refusal_cause(evidence), caught=False))
    illegible = {reason: seen for reason, seen in unread.items() if reason != REFUSAL}
    parts = names + _total(illegible)
    if illegible and _total(illegible) >= SHARE * parts:
        cause = _UNREAD_CAUSES[_commonest(illegible)]
        found.append(_Found(Finding.INVALID_FORMAT, "parser", _sum_up(illegible, parts), cause))
    groups: dict[Finding, dict[str, Mapping[str, Any]]] = {}
    for reason, seen in dropped.items():
        groups.setdefault(_kind_of(reason), {})[reason] = seen
    for kind, seen_by_reason in groups.items():
        count = _total(seen_by_reason)
        if kind in _SHARED and count < SHARE * names:
            continue
        cause = "decoding"
        if kind is Finding.CONSTRAINT_BROKEN and count >= names:
            cause = "constraints"
        output = _sum_up(seen_by_reason, names)
        if kind in _CHECKERS:
            output["findings"] = {domain: evidence["findings"][domain] for domain in output["examples"]}
        found.append(_Found(kind, _CHECKERS.get(kind, "check"), output, cause))
    if outcome.status is Status.SUGGESTED and len(outcome.suggestions) < evidence["asked"]:
        output = {"count": len(outcome.suggestions), "of": evidence["asked"]}
        found.append(_Found(Finding.FEWER_NAMES, "pipeline", output, _shortage_cause(evidence), caught=False))
    return found


_NOTHING: Mapping[str, Any] = {"count": 0, "examples": []}
_SHARED = {Finding.DUPLICATE_NAMES, Finding.CONSTRAINT_BROKEN}
_CHECKERS = {Finding.HIDDEN_WORD: "name_moderator", Finding.BRAND_COLLISION: "name_moderator"}


def _kind_of(reason: str) -> Finding:
    """The finding that a reason for dropping a name belongs to; reasons of the name moderator are its codes."""
    if reason == "duplicate":
        return Finding.DUPLICATE_NAMES
    if reason == "invalid":
        return Finding.INVALID_DOMAIN
    if reason in _CONSTRAINTS:
        return Finding.CONSTRAINT_BROKEN
    return Finding.BRAND_COLLISION if reason in _BRANDS else Finding.HIDDEN_WORD


def _total(seen: Mapping[str, Mapping[str, Any]]) -> int:
    return sum(each["count"] for each in seen.values())


def _commonest(seen: Mapping[str, Mapping[str, Any]]) -> str:
    return max(seen, key=lambda reason: (seen[reason]["count"], reason))


def _sum_up(seen: Mapping[str, Mapping[str, Any]], of: int) -> dict[str, Any]:
    examples = [example for each in seen.values() for example in each["examples"]]
    reasons = {reason: each["count"] for reason, each in seen.items()}
    return {"count": _total(seen), "of": of, "reasons": reasons, "examples": examples[:5]}


def _refusal_cause(evidence: Mapping[str, Any]) -> str:
    return "moderation_miss" if evidence["risk"] >= DOUBTFUL_RISK else "data_gap"


def _shortage_cause(evidence: Mapping[str, Any]) -> str | None:
    """Why names are missing: where most of them were lost. Without evidence None, the type's default."""
    if not evidence.get("completions"):
        return None
    lost: dict[str, int] = {}
    for reason, seen in evidence["unread"].items():
        # A refusal costs all the names of a completion, usually three.
        cause = _refusal_cause(evidence) if reason == REFUSAL else _UNREAD_CAUSES[reason]
        lost[cause] = lost.get(cause, 0) + seen["count"] * (3 if reason == REFUSAL else 1)
    for reason, seen in evidence["dropped"].items():
        cause = "constraints" if reason in _CONSTRAINTS else "decoding"
        lost[cause] = lost.get(cause, 0) + seen["count"]
    if lost:
        return max(lost, key=lambda cause: (lost[cause], cause))
    return "data_gap" if evidence["trade"] is None else "decoding"
