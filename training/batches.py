"""Batches of examples of like length, drawn by a curriculum: broad synthetic rows first, curated ones at the end.

The order follows from the seed and from the progress at which each round was drawn, so a resumed run repeats it.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

EARLY = {
    "lexicon": 0.46,
    "curated": 0.16,
    "composed": 0.21,
    "benign": 0.10,
    "harmful": 0.05,
    "nonsense": 0.005,
    "replay": 0.015,
}
LATE = {
    "lexicon": 0.12,
    "curated": 0.55,
    "composed": 0.13,
    "benign": 0.11,
    "harmful": 0.05,
    "nonsense": 0.005,
    "replay": 0.035,
}
"""Share of each kind while training begins and when it ends; kinds that a set lacks are left out.
Lawful neighbours outweigh harmful rows: the moderator refuses before the model is asked, so the model's own refusal
is a second line, and one too many costs a good customer's names."""
TURN = 0.55
"""Progress (0-1) from which the shares move from EARLY to LATE. A model that goes on from one that was trained here
begins there."""
ROUND = 16
"""Batches drawn at once: enough to sort by length without making a batch all of one kind."""


def shares_at(progress: float) -> dict[str, float]:
    """The share of each kind at a progress of 0 to 1."""
    late = min(max((progress - TURN) / (1 - TURN), 0.0), 1.0)
    return {kind: EARLY[kind] * (1 - late) + LATE[kind] * late for kind in EARLY}


class Curriculum:
    """An endless stream of batches of indices. Without a curriculum, `weighted` False, every epoch takes every
    example once."""

    def __init__(
        self,
        kinds: Sequence[str],
        lengths: Sequence[int],
        *,
        batch: int,
        seed: int,
        weighted: bool = True,
        begin: float = 0.0,
    ) -> None:
        """`kinds` and `lengths` (in tokens) of all examples; `begin` is where in the curriculum training starts;
        without `weighted` it means nothing."""
        self._lengths, self._batch, self._weighted, self._begin = lengths, batch, weighted, begin
        self._random = Random(seed)
        self._groups: dict[str, list[int]] = {}
        for at, kind in enumerate(kinds):
            self._groups.setdefault(kind if weighted else "all", []).append(at)
        self._cursors = {kind: len(group) for kind, group in self._groups.items()}
        self._rounds: list[float] = []
        self._pending: list[list[int]] = []

    def next(self, progress: float) -> list[int]:
        """The next batch; `progress` (0-1) matters when a new round is drawn."""
        if not self._pending:
            self._rounds.append(progress)
            self._pending = self._draw(progress)
        return self._pending.pop()

    def state(self) -> dict[str, Any]:
        """What `restore` needs: the rounds' progresses, and how many batches of the last one are left."""
        return {"rounds": list(self._rounds), "left": len(self._pending)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Repeat the draws of a saved run; the stream must be fresh."""
        for progress in state["rounds"]:
            self._rounds.append(progress)
            self._pending = self._draw(progress)
        self._pending = self._pending[: state["left"]]

    def _draw(self, progress: float) -> list[list[int]]:
        wanted = self._batch * ROUND
        if self._weighted:
            shares = {kind: share for kind, share in self._shares(progress).items() if kind in self._groups}
            kinds = self._random.choices(list(shares), list(shares.values()), k=wanted)
            drawn = [self._take(kind) for kind in kinds]
        else:
            drawn = [self._take("all") for _ in range(wanted)]
        drawn.sort(key=lambda at: (self._lengths[at], at))
        batches = [drawn[start : start + self._batch] for start in range(0, wanted, self._batch)]
        self._random.shuffle(batches)
        return batches

    def _shares(self, progress: float) -> dict[str, float]:
        return shares_at(self._begin + (1 - self._begin) * progress)

    def _take(self, kind: str) -> int:
        group = self._groups[kind]
        if self._cursors[kind] >= len(group):
            self._random.shuffle(group)
            self._cursors[kind] = 0
        self._cursors[kind] += 1
        return group[self._cursors[kind] - 1]
