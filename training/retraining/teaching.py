"""Training examples of a lesson, written by the same synthesis as all others, so that they differ in content only."""

from collections.abc import Container, Sequence
from dataclasses import replace

from domaingen.generation.text import plain_words
from domaingen.lexicon import bundled_lexicon
from domaingen.names.domain import parse_domain
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate
from training.curated import CuratedRow
from training.examples import PARTS, Example
from training.retraining.lessons import Lesson
from training.safety_rows import SafetyRow
from training.segments import is_common, segmented, split_words, words_of
from training.synthesize import Amounts, Sources, synthesize

_ONE_ROUND = Amounts(lexicon=0, curated=1, composed=0, safety=1, nonsense=0, balanced=False)
_NEXT_ROUND = 104_729
REVIEW = "review"
"""Style of examples that come from lessons."""


def teach(lessons: Sequence[Lesson], *, rounds: int, seed: int) -> list[Example]:
    """Examples of these lessons, each drawn `rounds` times with other hints, constraints and noise: the names that a
    person gave, names by rule where a lawful description came without any, or none where none is right.

    Named examples are of kind `replay`, refusals of kind `harmful` or `nonsense`; `industry` is the failure type.
    """
    curated, safety = [], []
    for row in lessons:
        if row.expect == "suggest" and row.domains:
            curated.append(CuratedRow(row.failure_type, REVIEW, row.input, _candidates(row)))
        else:
            harmful = row.expect != "suggest"
            safety.append(SafetyRow(row.failure_type or "lesson", "review", harmful, "", REVIEW, row.input))
    # Synthesis keeps some texts for dev and test, once each; lessons have their use already, so every round is drawn
    # by itself and all parts are taken.
    examples: dict[Example, None] = {}
    sources = Sources(bundled_lexicon(), tuple(curated), tuple(safety))
    for number in range(rounds):
        made = synthesize(sources, seed + _NEXT_ROUND * number, _ONE_ROUND)
        examples |= dict.fromkeys(example for part in PARTS for example in made[part])
    rejected = {plain_words(row.input) for row in lessons if row.expect == "reject_input"}
    return [replace(example, kind=_kind(example, rejected)) for example in examples]


def _kind(example: Example, rejected: Container[str]) -> str:
    if example.domains:
        return "replay"
    return "nonsense" if example.description in rejected else "harmful"


def _candidates(lesson: Lesson) -> tuple[Candidate, ...]:
    """The lesson's names with the strategy that they look like: two whole words are a compound, one word that people
    use a real word, anything else is coined."""
    near = words_of(lesson.input)
    found = []
    for domain in lesson.domains:
        name = parse_domain(domain)
        parts = split_words(name.label, near)
        strategy = "compound" if parts else "realword" if is_common(name.label) else "coined"
        plain = Candidate(parts or (name.label,), name.suffix, Source.MODEL, strategy)
        found.append(segmented(plain, lesson.input))
    return tuple(found)
