"""The smallest form of a failure by delta debugging (Zeller and Hildebrandt, IEEE TSE 28(2), 2002).

First the seed's words: the same mutation of a shorter seed must fail in the same way, and the shorter seed must still
be answered as the seed was. Then the difference between seed and mutant: pieces of the mutation are taken back while
the failure stays. So both the text and what was done to it are as small as the calls allowed.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")

BATCH = 8
"""Candidates that are checked at once; the first that fails is taken, so that the order of checks decides."""

FirstFailing = Callable[[Sequence[Sequence[T]]], int | None]
"""Place of the first candidate that still fails, None where none does."""


class Budget:
    """Checks that may still be spent."""

    def __init__(self, checks: int) -> None:
        self.left = checks

    def spend(self, wanted: int) -> int:
        """As many of `wanted` as are left."""
        granted = min(wanted, self.left)
        self.left -= granted
        return granted


def minimise(items: Sequence[T], first_failing: FirstFailing[T], budget: Budget) -> list[T]:
    """A subsequence that still fails and of which, if the budget lasted, no single item can go (ddmin).

    `items` itself must fail. Complements alone are tried below the coarsest level, as their order keeps texts whole.
    """
    kept = list(items)
    pieces = 2
    while len(kept) >= 2 and budget.left > 0:
        pieces = min(pieces, len(kept))
        bounds = [len(kept) * at // pieces for at in range(pieces + 1)]
        parts = [kept[low:high] for low, high in pairwise(bounds)]
        candidates = parts if pieces == 2 else []
        if pieces > 2:
            candidates = [
                [item for other, part in enumerate(parts) if other != at for item in part] for at in range(pieces)
            ]
        smaller = _first(candidates, first_failing, budget)
        if smaller is not None:
            kept = smaller
            pieces = max(pieces - 1, 2)
        elif pieces >= len(kept):
            break
        else:
            pieces = min(len(kept), pieces * 2)
    return kept


def _first(candidates: Sequence[list[T]], first_failing: FirstFailing[T], budget: Budget) -> list[T] | None:
    for start in range(0, len(candidates), BATCH):
        batch = candidates[start : start + BATCH]
        batch = batch[: budget.spend(len(batch))]
        if not batch:
            return None
        at = first_failing(batch)
        if at is not None:
            return batch[at]
    return None


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of the seed become `text`."""

    start: int
    end: int
    text: str


_BEFORE, _AFTER = re.compile(r"\s*\S+\s*"), re.compile(r"\s*\S+")
"""Words with the blanks that go with them: in what stands before the seed those after each, else those before."""


def edits_between(before: str, after: str) -> list[Edit]:
    """The difference as small edits in order: exchanged letters one by one, inserted text word by word."""
    at = after.find(before)
    if at >= 0:  # the seed stands in it as it was; matching letters with the words around would tear both
        end = len(before)
        return [
            *(Edit(0, 0, piece) for piece in _pieces(_BEFORE, after[:at])),
            *(Edit(end, end, piece) for piece in _pieces(_AFTER, after[at + end :])),
        ]
    edits: list[Edit] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, low, high, new_low, new_high in matcher.get_opcodes():
        if kind == "equal":
            continue
        if high - low == new_high - new_low:
            edits += [Edit(low + at, low + at + 1, after[new_low + at]) for at in range(high - low)]
        elif kind == "insert":
            edits += [Edit(low, low, piece) for piece in _pieces(_AFTER, after[new_low:new_high])]
        else:
            edits.append(Edit(low, high, after[new_low:new_high]))
    return edits


def _pieces(pattern: re.Pattern[str], text: str) -> list[str]:
    """The text cut into words; nothing of it is lost."""
    pieces, at = [], 0
    for match in pattern.finditer(text):
        pieces.append(match[0])
        at = match.end()
    rest = text[at:]
    if rest and pieces:
        pieces[-1] += rest
        return pieces
    return [*pieces, rest] if rest else pieces


def apply_edits(before: str, edits: Sequence[Edit]) -> str:
    """The seed with some of the edits, which stand in order."""
    text, at = [], 0
    for edit in edits:
        text += [before[at : edit.start], edit.text]
        at = max(at, edit.end)
    return "".join([*text, before[at:]])
