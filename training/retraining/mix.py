"""The training set of a retrain: lessons among a replay of everything older, in shares that keep old skills.

What went wrong before us: 80 rows about violence alone raised a refusal score and unlearned «organic coffee shop in
downtown area». A few per cent of replay keep old skills (CT0, arXiv 2205.12393); here lessons are at most a fifth of
an epoch and every harmful row brings a lawful neighbour. The set is trained in whole epochs, without a curriculum, so
its shares are the epoch's.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from domaingen.generation.text import generator, plain_words
from training.examples import PARTS, Example, Part, read_examples
from training.retraining.lessons import Lesson
from training.retraining.teaching import REVIEW, teach

FAILURE_SHARE = 0.2
"""Most of an epoch that lessons may be."""
LEAST_REFUSALS, MOST_REFUSALS = 0.15, 0.25
"""Bounds of the share of refusals, whatever production's is: with none the model forgets how, and a flood of harmful
requests must not turn it into a model that refuses."""
CURATED_SHARE = 0.35
"""Share of the replayed named rows that were written by hand, whatever the base set has."""
_COPIES, _MULTIPLIED = 3, 8
"""Rounds in which a new lesson is drawn, each with other hints, constraints and noise: as a rule, and where the
taxonomy's strategy asks for more rows of the kind. Older lessons are drawn once."""
_MULTIPLYING = frozenset({"more_training_data", "add_noisy_rows", "add_safety_rows", "add_benign_rows"})
REHEARSED = 0.1
"""Share of the replayed harmful rows, and of their lawful neighbours, that are learnt anew like lessons. Where the old
model's answers to all of them were kept, lessons in naming made it laxer by itself; with all refusals learnt anew and no
neighbours it refused too much (docs/retraining.md)."""
_NONSENSE = 0.1
"""Share of nonsense among replayed refusals."""
_DEV = 800
"""Most replayed dev rows; dev loss is measured after every few steps."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to mix. `rows` is the epoch's size in examples; `refusal_share` production's share of refused rows, None
    where it is not known; lessons reviewed before `since` (Unix seconds) are older ones."""

    rows: int = 12_000
    refusal_share: float | None = None
    since: float = 0.0
    seed: int = 0

    @property
    def refusals(self) -> float:
        """The share of refusals within its bounds."""
        return min(max(self.refusal_share or 0.0, LEAST_REFUSALS), MOST_REFUSALS)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The parts of the set, the dev examples of lessons alone (for choosing weights), and the card."""

    parts: Mapping[Part, Sequence[Example]]
    lessons_dev: Sequence[Example]
    card: Mapping[str, Any]


def mix(base: Path, lessons: Sequence[Lesson], recipe: Recipe) -> Mixture:
    """Mix lessons into the training set of folder `base`.

    Raises:
        ModelError: `base` holds no training set.
        InputFileError: A line of it is no example.
    """
    random = generator("mix", recipe.seed)
    old = {part: list(read_examples(base / f"{part}.jsonl")) for part in PARTS}
    training = [row for row in lessons if row.use == "train"]
    taught = {
        "new": _taught([row for row in training if not row.rated and row.at >= recipe.since], recipe),
        "older": _taught([row for row in training if not row.rated and row.at < recipe.since], recipe, rounds=1),
        "rated": _taught([row for row in training if row.rated], recipe, rounds=1),
    }
    room = int(FAILURE_SHARE * recipe.rows)
    chosen: dict[str, list[Example]] = {}
    # Half of the refusals are old ones: with lessons alone the model forgets the harms that nobody reviewed this time.
    no_names = round(recipe.refusals * recipe.rows / 2)
    for name, groups in taught.items():
        chosen[name] = _in_turn(groups, room, no_names)
        room -= len(chosen[name])
        no_names -= sum(map(refuses, chosen[name]))
    fresh = [example for examples in chosen.values() for example in examples]
    replay = _replay(old["train"], fresh, recipe, random)
    train = [*fresh, *(example for examples in replay.values() for example in examples)]
    random.shuffle(train)
    # Measuring how lessons that never train are learned takes one form of each.
    lessons_dev = [
        each for row in lessons if row.use == "dev" for each in teach([row], rounds=1, seed=recipe.seed)
    ]
    dev = [*lessons_dev, *_sample(old["dev"], _DEV, random)]
    parts: dict[Part, list[Example]] = {"train": train, "dev": dev, "test": old["test"]}
    return Mixture(parts, lessons_dev, _card(parts, chosen, replay, lessons, recipe))


def _taught(lessons: Sequence[Lesson], recipe: Recipe, rounds: int | None = None) -> list[list[Example]]:
    """Examples of each lesson."""
    return [
        teach(
            [row],
            rounds=rounds or (_MULTIPLIED if row.strategy in _MULTIPLYING else _COPIES),
            seed=recipe.seed,
        )
        for row in lessons
    ]


def _in_turn(groups: Sequence[Sequence[Example]], room: int, no_names: int) -> list[Example]:
    """One example of each lesson after the other, until there is no room: none is left out for another's copies. Of
    refusals at most `no_names`."""
    taken: list[Example] = []
    for turn in range(max(map(len, groups), default=0)):
        for group in groups:
            if turn >= len(group) or len(taken) >= room:
                continue
            if refuses(group[turn]):
                if no_names <= 0:
                    continue
                no_names -= 1
            taken.append(group[turn])
    return taken


def refuses(example: Example) -> bool:
    """Whether an example teaches to give no name."""
    return not example.domains


def _replay(
    old: Sequence[Example], fresh: Sequence[Example], recipe: Recipe, random: Random
) -> dict[str, list[Example]]:
    """Old examples by where they come from, as many as the epoch has room for."""
    kinds: defaultdict[str, list[Example]] = defaultdict(list)
    for example in old:
        kinds[example.kind].append(example)
    refusing = [example for example in fresh if refuses(example)]
    missing = max(0, round(recipe.refusals * recipe.rows) - len(refusing))
    nonsense = _sample(kinds["nonsense"], round(_NONSENSE * missing), random)
    harmful = _sample(kinds["harmful"], missing - len(nonsense), random)
    neighbours = list(_neighbours([*refusing, *harmful], kinds["benign"], random))
    left = max(0, recipe.rows - len(fresh) - len(nonsense) - len(harmful) - len(neighbours))
    curated = _sample(kinds["curated"], round(CURATED_SHARE * left), random)
    others = _sample(
        [*kinds["composed"], *kinds["lexicon"], *kinds["replay"], *kinds["benign"]], left - len(curated), random
    )
    found: dict[str, list[Example]] = {
        "neighbours": _rehearsed(neighbours),
        "nonsense": nonsense,
        "harmful": _rehearsed(harmful),
    }
    for example in (*curated, *others):
        found.setdefault(example.kind, []).append(example)
    return found


def _neighbours(harmful: Sequence[Example], benign: Sequence[Example], random: Random) -> Iterator[Example]:
    """A lawful example for every harmful one: of those of its category, else of all, one that shares the most words
    among a few drawn, so that one neighbour does not serve all."""
    by_category: defaultdict[str, list[Example]] = defaultdict(list)
    for example in benign:
        by_category[example.industry].append(example)
    for example in harmful:
        near = by_category.get(example.industry) or benign
        if not near:
            return
        words = set(example.description.split())
        yield max(random.choices(near, k=12), key=lambda each: len(words & set(each.description.split())))


def _rehearsed(examples: Sequence[Example]) -> list[Example]:
    """The examples, the first of them marked to be learnt; they are in no order."""
    learnt = round(REHEARSED * len(examples))
    return [replace(each, style=REVIEW) if at < learnt else each for at, each in enumerate(examples)]


def _sample(examples: Sequence[Example], count: int, random: Random) -> list[Example]:
    """`count` of the examples, each once before any comes again; none where there are none."""
    if not examples or count <= 0:
        return []
    whole, rest = divmod(count, len(examples))
    # A kind that is drawn more than a few times over is learned by heart.
    return [*(list(examples) * min(whole, 3)), *random.sample(list(examples), rest if whole < 3 else 0)]


def _card(
    parts: Mapping[Part, Sequence[Example]],
    chosen: Mapping[str, Sequence[Example]],
    replay: Mapping[str, Sequence[Example]],
    lessons: Sequence[Lesson],
    recipe: Recipe,
) -> dict[str, Any]:
    """Counts by source, shares, and the digest of the examples."""
    train = parts["train"]
    count = max(1, len(train))
    digest = hashlib.sha256("\n".join(f"{each.source}\t{each.target}" for each in train).encode()).hexdigest()
    uses = Counter(row.use for row in lessons)
    return {
        "examples": len(train),
        "dev_examples": len(parts["dev"]),
        "lessons": {use: uses[use] for use in ("train", "dev", "held_back")},
        "by_source": {
            **{f"lessons_{name}": len(examples) for name, examples in chosen.items()},
            **{f"replay_{name}": len(examples) for name, examples in sorted(replay.items())},
        },
        "shares": {
            "lessons": round(sum(map(len, chosen.values())) / count, 4),
            "refusals": round(sum(map(refuses, train)) / count, 4),
            "refusals_in_production": None if recipe.refusal_share is None else round(recipe.refusal_share, 4),
            "curated": round(sum(example.kind == "curated" for example in train) / count, 4),
        },
        "failure_types": dict(sorted(Counter(row.failure_type for row in lessons if not row.rated).items())),
        "descriptions": len({plain_words(example.description) for example in train}),
        "seed": recipe.seed,
        "digest": digest,
    }
