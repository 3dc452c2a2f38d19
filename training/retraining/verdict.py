"""The gate's nouns: what a candidate must keep, one point of the gate, and its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from training.retraining.measuring import Reading
from training.retraining.slices import SliceFigures


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a candidate must keep. Shares and scores are 0-1.

    `own_leeway` is for the model's own refusals of held-out rows, which moderation stands before: they move by a row
    or two with every training, and a count without leeway would refuse half of all candidates by chance.
    """

    slice_margin: float = 0.01
    negative_flips: float = 0.02
    own_leeway: float = 0.01
    seeds_apart: float = 0.01
    slower: float = 0.1
    larger: float = 0.1


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the gate. `figure` and `threshold` are as a person reads them; `rows` are what it is about."""

    name: str
    title: str
    passed: bool
    figure: str
    threshold: str
    sentence: str
    rows: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's answer. `passed` only where every point passed."""

    active: str
    candidate: str
    points: Sequence[Point]
    slices: Sequence[SliceFigures]
    means: Mapping[Reading, Mapping[str, float]] = field(default_factory=dict)
    """Reading → mean score of active and candidate on the old sets."""

    @property
    def passed(self) -> bool:
        """Whether the candidate may be promoted."""
        return all(point.passed for point in self.points)

    @property
    def failed(self) -> list[Point]:
        """The points that refuse it."""
        return [point for point in self.points if not point.passed]

    @property
    def sentence(self) -> str:
        """The verdict for a person."""
        if self.passed:
            return f"{self.candidate} may take the place of {self.active}: all {len(self.points)} points hold."
        reasons = "; ".join(f"{point.title.lower()} ({point.figure})" for point in self.failed)
        return f"{self.candidate} is refused; {self.active} stays. Failed: {reasons}."

    def as_dict(self) -> dict[str, Any]:
        """For gate.json and the candidate's card."""
        return {"passed": self.passed, "sentence": self.sentence, **asdict(self)}
