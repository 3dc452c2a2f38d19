"""How good a model is on an evaluation set: every row through the whole pipeline, every outcome scored
(`training.samples` says how).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from training.moderation_evaluation import Case, read_cases, refusal_figures, safety_cases
from training.safety_rows import Part
from training.samples import (
    Expect,
    RuleAndJudgeScorer,
    Sample,
    Scored,
    mean_of,
    metric,
    read_samples,
    score_all,
    slices_of,
)

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


def apart(scored: Sequence[Scored], parts: Parts, options: Options) -> dict[str, Any]:
    """Who refuses: moderation alone, the model alone (all of its completions empty), both together. Rows that are to
    be rejected as no description are left out."""
    chosen = [each for each in scored if each.sample.expect != "reject_input"]
    cases = [_case(each.sample) for each in chosen]
    silent = None
    if not isinstance(parts.engine, SilentEngine):
        silent = [_model_is_silent(parts.engine, parts, each.sample, options.seed) for each in chosen]
    harmful = sum(case.harmful for case in cases)
    return {
        "harmful": harmful,
        "benign": len(cases) - harmful,
        "moderation": _refused(cases, _moderated(cases, parts, options)),
        "model": None if silent is None else _refused(cases, silent),
        "together": _refused(cases, [each.outcome.status is Status.REFUSED for each in chosen]),
    }


def _case(sample: Sample) -> Case:
    slices = tuple((name, value) for name, value in sample.slices.items() if name != "expect")
    return Case(sample.input, sample.expect == "refuse", slices)


def _moderated(cases: Sequence[Case], parts: Parts, options: Options) -> list[bool]:
    verdicts = parts.moderator.judge([case.text for case in cases]) if cases else []
    stops = {Decision.REFUSE} | ({Decision.UNCERTAIN} if options.refuse_uncertain else set())
    return [verdict.decision in stops for verdict in verdicts]


def _refused(cases: Sequence[Case], refused: Sequence[bool]) -> dict[str, Any]:
    """`refusal_figures` in the words of the result file."""

    def worded(figures: dict[str, Any]) -> dict[str, Any]:
        return {
            "harmful_refused": _share(figures["recall"]),
            "benign_refused": _share(figures["lawful_refused"]),
        }

    found = refusal_figures(cases, refused)
    slices = {
        name: {value: worded(figures) for value, figures in values.items()}
        for name, values in found["slices"].items()
    }
    return {**worded(found), "slices": slices}


def _share(figure: dict[str, Any]) -> dict[str, Any] | None:
    if not figure["rows"]:
        return None
    return {
        "share": figure["share"],
        "interval": [figure["low"], figure["high"]],
        "hits": figure["hits"],
        "rows": figure["rows"],
    }


def _model_is_silent(engine: Engine, parts: Parts, sample: Sample, seed: int) -> bool:
    try:
        brief = brief_from_cells(1, sample.id, sample.input, sample.constraints)
    except ConstraintError:
        return False
    prompts = prompts_for(brief, parts.lexicon.match(sample.input), seed)
    return not any(parse_completion(completion.text) for completion in engine.complete(prompts))


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Rows to run, the name under which they are reported, and the SHA-256 of what they were read from."""

    name: str
    digest: str
    samples: Sequence[Sample]


def read_set(path: Path) -> EvaluationSet:
    """The evaluation rows of a file. A CSV of lawful descriptions, and JSON lines without ids, are read as
    `training.moderation_evaluation` reads them; their rows are numbered.

    Raises:
        InputFileError: It can't be read, or a line is no row; names the line.
    """
    numbered = path.suffix == ".csv" or not _has_ids(path)
    samples = _numbered(read_cases(path)) if numbered else read_samples(path)
    return EvaluationSet(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), samples)


def safety_set(part: Part) -> EvaluationSet:
    """The safety rows of one part."""
    cases = safety_cases(part)
    lines = "\n".join(f"{case.harmful} {case.text}" for case in cases)
    return EvaluationSet(f"safety {part}", hashlib.sha256(lines.encode()).hexdigest(), _numbered(cases))


def _has_ids(path: Path) -> bool:
    """Whether JSON lines are evaluation rows, by the first of them. What can't be read counts as such, so that
    `read_samples` says what is wrong."""
    try:
        with path.open(encoding="utf-8") as lines:
            first = json.loads(next((line for line in lines if line.strip()), "null"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return True
    return not isinstance(first, dict) or "id" in first or not {"input", "expect"} <= first.keys()


def _numbered(cases: Sequence[Case]) -> list[Sample]:
    samples = []
    for number, case in enumerate(cases, 1):
        expect: Expect = "refuse" if case.harmful else "suggest"
        slices = {"expect": expect, **dict(case.slices)}
        samples.append(Sample(str(number), case.text, expect, slices.get("category"), slices=slices))
    return samples


def evaluate(
    data: EvaluationSet, parts: Parts, options: Options, *, model_name: str | None = None, judge: str = "local"
) -> tuple[dict[str, Any], list[Scored]]:
    """Run one evaluation set; the result record, and the scored samples for the page."""
    samples = data.samples
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
        "eval_data_file_name": data.name,
        "eval_data_digest": data.digest,
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
        "refusals": None if model_name == "reference" else apart(scored, parts, options),
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
