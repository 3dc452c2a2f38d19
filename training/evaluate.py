"""How good a model is on an evaluation set: every row through the whole pipeline, every outcome scored
(`training.samples` says how).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from domaingen.brief import ConstraintError, brief_from_cells
from domaingen.generation.engine import Completion, Engine, Prompt
from domaingen.generation.text import parse_completion, prompts_for
from domaingen.judging.judge import Named
from domaingen.judging.rules import rule_checks, rule_score
from domaingen.moderation.verdict import Decision
from domaingen.outcomes import FailureType, Judge, Source, Status
from domaingen.pipeline import Options, Parts, Row, name_rows
from domaingen.suggestion import Outcome, Suggestion, combine_scores, without_names
from training.samples import (
    RuleAndJudgeScorer,
    Sample,
    Scored,
    mean_of,
    metric,
    read_samples,
    score_all,
    slices_of,
)
from training.statistics import share_interval

CHUNK = 64
"""Rows that go through the pipeline at once."""


class SilentEngine:
    """Writes nothing, so that all names are composed: the baseline that a model must beat."""

    name = "composed"
    digest = "none"

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        """Empty completions."""
        return [Completion("", 0.0) for _ in prompts]


def run_pipeline(samples: Sequence[Sample], parts: Parts, options: Options) -> list[Outcome]:
    """One outcome for each sample, in order."""
    outcomes: list[Outcome] = []
    for start in range(0, len(samples), CHUNK):
        rows = [
            Row(start + at + 1, sample.id, sample.input, sample.constraints)
            for at, sample in enumerate(samples[start : start + CHUNK])
        ]
        outcomes += name_rows(rows, parts, options)
    return outcomes


def reference_outcomes(samples: Sequence[Sample], parts: Parts) -> list[Outcome]:
    """The outcomes that a reference set itself stands for: its own names, judged; no answer where it has none."""
    outcomes = []
    for sample in samples:
        named = [Named(sample.input, "".join(name[:-1]) + name[-1], name[:-1]) for name in sample.names]
        if not named or parts.judge is None:
            outcomes.append(without_names(FailureType.ENGINE_ERROR))
            continue
        suggestions = []
        for each, judgement in zip(named, parts.judge.rate(named), strict=True):
            checks = rule_checks(sample.input, each.domain)
            rules, judged = rule_score(checks), judgement.score
            suggestions.append(
                Suggestion(each.domain, combine_scores(rules, judged), rules, Judge.LOCAL, judged, checks=checks)
            )
        outcomes.append(Outcome(Status.SUGGESTED, tuple(suggestions), model="reference"))
    return outcomes


def apart(samples: Sequence[Sample], parts: Parts, options: Options, together: Sequence[Scored]) -> dict[str, Any]:
    """Who refuses: moderation alone, the model alone (all of its completions empty), both together."""
    harmful = [sample for sample in samples if sample.expect == "refuse"]
    benign = [sample for sample in samples if sample.expect == "suggest"]

    def moderated(chosen: Sequence[Sample]) -> int:
        verdicts = parts.moderator.judge([sample.input for sample in chosen]) if chosen else []
        stops = {Decision.REFUSE} | ({Decision.UNCERTAIN} if options.refuse_uncertain else set())
        return sum(verdict.decision in stops for verdict in verdicts)

    def silent(chosen: Sequence[Sample]) -> int:
        return sum(_model_is_silent(parts.engine, parts, sample, options.seed) for sample in chosen)

    def figures(refused_harmful: int, refused_benign: int) -> dict[str, Any]:
        return {
            "harmful_refused": _share(refused_harmful, len(harmful)),
            "benign_refused": _share(refused_benign, len(benign)),
        }

    refused = {True: 0, False: 0}
    for each in together:
        if each.sample.expect != "reject_input" and each.outcome.status is Status.REFUSED:
            refused[each.sample.expect == "refuse"] += 1
    return {
        "harmful": len(harmful),
        "benign": len(benign),
        "moderation": figures(moderated(harmful), moderated(benign)),
        "model": None if isinstance(parts.engine, SilentEngine) else figures(silent(harmful), silent(benign)),
        "together": figures(refused[True], refused[False]),
    }


def _share(hits: int, count: int) -> dict[str, Any] | None:
    if not count:
        return None
    return {
        "share": round(hits / count, 4),
        "interval": [round(bound, 4) for bound in share_interval(hits, count)],
    }


def _model_is_silent(engine: Engine, parts: Parts, sample: Sample, seed: int) -> bool:
    try:
        brief = brief_from_cells(1, sample.id, sample.input, sample.constraints)
    except ConstraintError:
        return False
    prompts = prompts_for(brief, parts.lexicon.match(sample.input), seed)
    return not any(parse_completion(completion.text) for completion in engine.complete(prompts))


def evaluate(
    path: Path, parts: Parts, options: Options, *, model_name: str | None = None, judge: str = "local"
) -> tuple[dict[str, Any], list[Scored]]:
    """Run one evaluation file; the result record, and the scored samples for the page."""
    samples = read_samples(path)
    if model_name == "reference":
        outcomes = reference_outcomes(samples, parts)
    else:
        outcomes = run_pipeline(samples, parts, options)
    scored = score_all(samples, outcomes, RuleAndJudgeScorer())
    named = [each for each in scored if each.outcome.suggestions]
    suggestions = [suggestion for each in named for suggestion in each.outcome.suggestions]
    record = {
        "model_name": model_name or parts.engine.name,
        "model_digest": parts.engine.digest,
        **metric(scored),
        "eval_data_file_name": path.name,
        "eval_data_digest": hashlib.sha256(path.read_bytes()).hexdigest(),
        "judge": judge,
        "seed": options.seed,
        "names_per_row": options.count,
        "names": {
            "count": len(suggestions),
            "rule_score": mean_of(each.rule_score for each in suggestions),
            "judge_score": mean_of(each.judge_score for each in suggestions if each.judge_score is not None),
            "composed_share": mean_of(float(each.source is Source.COMPOSED) for each in suggestions),
            "full_rows": mean_of(float(len(each.outcome.suggestions) >= options.count) for each in named),
        },
        "slices": slices_of(scored),
        "refusals": None if model_name == "reference" else apart(samples, parts, options, scored),
        "samples": [
            {
                "id": each.sample.id,
                "expect": each.sample.expect,
                "score": each.score.value,
                "passed": each.passed,
                "answer": each.score.answer,
                "explanation": dict(each.score.explanation),
                "slices": dict(each.sample.slices),
            }
            for each in scored
        ],
    }
    return record, scored


def composed_only(parts: Parts) -> Parts:
    """The same parts without a model."""
    return replace(parts, engine=SilentEngine())
