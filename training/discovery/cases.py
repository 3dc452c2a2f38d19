"""One thing to try: a seed, what is done to it, and the mutant."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from domaingen.outcomes import Status
from domaingen.suggestion import Outcome
from training.discovery.probes import Mutator, Pool, Probe, Seed
from training.samples import Expect

Step = tuple[Mutator, str]
"""A mutator and the key that its random numbers are drawn from."""


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to try: a seed with its answer, and the way to the mutant."""

    seed: Seed
    before: Probe
    base: Outcome
    steps: tuple[Step, ...]
    after: Probe
    parent: int | None = None
    """The find (by its number) that this is a chain on."""


def expect_of(base: Outcome) -> Expect:
    """What is right for a text that nobody labelled: what the model answers to it."""
    return {Status.REFUSED: "refuse", Status.REJECTED: "reject_input"}.get(base.status, "suggest")  # type: ignore[return-value]


def apply_steps(probe: Probe, steps: Sequence[Step], pool: Pool) -> Probe | None:
    """The probe after all mutators; None where one of them can't be applied."""
    for mutator, key in steps:
        changed = mutator.change(probe, Random(key), pool)
        if changed is None:
            return None
        probe = changed
    return probe
