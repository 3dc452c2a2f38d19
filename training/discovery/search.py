"""The search: rounds of cases, chains on what failed, shrinking. The same seed and number of cases give the same
finds, on every machine that gives the same answers; a round is done whole or not at all.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from domaingen.outcomes import Status
from domaingen.suggestion import Outcome
from training.discovery.cases import Case, Step, apply_steps, expect_of
from training.discovery.findings import Find, Tally
from training.discovery.oracles import FOR_ALL, Evidence, examine, status_expected
from training.discovery.probes import Mutator, Pool, Probe, Seed, probe_of, sameness
from training.discovery.reduction import shrink
from training.discovery.registry import AS_IS, MUTATORS
from training.discovery.subject import Key, Subject, key_of
from training.samples import Expect

ROUND = 64
"""Cases of a round."""
CHAINS = 2
"""Second mutators that are tried on top of each new find."""
SHRUNK = 6
"""Finds of one kind that are shrunk; more of them would show the same."""
_CHAIN_SHARE = 4
"""At most one case in so many is a chain."""
_TRIES = 12
"""Draws for each case of a round before the seeds count as used up."""


@dataclass
class Chain:
    """A second change that waits to be tried on a find."""

    parent: int
    case: Case
    step: Step


@dataclass
class Round:
    """What a round adds once it is whole."""

    cases: int = 0
    unusable: int = 0
    finds: list[Find] = field(default_factory=list)
    sources: list[Case] = field(default_factory=list)
    tallies: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    seen: set[Key] = field(default_factory=set)
    seeds: set[str] = field(default_factory=set)
    chains: int = 0
    survived: list[tuple[int, bool]] = field(default_factory=list)


class Search:
    """Holds what was found so far; `finds` and `tallies` are always those of whole rounds."""

    def __init__(self, subject: Subject, seeds: Sequence[Seed], pool: Pool, *, seed: int, cases: int) -> None:
        self.pool = pool
        self._subject, self._seed, self._limit = subject, seed, cases
        self._by_expect: dict[Expect | None, list[Seed]] = {}
        for each in seeds:
            self._by_expect.setdefault(each.expect, []).append(each)
        self.finds: list[Find] = []
        self.tallies: dict[str, Tally] = {}
        self.checked: Counter[str] = Counter()
        self.cases = self.rounds = self.unusable = self.chained = 0
        self._seen: set[Key] = set()
        self._seeds: set[str] = set()
        self._waiting: list[Chain] = []

    def run(self, stop: Callable[[], bool], progress: Callable[["Search"], None]) -> str:
        """Search until the cases are used up or `stop` says so, asked after every round. Returns why it ended: cases,
        minutes, or seeds where nothing new could be drawn."""
        while self.cases < self._limit:
            done = self._round()
            if not done.cases:
                return "seeds"
            self._merge(done)
            progress(self)
            if stop() and self.cases < self._limit:
                return "minutes"
        return "cases"

    def _round(self) -> Round:
        done = Round()
        room = min(ROUND, self._limit - self.cases)
        cases = self._chained(max(1, room // _CHAIN_SHARE), done)
        draw = 0
        while len(cases) < room and draw < _TRIES:
            cases += self._fresh(room - len(cases), draw, done)
            draw += 1
        outcomes = self._subject.answers([case.after for case in cases])
        for case, outcome in zip(cases, outcomes, strict=True):
            self._examine(case, outcome, done)
        done.cases = len(cases)
        alike = Counter(map(_likeness, self.finds))
        for find, case in zip(done.finds, done.sources, strict=True):
            alike[_likeness(find)] += 1
            if case.steps and alike[_likeness(find)] <= SHRUNK:
                find.smallest = shrink(find, case, self._subject, self.pool)
        return done

    def _merge(self, done: Round) -> None:
        first = len(self.finds)
        self.finds += done.finds
        self.rounds += 1
        self.cases += done.cases
        self.unusable += done.unusable
        self.chained += done.chains
        self.checked += done.checked
        self._seen |= done.seen
        self._seeds |= done.seeds
        for way, count in done.tallies.items():
            tally = self.tallies.setdefault(way, Tally())
            tally.cases += count
            tally.failed += done.failed[way]
        for parent, survived in done.survived:
            self.finds[parent].chained += 1
            self.finds[parent].survived += survived
        self._waiting = self._waiting[done.chains :]
        for at, case in enumerate(done.sources, first):
            if len(case.steps) == 1 and case.steps[0][0].chains:
                self._waiting += self._chains_on(at, case)

    def _chains_on(self, parent: int, case: Case) -> list[Chain]:
        random = Random(f"{self._seed}/chain/{parent}")
        fitting = [
            mutator
            for mutator in MUTATORS
            if mutator.chains and mutator is not case.steps[0][0] and case.after.expect in mutator.suits
        ]
        chosen = random.sample(fitting, min(CHAINS, len(fitting)))
        return [
            Chain(parent, case, (mutator, f"{self._seed}/chain/{parent}/{mutator.name}")) for mutator in chosen
        ]

    def _chained(self, room: int, done: Round) -> list[Case]:
        cases = []
        for chain in self._waiting[:room]:
            done.chains += 1
            steps = (*chain.case.steps, chain.step)
            after = apply_steps(chain.case.before, steps, self.pool)
            if after is None or not self._is_new(chain.case.before, after, done):
                done.unusable += 1
                continue
            cases.append(Case(chain.case.seed, chain.case.before, chain.case.base, steps, after, chain.parent))
        return cases

    def _fresh(self, room: int, draw: int, done: Round) -> list[Case]:
        """Cases of which the seed itself is answered rightly; a seed that is not is a find of its own."""
        random = Random(f"{self._seed}/{self.rounds}/{draw}")
        weights = [self._weight(mutator) for mutator in MUTATORS]
        drawn = []
        for at, mutator in enumerate(random.choices(MUTATORS, weights, k=room)):
            kinds = [kind for kind in (*sorted(mutator.suits), None) if self._by_expect.get(kind)]
            if kinds:
                seed = random.choice(self._by_expect[random.choice(kinds)])
                drawn.append((seed, (mutator, f"{self._seed}/{self.rounds}/{draw}/{at}")))
        bases = self._subject.answers([probe_of(seed, seed.expect or "suggest") for seed, _ in drawn])
        cases = []
        for (seed, step), base in zip(drawn, bases, strict=True):
            before = probe_of(seed, seed.expect or expect_of(base))
            right = self._check_seed(seed, before, base, done)
            after = step[0].change(before, Random(step[1]), self.pool) if right else None
            if after is None or before.expect not in step[0].suits or not self._is_new(before, after, done):
                done.unusable += 1
                continue
            cases.append(Case(seed, before, base, (step,), after))
        return cases

    def _weight(self, mutator: Mutator) -> float:
        """One to four: mutators that find more are tried more often."""
        tally = self.tallies.get(mutator.name, Tally())
        return 1.0 + 3.0 * (tally.failed + 1) / (tally.cases + 8)

    def _is_new(self, before: Probe, probe: Probe, done: Round) -> bool:
        key = key_of(probe)
        if key in self._seen or key in done.seen or key == key_of(before):
            return False
        if sameness(probe.text) in self.pool.measured:
            return False
        done.seen.add(key)
        return True

    def _check_seed(self, seed: Seed, before: Probe, base: Outcome, done: Round) -> bool:
        right = status_expected(before.expect, base) and base.status is not Status.FAILED
        if seed.id in self._seeds or seed.id in done.seeds:
            return right
        done.seeds.add(seed.id)
        self._examine(Case(seed, before, base, (), before), base, done)
        return right

    def _examine(self, case: Case, outcome: Outcome, done: Round) -> None:
        mutators = [step[0] for step in case.steps]
        way = "+".join(mutator.name for mutator in mutators) or AS_IS
        labelled = ("as_labelled",) if case.seed.expect else ()
        oracles = (
            tuple(dict.fromkeys(name for each in mutators for name in each.oracles)) if mutators else labelled
        )
        evidence = Evidence(case.before, case.base, case.after, outcome, self._subject)
        broken = examine(evidence, oracles)
        done.tallies[way] += 1
        done.failed[way] += bool(broken)
        done.checked.update((*oracles, *FOR_ALL))
        if case.parent is not None:
            parent = self.finds[case.parent]
            same = [each for each in broken if each[1].failure_type == parent.broken.failure_type]
            done.survived.append((case.parent, bool(same)))
            broken = [each for each in broken if each not in same]
        for oracle, what in broken:
            steps = tuple(mutator.name for mutator in mutators)
            done.finds.append(Find(case.seed, steps, case.before, case.base, case.after, outcome, oracle, what))
            done.sources.append(case)


def _likeness(find: Find) -> tuple[str, str, str]:
    return find.way, find.oracle.name, find.broken.failure_type
