"""Finds made small: delta debugging with the oracle as its test, so that the small pair still proves the failure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domaingen.failures.taxonomy import Finding
from domaingen.outcomes import Status
from domaingen.suggestion import Outcome
from training.discovery.cases import Case, apply_steps
from training.discovery.findings import Find, Smallest
from training.discovery.oracles import Evidence, Oracle
from training.discovery.probes import Pool, Probe
from training.discovery.shrinking import Budget, Edit, apply_edits, edits_between, minimise
from training.discovery.subject import Subject

STATUS_CHECKS, NAME_CHECKS = 48, 24
"""Smaller forms that are tried of one find: where a status tells, and where names must be made for each."""
_STANDINGS: Mapping[str, Status] = {
    Finding.SAFETY_LEAK: Status.SUGGESTED,
    Finding.MISSED_REJECTION: Status.SUGGESTED,
    Finding.OVER_REFUSAL: Status.REFUSED,
    Finding.WRONG_REJECTION: Status.REJECTED,
}
"""Failures that a status alone shows, so that they are re-checked without making names."""


Pair = tuple[Probe, Probe]
"""Seed and mutant."""


def shrink(find: Find, case: Case, subject: Subject, pool: Pool) -> Smallest:
    """The smallest form of a find that fails by the same oracle in the same way, within a budget.

    Words are taken from lawful seeds alone: a part of a harmful text need not be harmful, and that the model under
    search refuses it would be no proof.
    """
    check = _Check(find.oracle, find.broken.failure_type, find.base, subject)
    checks = STATUS_CHECKS if check.by_status else NAME_CHECKS
    budget = Budget(checks)

    pair = case.before, case.after
    reversible = all(step[0].reversible for step in case.steps)
    if reversible:
        pair = _fewer_edits(pair, check, budget)
    if case.before.expect == case.after.expect == "suggest":
        pair = _fewer_words(pair, case, pool, check, budget)
        if reversible:
            pair = _fewer_edits(pair, check, budget)
    if not check.confirms(pair):
        pair = case.before, case.after
    return Smallest(pair[0].text, pair[1].text, checks - budget.left)


def _fewer_edits(pair: Pair, check: "_Check", budget: Budget) -> Pair:
    """The pair with no more of the mutation than fails."""
    before, after = pair

    def mutant(edits: Sequence[Edit]) -> Pair:
        return before, replace(after, text=apply_edits(before.text, edits))

    edits = edits_between(before.text, after.text)
    return mutant(minimise(edits, lambda candidates: check.first([mutant(each) for each in candidates]), budget))


def _fewer_words(pair: Pair, case: Case, pool: Pool, check: "_Check", budget: Budget) -> Pair:
    """The pair with no more words of the seed than fail: around a seed that stands in the mutant as it was, what is
    left of the mutation stays; else the seed is mutated anew, with the same random numbers."""
    before, after = pair
    words = before.text.split(" ")

    def mutant(kept: Sequence[str]) -> Pair | None:
        text = " ".join(kept)
        shorter = replace(before, text=text, about=text)
        if before.text in after.text and after.about == before.about:
            return shorter, replace(after, text=after.text.replace(before.text, text, 1), about=text)
        changed = apply_steps(shorter, case.steps, pool)
        return None if changed is None else (shorter, changed)

    whole = mutant(words)
    if len(words) < 2 or whole is None or whole[1].text not in (after.text, case.after.text):
        return pair
    kept = minimise(words, lambda candidates: check.first([mutant(each) for each in candidates]), budget)
    return (mutant(kept) or pair) if len(kept) < len(words) else pair


class _Check:
    """Whether pairs of seed and mutant still fail as the find did."""

    def __init__(self, oracle: Oracle, failure_type: str, base: Outcome, subject: Subject) -> None:
        self._oracle, self._failure_type, self._base, self._subject = oracle, failure_type, base, subject
        self.by_status = oracle.by_status and failure_type in _STANDINGS

    def first(self, pairs: Sequence[Pair | None]) -> int | None:
        """Place of the first that fails."""
        whole = [pair for pair in pairs if pair is not None]
        ask = self._subject.gated if self.by_status else self._subject.answers
        befores, afters = ask([before for before, _ in whole]), ask([after for _, after in whole])
        answers = iter(zip(whole, befores, afters, strict=True))
        for at, pair in enumerate(pairs):
            if pair is None:
                continue
            (before, after), base, outcome = next(answers)
            if self._fails(before, base, after, outcome):
                return at
        return None

    def confirms(self, pair: Pair) -> bool:
        """The same with the names in it."""
        base, outcome = self._subject.answers([pair[0], pair[1]])
        return self._fails(pair[0], base, pair[1], outcome)

    def _fails(self, before: Probe, base: Outcome, after: Probe, outcome: Outcome) -> bool:
        if self.by_status:
            return (
                _standing(base) == _standing(self._base) and _standing(outcome) is _STANDINGS[self._failure_type]
            )
        if base.status is not self._base.status:
            return False
        broken = self._oracle.check(Evidence(before, base, after, outcome, self._subject))
        return broken is not None and broken.failure_type == self._failure_type


def _standing(outcome: Outcome) -> Status:
    """The status, where a row that is let through counts as suggested even without names."""
    return Status.SUGGESTED if outcome.status is Status.FAILED else outcome.status
