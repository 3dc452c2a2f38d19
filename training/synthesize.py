"""Makes a training set from the lexicon, the curated rows and the safety rows; the same seed gives the same bytes.

Every part that could leak is cut off first: curated rows are split by description, safety rows by topic, and a name
that dev or test teaches is never taught in train.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from domaingen.assets import asset
from domaingen.generation.text import (
    HINTS_PER_PROMPT,
    MAX_NAMES,
    STRATEGIES,
    Controls,
    generator,
    image_words,
    plain_words,
    source_text,
    strategy_hints,
    target_text,
)
from domaingen.lexicon import Industry, Lexicon, read_lexicon
from domaingen.names.reading import Reading, read_description
from domaingen.suggestion import Candidate
from training.controls import curated_hints, draw_demands, style_of
from training.curated import CuratedRow
from training.examples import PARTS, Example, Part
from training.frames import describe
from training.held_out import held_out_industries, teaching_rows
from training.invention import LONGEST, Material, harsh_words, invent, key_words
from training.leaving_out import balanced, without_leaks
from training.noise import nonsense, roughen
from training.safety_rows import SafetyRow, read_safety, split_of
from training.segments import segmented

_STRATEGY_WEIGHTS = (38, 8, 13, 18, 6, 17)
"""For names by rule, in the order of STRATEGIES. Blends need letters that a model of whole words hardly sees, so most of
them are curated."""
_STRATEGIES_PER_ROW = 2
_COM_SHARE = 0.76
_LAPS = (0, 0, 1, 2, 3)
"""Which four of a description's images an example's hints are: the worker's later prompts get later ones."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What training sets are made from. `held_out` are the industries of the evaluation sets: their rows are not in
    `curated`, and no descriptions are written of them."""

    lexicon: Lexicon
    curated: tuple[CuratedRow, ...]
    safety: tuple[SafetyRow, ...]
    held_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much of each kind. `lexicon` is a number of descriptions (two examples each) and `nonsense` one of texts; the
    others are rounds: how often every row is drawn anew, with other hints, constraints and noise. `balanced` leaves out
    harmful examples where a category has more of them than benign ones."""

    lexicon: int = 42_000
    curated: int = 5
    composed: int = 3
    safety: int = 1
    nonsense: int = 400
    balanced: bool = True


@dataclass(frozen=True, slots=True)
class _Read:
    """A description with what names can be made of."""

    text: str
    reading: Reading
    keys: tuple[str, ...]


def read_sources(data: Path | None = None) -> Sources:
    """Read the bundled data, or that of another folder with lexicon/, curated/ and safety/.

    Curated blocks that can't be read are left out (`domaingen synthesize` names them), and so are the rows of the
    industries that evaluation holds out.
    """
    folder = data or asset("curated").parent
    return Sources(
        read_lexicon(folder / "lexicon"),
        tuple(teaching_rows(folder)),
        tuple(read_safety(folder / "safety")),
        held_out_industries(folder),
    )


def synthesize(sources: Sources, seed: int = 0, amounts: Amounts | None = None) -> dict[Part, list[Example]]:
    """Make all examples, shuffled, by part."""
    amounts = amounts or Amounts()
    parts: dict[Part, list[Example]] = {part: [] for part in PARTS}
    for part, example in _all(sources, seed, amounts):
        parts[part].append(example)
    parts = without_leaks(parts)
    if amounts.balanced:
        parts = {part: balanced(part, examples, seed) for part, examples in parts.items()}
    for part, examples in parts.items():
        generator("order", seed, part).shuffle(examples)
    return parts


def _all(sources: Sources, seed: int, amounts: Amounts) -> Iterator[tuple[Part, Example]]:
    harsh = harsh_words(sources.curated, [row.text for row in sources.safety if row.harmful])
    known = {industry.id: industry for industry in sources.lexicon.industries}
    for row in sources.curated:
        part = _part_of(row.description)
        read = _read(row.description, sources.lexicon)
        tlds = known[row.industry].tlds if row.industry in known else (".com",)
        for number in range(amounts.curated if part == "train" else 1):
            random = generator("curated", seed, number, row.description)
            yield from ((part, example) for example in _curated(row, read, random))
        # Only one row in twenty-five is not English: those are drawn more often.
        composed = amounts.composed * (3 if row.style == "language" else 1)
        for number in range(composed if part == "train" else 0):
            random = generator("composed", seed, number, row.description)
            for strategy in _strategies(random):
                yield from (
                    (part, example)
                    for example in _ruled(read, strategy, tlds, "composed", row.industry, row.style, random)
                )
    for safety in sources.safety:
        part = split_of(safety.category, safety.topic)
        read = _read(safety.text, sources.lexicon, frozenset() if safety.harmful else harsh)
        for number in range(amounts.safety if part == "train" else 1):
            random = generator("safety", seed, number, safety.text)
            strategy = random.choices(STRATEGIES, _STRATEGY_WEIGHTS)[0]
            if safety.harmful:
                yield part, _refusal(read, strategy, "harmful", safety.category, safety.style, random)
            else:
                yield from (
                    (part, each)
                    for each in _ruled(read, strategy, (".com",), "benign", safety.category, safety.style, random)
                )
    yield from _lexicon(sources, seed, amounts.lexicon)
    random = generator("nonsense", seed)
    for number in range(amounts.nonsense):
        text = nonsense(random)
        if plain_words(text):
            read = _read(text, sources.lexicon)
            yield (
                "dev" if number % 40 == 0 else "train",
                _refusal(read, random.choice(STRATEGIES), "nonsense", "", "", random),
            )


def _strategies(random: Random) -> list[str]:
    """Two different strategies."""
    drawn: dict[str, None] = {}
    while len(drawn) < _STRATEGIES_PER_ROW:
        drawn.setdefault(random.choices(STRATEGIES, _STRATEGY_WEIGHTS)[0])
    return list(drawn)


def _read(text: str, lexicon: Lexicon, harsh: frozenset[str] = frozenset()) -> _Read:
    reading = read_description(text, lexicon.match(text))
    return _Read(text, reading, tuple(key_words(reading, harsh)))


def _part_of(description: str) -> Part:
    """The part of a curated row: 6 % dev, 6 % test, by its plain description alone."""
    draw = generator("part", plain_words(description)).random()
    return "dev" if draw < 0.06 else "test" if draw < 0.12 else "train"


def _curated(row: CuratedRow, read: _Read, random: Random) -> Iterator[Example]:
    """The row's names by strategy, one example for each strategy, with hints and constraints that they obey."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for name in row.names:
        parted = segmented(name, row.description)
        # «piano piano» is lovely once; a model that may repeat a part stutters.
        if len(set(parted.segments)) == len(parted.segments):
            groups[name.strategy or ""].append(parted)
    text = roughen(row.description, random) if random.random() < 0.25 else row.description
    for strategy, names in groups.items():
        random.shuffle(names)
        taught = names[:MAX_NAMES]
        demands = draw_demands([key for key in read.keys if not any(key in name.label for name in taught)], random)
        if demands.tlds:
            taught = [replace(name, tld=demands.tlds[at % len(demands.tlds)]) for at, name in enumerate(taught)]
        needed = max(len(name.label) for name in taught)
        hints = curated_hints(
            taught, row.description, strategy, _images(read, demands.avoid, LONGEST, random), random
        )
        controls = Controls(
            len(taught),
            demands.tlds,
            needed + random.choice((0, 0, 1, 2)) if demands.longest else None,
            style_of(taught, strategy, random) if demands.styled else None,
            demands.avoid,
            hints,
        )
        yield Example(
            source_text(text, controls), target_text(strategy, taught), "curated", row.industry, row.style
        )


def _images(read: _Read, avoid: Sequence[str], longest: int, random: Random) -> list[str]:
    """Four or more images for hints, a random lap of those that the worker would draw."""
    images = image_words(read.reading, avoid, longest, random)
    first = random.choice(_LAPS) * HINTS_PER_PROMPT
    return images[first:] if len(images) >= first + HINTS_PER_PROMPT else images


def _ruled(
    read: _Read, strategy: str, tlds: Sequence[str], kind: str, industry: str, style: str, random: Random
) -> Iterator[Example]:
    """Names by rule of one strategy, or nothing where no name sounds."""
    demands = draw_demands(read.keys[1:], random)
    keys = tuple(key for key in read.keys if key not in demands.avoid)
    longest = demands.longest or LONGEST
    hints = strategy_hints(strategy, _images(read, demands.avoid, longest, random), random)
    if not keys or len(hints) < 2:
        return
    wanted = random.choice((1, 2, 3, 3, 3, 3))
    names = invent(strategy, Material(keys, hints, longest, demands.avoid))[:wanted]
    if not names:
        return
    if demands.tlds:
        names = [replace(name, tld=demands.tlds[at % len(demands.tlds)]) for at, name in enumerate(names)]
    elif random.random() > _COM_SHARE:
        tld = random.choice(tlds)
        names = [*names[:-1], replace(names[-1], tld=tld)]
    controls = Controls(
        wanted,
        demands.tlds,
        demands.longest,
        style_of(names, strategy, random) if demands.styled else None,
        demands.avoid,
        hints,
    )
    text = roughen(read.text, random) if random.random() < 0.12 else read.text
    yield Example(source_text(text, controls), target_text(strategy, names), kind, industry, style)


def _refusal(read: _Read, strategy: str, kind: str, industry: str, style: str, random: Random) -> Example:
    """`<none>` under any strategy, with hints and, as often as elsewhere, constraints, so that neither gives it away."""
    demands = draw_demands(read.keys[1:], random)
    hints = strategy_hints(strategy, _images(read, demands.avoid, demands.longest or LONGEST, random), random)
    controls = Controls(
        random.choice((1, 2, 3, 3, 3, 3)),
        demands.tlds,
        demands.longest,
        style_of((), strategy, random) if demands.styled else None,
        demands.avoid,
        hints,
    )
    return Example(source_text(read.text, controls), target_text(strategy, ()), kind, industry, style)


def _lexicon(sources: Sources, seed: int, amount: int) -> Iterator[tuple[Part, Example]]:
    """Written descriptions of industries that are not held out, each with the names of two strategies."""
    lexicon = sources.lexicon
    trades = [industry for industry in lexicon.industries if industry.id not in sources.held_out]
    topics = sorted({word for industry in trades for word in (*industry.associations, *industry.words)})
    random = generator("lexicon", seed)
    for number in range(amount):
        part: Part = "dev" if number % 100 == 0 else "test" if number % 100 == 1 else "train"
        trade = random.choice(trades)
        other: Industry | None = random.choice(trades) if random.random() < 0.12 else None
        written = describe(trade, other, topics, random)
        read = _read(written.text.lower() if random.random() < 0.2 else written.text, lexicon)
        for strategy in _strategies(random):
            yield from (
                (part, example)
                for example in _ruled(read, strategy, trade.tlds, "lexicon", trade.id, written.style, random)
            )
