"""The report on a training set: is it balanced, varied, obedient and free of leaks? A build that is off fails.

Limits are shares unless their name says otherwise; each says what went wrong when it is broken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from domaingen.errors import DomaingenError
from domaingen.generation.text import STRATEGIES, read_source
from training.examples import PARTS, Example, Part, constraints_kept, labels_of


class TrainingDataError(DomaingenError):
    """A training set is unbalanced, leaks between its parts or breaks its own constraints; says where."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a set must keep; loosened only for tiny sets in tests."""

    industries_min: int = 200
    """Different industries among the named examples of train."""
    industry_max: float = 0.04
    strategy_min: float = 0.04
    strategy_max: float = 0.5
    com_min: float = 0.5
    com_max: float = 0.94
    """Of names without a `tlds` constraint."""
    label_median: float = 13
    """Letters of the median label, at most."""
    refusal_max: float = 0.2
    contrast_min: float = 0.75
    """Benign examples for each harmful one, at least; its inverse is the most."""
    hint_use_min: float = 0.4
    hint_use_max: float = 0.97
    """Of examples with names and hints, those in which a name uses a hint: neither deaf to them nor bound."""
    description_repeat_max: float = 0.002
    """Share of train that one description makes up."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What was counted, and the problems found; none means that the set may be trained on."""

    counts: Mapping[str, int]
    shares: Mapping[str, Any]
    problems: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """For `report.json`."""
        return asdict(self)

    def require(self) -> None:
        """Raise if there are problems.

        Raises:
            TrainingDataError: Names every problem.
        """
        if self.problems:
            raise TrainingDataError("the training set is not fit to train on: " + "; ".join(self.problems))


def assess(parts: Mapping[Part, Sequence[Example]], limits: Limits | None = None) -> Quality:
    """Count and check a training set."""
    limits = limits or Limits()
    train = parts["train"]
    named = [example for example in train if example.domains]
    if not named:
        return Quality({part: len(parts[part]) for part in PARTS}, {}, ("train teaches no names",))
    kinds = Counter(example.kind for example in train)
    shares = {
        "kinds": _shares(kinds),
        "strategies": _shares(Counter(example.strategy for example in named)),
        "styles": _shares(Counter(example.style for example in train)),
        "industries": len({example.industry for example in named}),
        "largest_industry": max(_shares(Counter(example.industry for example in named)).values()),
        "refusals": round(1 - len(named) / len(train), 4),
        "endings": _shares(Counter(_endings(named)), most=12),
        "label_median": median(len(label) for example in named for label in labels_of(example)),
        "words_median": median(len(example.description.split()) for example in train),
        "hint_use": _hint_use(named),
        "constrained": round(sum(not _free(example) for example in train) / len(train), 4),
        "largest_description": max(_shares(Counter(example.description for example in train)).values()),
        "names_per_example": round(sum(len(example.domains) for example in named) / len(named), 2),
    }
    problems = [*_balance_problems(shares, kinds, limits), *_leaks(parts), *_faults(parts)]
    return Quality({part: len(parts[part]) for part in PARTS} | dict(kinds), shares, tuple(problems))


def _shares(counter: Counter[str], most: int | None = None) -> dict[str, float]:
    total = counter.total() or 1
    return {key: round(count / total, 4) for key, count in counter.most_common(most)}


def _free(example: Example) -> bool:
    controls, _ = read_source(example.source)
    return not (controls.tlds or controls.max_length or controls.style or controls.avoid)


def _endings(examples: Sequence[Example]) -> list[str]:
    return [
        "." + domain.partition(".")[2]
        for example in examples
        if not read_source(example.source)[0].tlds
        for domain in example.domains
    ]


def _hint_use(examples: Sequence[Example]) -> float:
    hinted = used = 0
    for example in examples:
        hints = read_source(example.source)[0].hints
        if hints:
            hinted += 1
            used += any(hint in label for hint in hints for label in labels_of(example))
    return round(used / hinted, 4) if hinted else 0.0


def _balance_problems(shares: Mapping[str, Any], kinds: Counter[str], limits: Limits) -> list[str]:
    problems = []
    if shares["industries"] < limits.industries_min:
        problems.append(f"only {shares['industries']} industries are named, {limits.industries_min} are wanted")
    if shares["largest_industry"] > limits.industry_max:
        problems.append(f"one industry makes up {shares['largest_industry']:.0%} of the names")
    for strategy in STRATEGIES:
        share = shares["strategies"].get(strategy, 0.0)
        if not limits.strategy_min <= share <= limits.strategy_max:
            problems.append(f"strategy {strategy} has a share of {share:.1%}")
    com = shares["endings"].get(".com", 0.0)
    if not limits.com_min <= com <= limits.com_max:
        problems.append(f".com has a share of {com:.0%}")
    if shares["label_median"] > limits.label_median:
        problems.append(f"the median label has {shares['label_median']} letters")
    if shares["refusals"] > limits.refusal_max:
        problems.append(f"refusals make up {shares['refusals']:.0%}")
    harmful, benign = kinds["harmful"], kinds["benign"]
    if harmful and not limits.contrast_min <= benign / harmful <= 1 / limits.contrast_min:
        problems.append(f"{benign} benign neighbours stand against {harmful} harmful examples")
    if not limits.hint_use_min <= shares["hint_use"] <= limits.hint_use_max:
        problems.append(f"{shares['hint_use']:.0%} of the hinted examples use a hint")
    if shares["largest_description"] > limits.description_repeat_max:
        problems.append(f"one description makes up {shares['largest_description']:.2%} of train")
    return problems


def _leaks(parts: Mapping[Part, Sequence[Example]]) -> list[str]:
    """Descriptions or labels that train shares with dev or test, or these with each other."""
    problems = []
    descriptions = {part: {example.description for example in parts[part]} for part in PARTS}
    labels = {part: {label for example in parts[part] for label in labels_of(example)} for part in PARTS}
    for first, second in (("train", "dev"), ("train", "test"), ("dev", "test")):
        for what, sets in (("description", descriptions), ("name", labels)):
            shared = sets[first] & sets[second]  # type: ignore[index]
            if shared:
                problems.append(f"{len(shared)} {what}s are in {first} and {second}, such as «{min(shared)[:60]}»")
    return problems


def _faults(parts: Mapping[Part, Sequence[Example]]) -> list[str]:
    problems = []
    for part in PARTS:
        if not parts[part]:
            problems.append(f"{part} is empty")
        pairs = Counter((example.source, example.target) for example in parts[part])
        if repeated := len(parts[part]) - len(pairs):
            problems.append(f"{repeated} examples of {part} are there twice")
        broken = [
            example
            for example in parts[part]
            if example.domains and not constraints_kept(example, read_source(example.source)[0])
        ]
        if broken:
            problems.append(
                f"{len(broken)} examples of {part} break their own constraints: «{broken[0].source[:80]}»"
            )
    return problems
