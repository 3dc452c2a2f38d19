"""Which of a row's candidates are shown: the best by fitted scores, and no two alike.

Rules and judge tell fitting from foreign; among fitting names taste decides (`names.taste`).

Greedy maximal marginal relevance (Carbonell and Goldstein, 1998): the next name is the one whose score less its
likeness to those already chosen is highest. Nothing depends on other rows.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from domaingen.brief import Brief
from domaingen.judging.local import DIMENSIONS, bundled_dimensions
from domaingen.judging.rules import COMMON_ENDINGS
from domaingen.lexicon import Industry
from domaingen.moderation.words import bundled_words
from domaingen.names.quality import JOINERS, Quality, measure, read_label
from domaingen.names.reading import Reading, brief_text, read_description
from domaingen.names.taste import bundled_taste
from domaingen.suggestion import Candidate

SAME_FIRST_PART = 2
"""Names of one row that may begin with the same part."""
REPEAT = 0.12
"""What a shared part costs, in score (0-1)."""
SAME_STRATEGY = 0.04
LEAST_POOL = 24
TASTE = 0.06
"""What a grade more (of 0 to 4) by `names.taste` is worth, in score. Names that rules and judge both like lie so close
together that 0.03 already settles most of it (docs/scoring.md); more would drown style and repetition."""
SCRAPS = 0.15
"""What a name costs that no reader can divide into words («offiteacup»); coined and affixed ones are meant so."""
_SHORT_WORDS = JOINERS | {"go", "up", "or", "so", "we", "us", "ox", "3d", "4d"}
OTHER_ENDING = 0.03
"""What each further name on a suffix other than .com costs."""
AFFIXES = (
    "ery",
    "ly",
    "ify",
    "ling",
    "ette",
    "let",
    "ora",
    "ella",
    "ista",
    "ium",
    "ory",
    "ry",
    "io",
    "eer",
    "wright",
    "kin",
    "side",
    "well",
)

_STYLES: dict[str, dict[str, float]] = {
    "classic": {"compound": 0.08, "realword": 0.06, "blend": -0.08, "coined": -0.10},
    "modern": {"blend": 0.07, "affix": 0.05, "coined": 0.05},
    "playful": {"blend": 0.10, "metaphor": 0.06, "realword": 0.05},
    "descriptive": {"compound": 0.09, "coined": -0.12, "metaphor": -0.08},
    "invented": {"coined": 0.20, "blend": 0.17, "affix": 0.10, "compound": -0.08},
    "short": {},
}
"""What a wanted style adds to names of each strategy: more than taste, which was graded without any style, takes away."""


class Scored(NamedTuple):
    """A candidate with its score and what likeness is measured by."""

    score: float
    candidate: Candidate
    label: str
    parts: frozenset[str]
    affix: str | None


def affix_of(candidate: Candidate) -> str | None:
    """The ending that a name of one part leans on, or None."""
    if len(candidate.segments) > 1 and candidate.strategy not in ("affix", "coined"):
        return None
    label = candidate.label
    return next((affix for affix in AFFIXES if label.endswith(affix)), None) if label.endswith(AFFIXES) else None


def score_name(brief: Brief, reading: Reading, candidate: Candidate, quality: Quality) -> float:
    """Expected worth of a name, about 0-1: half the four rules, half the judge's three dimensions, and what the
    brief's style likes."""
    label = candidate.label
    dimensions = bundled_dimensions()
    judged = sum([dimensions[name].value(quality) - 1.0 for name in DIMENSIONS]) / 27.0
    rules = (
        _shows(reading.rule_roots, label)
        + (6 <= len(label) <= 15)
        + (candidate.tld in COMMON_ENDINGS)
        + (quality.plain > 0)
    ) / 4.0
    scraps = SCRAPS if candidate.strategy not in ("affix", "coined") and has_scraps(candidate.segments) else 0.0
    return 0.5 * rules + 0.5 * judged + _style(brief.constraints.style, candidate) - scraps


@lru_cache(maxsize=32768)
def has_scraps(segments: tuple[str, ...]) -> bool:
    """Whether a name holds letters that are no word, a clipped word or a stray vowel, both as it was made and as a
    reader would divide it."""
    words = bundled_words()

    def scrappy(parts: tuple[str, ...]) -> bool:
        return any(part not in _SHORT_WORDS and (len(part) < 3 or not words.knows(part)) for part in parts)

    return scrappy(segments) and scrappy(read_label("".join(segments)))


def _shows(roots: tuple[str, ...], label: str) -> bool:
    for root in roots:  # noqa: SIM110 - any() over a generator takes three times as long
        if root in label:
            return True
    return False


def _style(style: str | None, candidate: Candidate) -> float:
    if style is None:
        return 0.0
    if style == "short":
        return 0.03 * (9 - len(candidate.label))
    return _STYLES[style].get(candidate.strategy or "", 0.0)


def _alike(one: Scored, other: Scored) -> float:
    """What choosing `one` costs when `other` is chosen already."""
    a, b = one.label, other.label
    if a == b:
        return 1.0
    cost = REPEAT * len(one.parts & other.parts)
    if a[:5] == b[:5] or a in b or b in a:
        cost += REPEAT
    if one.affix and one.affix == other.affix:
        cost += 2 * REPEAT
    if one.candidate.strategy == other.candidate.strategy:
        cost += SAME_STRATEGY
    if one.candidate.tld == other.candidate.tld != ".com":
        cost += OTHER_ENDING
    return cost


def _pool(brief: Brief, reading: Reading, candidates: Sequence[Candidate]) -> list[Scored]:
    """The candidates that may be chosen, best first. Taste is asked for those alone that are not far behind."""
    measured = []
    for each in candidates:
        quality = measure(reading, each.segments, each.label, each.tld)
        measured.append((score_name(brief, reading, each, quality), each, quality))
    measured.sort(key=lambda found: (-found[0], found[1].domain))
    del measured[max(LEAST_POOL, 5 * brief.constraints.count) :]
    grades = bundled_taste().rate(reading, [(each.segments, each.tld, quality) for _, each, quality in measured])
    pool = [
        Scored(
            score + TASTE * grade,
            each,
            each.label,
            frozenset([part for part in each.segments if len(part) > 2]),
            affix_of(each),
        )
        for (score, each, _), grade in zip(measured, grades, strict=True)
    ]
    pool.sort(key=lambda scored: (-scored.score, scored.candidate.domain))
    return pool


def select_best(
    brief: Brief, candidates: Sequence[Candidate], matches: Sequence[tuple[Industry, float]]
) -> list[Candidate]:
    """At most `count` candidates, best first, no two the same label. Equal input gives equal output."""
    reading = read_description(brief_text(brief), matches)
    pool = _pool(brief, reading, candidates)
    chosen: list[Scored] = []
    costs = [0.0] * len(pool)
    firsts: Counter[str] = Counter()
    labels: set[str] = set()
    while pool and len(chosen) < brief.constraints.count:
        best = max(range(len(pool)), key=lambda at: (pool[at].score - costs[at], -at))
        taken = pool.pop(best)
        del costs[best]
        first = taken.candidate.segments[0]
        if taken.label in labels:
            continue
        if firsts[first] >= SAME_FIRST_PART and len(pool) >= brief.constraints.count - len(chosen):
            continue
        firsts[first] += 1
        labels.add(taken.label)
        chosen.append(taken)
        if len(chosen) == brief.constraints.count:
            break
        costs = [cost + _alike(other, taken) for cost, other in zip(costs, pool, strict=True)]
    return [scored.candidate for scored in chosen]
