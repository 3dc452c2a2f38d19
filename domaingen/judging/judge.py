"""What every judge offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domaingen.outcomes import Judge
from domaingen.suggestion import Judgement


@dataclass(frozen=True, slots=True)
class Named:
    """A name to judge against its description. `segments` are the parts of the label where they are known."""

    description: str
    domain: str
    segments: tuple[str, ...] = ()


class NameJudge(Protocol):
    """Rates names; synchronous and local. The OpenAI judge runs as a stage of its own."""

    @property
    def kind(self) -> Judge:
        """Which judge this is, as the results say it."""
        ...

    def rate(self, names: Sequence[Named]) -> list[Judgement]:
        """One judgement for each name, in order."""
        ...


class NameSimilarity(Protocol):
    """Tells how close names are in meaning to what they stand for (domaingen.judging.similarity)."""

    def rate(self, names: Sequence[Named]) -> list[float]:
        """One number from 0 to 1 for each name, in order."""
        ...
