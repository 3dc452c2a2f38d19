"""A row's way from description to outcome: one pure function over values.

moderate input > expand > generate > check > rank > moderate output > judge. The model, the moderators, the judge
and the lexicon enter from outside as `Parts`; nothing here knows of queues or databases. The outcome of a row
depends on the row, the seed and the parts alone, never on its neighbours in the batch, so that results are the
same however the rows are spread over workers.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import structlog

from domaingen.brief import Brief, ConstraintError, brief_from_cells
from domaingen.choosing import Matches, Selector, choose, usable
from domaingen.errors import EngineError
from domaingen.failures.evidence import Evidence
from domaingen.generation.engine import Completion, Engine, Prompt
from domaingen.generation.text import prompts_for
from domaingen.intake import check_description
from domaingen.judging.judge import Named, NameJudge, NameSimilarity
from domaingen.judging.rules import rule_checks, rule_score
from domaingen.lexicon import Lexicon
from domaingen.moderation.normalise import legible
from domaingen.moderation.verdict import Decision, Moderator, NameModerator
from domaingen.names.domain import unsatisfiable
from domaingen.names.gist import gist
from domaingen.outcomes import FailureType, Judge, Status
from domaingen.suggestion import Candidate, Outcome, Suggestion, combine_scores, without_names

log = structlog.get_logger(__name__)

StageTimer = Callable[[str], AbstractContextManager[None]]
"""Times a stage by name; metrics hang on it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One input row as it was read: cells by column, extra cells under the empty key."""

    row: int
    external_id: str
    description: str
    cells: Mapping[str, str]


Composer = Callable[[Brief, Matches, int], Sequence[Candidate]]
"""Names made without the model, from a brief, its trades and a seed (domaingen.generation.composer)."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pipeline works with. `judge` is None where names are judged later or not at all; `judge_kind`
    says which of the two it is (pending or none)."""

    engine: Engine
    moderator: Moderator
    name_moderator: NameModerator
    lexicon: Lexicon
    compose: Composer
    select: Selector
    judge: NameJudge | None
    judge_kind: Judge
    similarity: NameSimilarity | None = None
    """Tells among the checks how close a name is to its description; None where that is switched off."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a batch fixes: number of names per row, seed, longest description in characters, and whether rows
    that moderation is unsure about are refused (the safe default) or named."""

    count: int = 5
    seed: int = 0
    max_description_length: int = 2000
    refuse_uncertain: bool = True


def name_rows(
    rows: Sequence[Row], parts: Parts, options: Options, *, stage: StageTimer = lambda _: nullcontext()
) -> list[Outcome]:
    """One outcome for each row, in order.

    Raises:
        EngineError: The engine fails even for a single row's prompts because it is broken as a whole.
    """
    outcomes: dict[int, Outcome] = {}
    briefs: dict[int, Brief] = {}
    evidence: dict[int, Evidence] = {}
    with stage("intake"):
        for position, row in enumerate(rows):
            prepared = _prepare(row, options)
            if isinstance(prepared, Brief):
                briefs[position] = prepared
            else:
                outcomes[position] = prepared
    with stage("moderate"):
        verdicts = parts.moderator.judge([brief.description for brief in briefs.values()])
    for position, verdict in zip(list(briefs), verdicts, strict=True):
        if verdict.disagreement:
            log.info("moderators disagree", row=rows[position].row, opinions=verdict.disagreement)
        seen = evidence[position] = Evidence(asked=briefs[position].constraints.count, risk=verdict.risk)
        seen.opinions = verdict.disagreement
        unsure = verdict.decision is Decision.UNCERTAIN and options.refuse_uncertain
        if verdict.decision is Decision.REFUSE or unsure:
            seen.uncertain = unsure
            outcomes[position] = without_names(FailureType.SAFETY_ISSUE, verdict.reason, category=verdict.category)
            del briefs[position]
        else:
            telling = gist(legible(briefs[position].description))
            briefs[position] = replace(briefs[position], description=telling)
    outcomes |= _name_briefs(briefs, parts, options, evidence, stage)
    return [
        replace(
            outcomes[position],
            model=parts.engine.name,
            evidence=evidence[position].as_dict() if position in evidence else {},
        )
        for position in range(len(rows))
    ]


def _prepare(row: Row, options: Options) -> Brief | Outcome:
    if row.cells.get(""):
        return without_names(
            FailureType.MALFORMED_ROW,
            "The row has more cells than the header; put quotes around a description that holds the delimiter.",
        )
    rejection = check_description(row.description, max_length=options.max_description_length)
    if rejection:
        return without_names(rejection.failure_type, rejection.reason)
    try:
        brief = brief_from_cells(row.row, row.external_id, row.description, row.cells, options.count)
    except ConstraintError as error:
        return without_names(FailureType.INVALID_CONSTRAINT, str(error))
    problem = unsatisfiable(brief.constraints)
    if problem:
        return without_names(FailureType.CONSTRAINT_UNSATISFIABLE, problem)
    return brief


def _name_briefs(
    briefs: Mapping[int, Brief],
    parts: Parts,
    options: Options,
    evidence: Mapping[int, Evidence],
    stage: StageTimer,
) -> dict[int, Outcome]:
    matches = {
        position: parts.lexicon.match(" ".join(filter(None, (brief.description, brief.industry))))
        for position, brief in briefs.items()
    }
    for position, found in matches.items():
        evidence[position].trade = found[0][1] if found else None
    pools: dict[int, list[Candidate]] = {position: [] for position in briefs}
    failed: dict[int, Outcome] = {}
    chosen: dict[int, Sequence[Candidate]] = {}
    # A second round, with other hints, only for rows whose first one left too few.
    for attempt in range(2):
        wanting = {
            position: brief
            for position, brief in briefs.items()
            if position not in failed and len(chosen.get(position, ())) < brief.constraints.count
        }
        if not wanting:
            break
        _generate(wanting, matches, pools, failed, parts, options.seed + 7919 * attempt, evidence, stage)
        with stage("rank"):
            for position, brief in wanting.items():
                if position not in failed:
                    chosen[position] = choose(
                        brief,
                        pools[position],
                        matches[position],
                        parts.select,
                        parts.name_moderator,
                        evidence[position],
                    )
    with stage("judge"):
        named = {
            position: _outcome(briefs[position], candidates, parts) for position, candidates in chosen.items()
        }
    # An engine that broke in the second round says more than a first round that left nothing.
    return named | failed


def _generate(
    briefs: Mapping[int, Brief],
    matches: Mapping[int, Matches],
    pools: dict[int, list[Candidate]],
    failed: dict[int, Outcome],
    parts: Parts,
    seed: int,
    evidence: Mapping[int, Evidence],
    stage: StageTimer,
) -> None:
    """Fill the pools with checked candidates of the model, then of the lexicon."""
    prompts = {position: prompts_for(brief, matches[position], seed) for position, brief in briefs.items()}
    with stage("generate"):
        completions = _complete(prompts, parts.engine)
    with stage("check"):
        for position, brief in briefs.items():
            written = completions[position]
            if written is None:
                if not pools[position]:
                    failed[position] = without_names(FailureType.ENGINE_ERROR)
                continue
            candidates = evidence[position].read(completion.text for completion in written)
            candidates += parts.compose(brief, matches[position], seed)
            pools[position] = usable(brief, pools[position] + candidates, evidence[position])


def _complete(prompts: Mapping[int, Sequence[Prompt]], engine: Engine) -> dict[int, list[Completion] | None]:
    """Completions by row; None for a row that breaks the engine, so that its neighbours still get their names."""
    flat = [prompt for row in prompts.values() for prompt in row]
    try:
        completions = iter(engine.complete(flat))
    except EngineError:
        # Is it the rows or the engine? A prompt that can't be at fault tells; a broken engine raises here.
        engine.complete([Prompt("for bakery")], max_tokens=4)
        if len(prompts) <= 1:
            return dict.fromkeys(prompts)
        log.warning("engine failed on a chunk; trying its rows one by one", rows=len(prompts), exc_info=True)
        return {
            position: completed
            for position, row in prompts.items()
            for completed in _complete({position: row}, engine).values()
        }
    return {position: [next(completions) for _ in row] for position, row in prompts.items()}


def _outcome(brief: Brief, chosen: Sequence[Candidate], parts: Parts) -> Outcome:
    if not chosen:
        return without_names(FailureType.TOO_FEW_SUGGESTIONS)
    named = [Named(brief.description, each.domain, each.segments) for each in chosen]
    judgements = parts.judge.rate(named) if parts.judge else [None] * len(chosen)
    closeness = parts.similarity.rate(named) if parts.similarity else [None] * len(chosen)
    suggestions = []
    for candidate, judgement, similarity in zip(chosen, judgements, closeness, strict=True):
        checks = rule_checks(brief.description, candidate.domain)
        rules = rule_score(checks)
        judged = round(judgement.score, 4) if judgement else None
        suggestions.append(
            Suggestion(
                domain=candidate.domain,
                score=combine_scores(rules, judged),
                rule_score=rules,
                judge=parts.judge_kind,
                judge_score=judged,
                relevance=judgement.relevance if judgement else None,
                memorability=judgement.memorability if judgement else None,
                brandability=judgement.brandability if judgement else None,
                reason=candidate.reason or " + ".join(candidate.segments),
                source=candidate.source,
                checks=checks if similarity is None else checks | {"similarity": similarity},
            )
        )
    suggestions.sort(key=lambda suggestion: (-suggestion.score, suggestion.domain))
    return Outcome(Status.SUGGESTED, tuple(suggestions))
