"""The text that the model reads and writes (its form is in `text_format`), and the prompts of a brief: which
strategies are tried, and which hint words each is given.

Hints are images near a description's meaning and associations of its trades. They widen a short description
(«bakery») and are the source of variety: greedy decoding has no other. All draws follow from a hash of seed and description, so the same
row gets the same prompts on every worker, in every batch.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import ceil
from random import Random

from domaingen.brief import Brief
from domaingen.generation.engine import Prompt
from domaingen.generation.text_format import (
    MAX_NAMES,
    NONE,
    STRATEGIES,
    STRATEGY_TOKENS,
    Controls,
    parse_completion,
    plain_words,
    read_source,
    source_text,
    target_text,
)
from domaingen.generation.wordplay import supplies
from domaingen.lexicon import Industry
from domaingen.names.images import bundled_images
from domaingen.names.reading import Reading, brief_text, read_description
from domaingen.names.vocabulary import stem

__all__ = [
    "MAX_NAMES",
    "NONE",
    "STRATEGIES",
    "STRATEGY_TOKENS",
    "Controls",
    "Match",
    "full_description",
    "generator",
    "image_words",
    "parse_completion",
    "plain_words",
    "prompts_for",
    "read_source",
    "source_text",
    "strategy_hints",
    "target_text",
]

Match = tuple[Industry, float]
"""An industry and how strongly a description is about it, as `Lexicon.match` answers."""

HINTS_PER_PROMPT = 4
NAMES_PER_PROMPT = 2.5
"""Names that a completion gives on average (one to three)."""
LONGEST_HINT = 13
"""Letters of a label without a constraint, which a hint and a key word must share."""
SPARE = 1.5
"""Names generated for each one asked for, since checks and ranking drop some."""
SUITED = 40
"""Images near a description's meaning that hints are drawn from."""
CHANCE = 0.45
"""How much of an image's fit (about 0-1) is drawn, so that two rows of one trade get other hints."""
FEWEST_IMAGES = 24
ENDINGS = (
    "ery",
    "erie",
    "ette",
    "elle",
    "ling",
    "kin",
    "ward",
    "works",
    "wright",
    "ford",
    "mere",
    "side",
    "well",
    "wick",
    "stead",
    "dale",
    "ista",
    "ora",
    "ella",
    "ist",
    "ful",
    "line",
    "more",
    "holm",
)
"""Endings that make a name of a word (affix)."""
SOFT_ENDINGS = (
    "ara",
    "era",
    "ino",
    "ella",
    "una",
    "ado",
    "ique",
    "alia",
    "ora",
    "elle",
    "ona",
    "aro",
    "illo",
    "ana",
    "ea",
)
"""Endings that make a new word of a word's beginning (coined)."""

_PLANS: dict[str | None, tuple[str, ...]] = {
    None: ("compound", "metaphor", "realword", "compound", "affix", "coined", "blend"),
    "classic": ("compound", "realword", "metaphor", "compound", "affix"),
    "modern": ("compound", "blend", "affix", "coined", "metaphor"),
    "playful": ("blend", "metaphor", "compound", "realword", "affix"),
    "descriptive": ("compound", "compound", "realword", "compound", "affix"),
    "invented": ("coined", "blend", "affix", "blend", "coined"),
    "short": ("compound", "coined", "realword", "affix", "blend"),
}
"""Strategies for each style in the order of their use; more prompts begin again from the front with new hints."""
_PROMPTS = 5


def generator(*parts: str | int) -> Random:
    """Random numbers that follow from `parts` alone, on every machine and in every process."""
    digest = blake2b("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8)
    return Random(int.from_bytes(digest.digest(), "big"))


@lru_cache(maxsize=32768)
def _root_of_hint(word: str) -> str | None:
    """The stem of a word of three plain letters or more; None of others, which can't stand in a prompt."""
    return stem(word) if word.isascii() and word.isalpha() and len(word) >= 3 else None


def image_words(reading: Reading, avoid: Sequence[str], longest: int, random: Random) -> list[str]:
    """Words that may go into names for a description, the fitting ones mostly first: images near its meaning and the
    associations of its trades; for other languages, images of theirs."""
    present = set(reading.stems)
    fits: dict[str, float] = {}
    if reading.language != "en":
        fits.update((word, 0.5 + CHANCE * random.random()) for word in supplies().images[reading.language])
    elif reading.relations is not None:
        for word, logit in sorted(bundled_images().suited(reading.relations, SUITED)):
            fits[word] = min(1.0, 0.12 * logit) + CHANCE * random.random()
    for industry, share in reading.trades:
        for word in industry.associations:
            fits[word] = max(fits.get(word, 0.0), 0.15 + 0.55 * share + CHANCE * random.random())
    if len(fits) < FEWEST_IMAGES:
        neutral = random.sample(supplies().neutral, FEWEST_IMAGES)
        fits.update((word, 0.1 + CHANCE * random.random()) for word in neutral if word not in fits)
    parts = [part for part in avoid if part]
    usable = [
        word
        for word in fits
        if (root := _root_of_hint(word)) is not None
        and len(word) <= longest - 3
        and root not in present
        and not (parts and any(part in word for part in parts))
    ]
    return sorted(usable, key=lambda word: (-fits[word], word))


def strategy_hints(strategy: str, images: Sequence[str], random: Random) -> tuple[str, ...]:
    """The four hints of a prompt: images, and for some strategies the endings or modifiers that they work with. Names
    take them up in this order, which is what makes one prompt's names differ from the next one's."""
    if strategy == "affix":
        return (*random.sample(ENDINGS, 3), *images[:1])
    if strategy == "coined":
        return (*random.sample(SOFT_ENDINGS, 3), *images[:1])
    if strategy == "realword":
        return (random.choice(supplies().modifiers), *images[:3])
    return tuple(images[:HINTS_PER_PROMPT])


def full_description(brief: Brief) -> str:
    """The description with what the columns `industry` and `audience` add to it, plain."""
    extra = "".join(f" , {text[:80]}" for text in (brief.industry, brief.audience) if text)
    return plain_words(brief.description[:1000] + extra) if extra else plain_words(brief.description)


def prompts_for(brief: Brief, matches: Sequence[Match], seed: int = 0) -> list[Prompt]:
    """Five prompts for a brief (more where it asks for more than five names), each with its strategy and hints."""
    constraints = brief.constraints
    description = full_description(brief)
    random = generator("prompts", seed, description)
    limit = constraints.max_length
    reading = read_description(brief_text(brief), matches)
    images = image_words(reading, constraints.avoid, min(limit or LONGEST_HINT, LONGEST_HINT), random)
    plan = _PLANS[constraints.style]
    if constraints.style is None:
        # The last of the five is affix, coined or blend in turn: each alone gives too few good names.
        last = random.randrange(3)
        plan = (*plan[:4], plan[4 + last], plan[4 + (last + 1) % 3], plan[4 + (last + 2) % 3])
    wanted = max(_PROMPTS, ceil(constraints.count * SPARE / NAMES_PER_PROMPT))
    prompts = []
    for number in range(wanted):
        strategy = plan[number % len(plan)]
        # A second lap begins one word on, so that no prompt repeats an earlier one's hints.
        first = number * HINTS_PER_PROMPT + number * HINTS_PER_PROMPT // max(1, len(images))
        drawn = [images[(first + offset) % len(images)] for offset in range(min(HINTS_PER_PROMPT, len(images)))]
        hints = strategy_hints(strategy, drawn, random)
        controls = Controls(MAX_NAMES, constraints.tlds, limit, constraints.style, constraints.avoid, hints)
        prompts.append(Prompt(source_text(description, controls), f"<{strategy}>"))
    return prompts
