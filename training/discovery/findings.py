"""What the search found: one failure with its way from the seed, and groups of failures that share a cause."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domaingen.failures.record import FailureRecord
from domaingen.outcomes import Severity
from domaingen.suggestion import Outcome
from training.discovery.oracles import Broken, Oracle
from training.discovery.probes import Probe, Seed
from training.statistics import share_interval

WEIGHTS: Mapping[Severity, int] = {
    Severity.CRITICAL: 8,
    Severity.HIGH: 4,
    Severity.MEDIUM: 2,
    Severity.LOW: 1,
}
"""What a severity counts in the ranking; each step doubles."""
_EXAMPLES = 3


@dataclass
class Tally:
    """Cases of one way of mutating, and how many of them failed in any way."""

    cases: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """With the share and its 95 % Wilson interval."""
        low, high = share_interval(self.failed, self.cases)
        return {
            "cases": self.cases,
            "failed": self.failed,
            "share": round(self.failed / self.cases, 4) if self.cases else None,
            "interval": [round(low, 4), round(high, 4)],
        }


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest pair that fails in the same way: seed, mutant, and how many checks it took."""

    seed: str
    text: str
    checks: int


@dataclass
class Find:
    """One failure. `steps` are names of mutators in order, empty where the seed itself is answered wrongly. Of
    `chained` further changes on top of it `survived` failed in the same way."""

    seed: Seed
    steps: tuple[str, ...]
    before: Probe
    base: Outcome
    after: Probe
    outcome: Outcome
    oracle: Oracle
    broken: Broken
    smallest: Smallest | None = None
    chained: int = 0
    survived: int = 0
    way: str = field(init=False)

    def __post_init__(self) -> None:
        self.way = "+".join(self.steps) or "as_is"

    def record(self, model: str) -> FailureRecord:
        """The failure as it is filed; the mutant is the input, the rest of the story its output."""
        output: dict[str, Any] = {
            "status": self.outcome.status.value,
            "domains": [each.domain for each in self.outcome.suggestions],
            "reason": self.outcome.reason,
            "expect": self.after.expect,
            "why": self.broken.why,
            "mutators": list(self.steps),
            "seed": {"id": self.seed.id, "input": self.seed.text, "status": self.base.status.value},
        }
        if self.after.cells:
            output["constraints"] = dict(self.after.cells)
        if self.smallest:
            small = self.smallest
            output["smallest"] = {"seed": small.seed, "input": small.text, "checks": small.checks}
        if self.chained:
            output |= {"chained": self.chained, "survived": self.survived}
        return FailureRecord(
            input=self.after.text,
            source="discovery",
            failure_type=self.broken.failure_type,
            oracle=f"{self.way}/{self.oracle.name}",
            model=model,
            original_output=output,
            category=self.outcome.category or self.seed.category,
            root_cause=self.broken.root_cause,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Finds that share mutators, oracle, failure type and cause. `cases` is how often these mutators were tried;
    `priority` is the lower end of the share's 95 % interval times the severity's weight, so that one find among few
    cases does not lead the list."""

    way: str
    oracle: Oracle
    failure_type: str
    root_cause: str
    severity: Severity
    strategy: str
    cases: int
    finds: tuple[Find, ...]

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the share that failed so."""
        return share_interval(min(len(self.finds), self.cases), self.cases)

    @property
    def priority(self) -> float:
        """Frequency times severity."""
        return self.interval[0] * WEIGHTS[self.severity]

    def as_dict(self) -> dict[str, Any]:
        """As it stands in `groups.json`."""
        chained = sum(find.chained for find in self.finds)
        return {
            "mutator": self.way,
            "oracle": self.oracle.name,
            "oracle_kind": self.oracle.kind,
            "failure_type": self.failure_type,
            "root_cause": self.root_cause,
            "severity": self.severity.value,
            "improvement_strategy": self.strategy,
            "count": len(self.finds),
            "cases": self.cases,
            "share": round(len(self.finds) / self.cases, 4) if self.cases else None,
            "interval": [round(bound, 4) for bound in self.interval],
            "priority": round(self.priority, 4),
            "chained": chained,
            "survived": sum(find.survived for find in self.finds),
            "examples": [_example(find) for find in self.examples],
        }

    @property
    def examples(self) -> list[Find]:
        """The shortest ones."""
        return sorted(self.finds, key=lambda find: (len(smallest_text(find)), find.after.text))[:_EXAMPLES]


def smallest_text(find: Find) -> str:
    """The shortest input that is known to fail so."""
    return find.smallest.text if find.smallest else find.after.text


def _example(find: Find) -> dict[str, Any]:
    return {
        "input": find.after.text,
        "smallest": smallest_text(find),
        "seed": find.seed.text,
        "domains": [each.domain for each in find.outcome.suggestions],
        "status": find.outcome.status.value,
        "why": find.broken.why,
    }


def group_finds(finds: Sequence[Find], tallies: Mapping[str, Tally]) -> list[Group]:
    """The groups, by priority, then count, then name. A pair of mutators is tried a few times at most, so its share
    is of all pairs that were tried."""
    pairs = sum(tally.cases for way, tally in tallies.items() if "+" in way)
    members: defaultdict[tuple[str, str, str, str], list[Find]] = defaultdict(list)
    for find in finds:
        record = find.record("")
        members[find.way, find.oracle.name, find.broken.failure_type, record.cause].append(find)
    groups = []
    for (way, _, failure_type, cause), found in members.items():
        record = found[0].record("")
        groups.append(
            Group(
                way,
                found[0].oracle,
                failure_type,
                cause,
                record.severity,
                record.improvement_strategy,
                pairs if "+" in way else tallies[way].cases,
                tuple(found),
            )
        )
    return sorted(
        groups, key=lambda each: (-each.priority, -len(each.finds), each.way, each.oracle.name, each.failure_type)
    )
