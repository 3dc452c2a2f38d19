"""Where the parts of a joined label meet: curated rows write «brewbolt», the model learns «brew bolt».

A part that stands in the description is copied whole by the model, so a seam that leaves whole words is preferred.
"""

import gzip
import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache

from domaingen.assets import asset
from domaingen.generation.text import plain_words
from domaingen.suggestion import Candidate

_WORD = re.compile(r"[a-z0-9]+")
_MIN_PART = 3
_RARE = 560
"""Centibels: words rarer than one in 10^5.6 are no evidence of a seam by themselves."""
_REASON_WORDS = 5


@lru_cache(maxsize=1)
def common_words() -> dict[str, int]:
    """Words of the bundled frequency list with their rarity in centibels (300: one word in a thousand)."""
    words: dict[str, int] = {}
    with gzip.open(asset("moderation", "words.txt.gz"), "rt", encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                word, rarity, *_ = line.split()
                words[word] = int(rarity)
    return words


def is_common(word: str) -> bool:
    """Whether `word` is an everyday word of one of the languages that the list covers."""
    return common_words().get(word, 10_000) <= _RARE


def words_of(text: str) -> list[str]:
    """The plain words of a text, signs left out."""
    return _WORD.findall(plain_words(text))


def _shared_start(left: str, right: str) -> int:
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def _shared_end(left: str, right: str) -> int:
    return _shared_start(left[::-1], right[::-1])


def split_words(label: str, near: Collection[str]) -> tuple[str, ...] | None:
    """Two whole words that make up the label, those in `near` (description and reason) preferred; None if there
    is no such seam."""
    best: tuple[float, tuple[str, str]] | None = None
    for at in range(_MIN_PART, len(label) - _MIN_PART + 1):
        head, tail = label[:at], label[at:]
        known = [
            2.0 if part in near else 1.0 if len(part) > 3 and is_common(part) else 0.0 for part in (head, tail)
        ]
        if min(known) > 0 and (best is None or sum(known) > best[0]):
            best = (sum(known), (head, tail))
    return best[1] if best else None


def split_seam(label: str, roots: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parts of a blend or affix and the roots that they come from, both empty where no seam is found.

    The head is what the label shares with the start of a root; a whole root, at either end, decides the seam.
    """
    # A stable sort: between equals the earlier root wins, and callers list the curator's own words first.
    heads = sorted(((_shared_start(label, root), root) for root in roots), key=lambda pair: -pair[0])
    tails = sorted(((_shared_end(label, root), root) for root in roots), key=lambda pair: -pair[0])
    if not heads or (heads[0][0] < _MIN_PART and tails[0][0] < _MIN_PART):
        return (), ()
    (head, left), (tail, right) = heads[0], next((pair for pair in tails if pair[1] != heads[0][1]), (0, ""))
    if head == len(left):
        seam = head
    elif tail == len(right) and tail >= _MIN_PART:
        seam = len(label) - tail
    elif head >= _MIN_PART:
        seam = head
    else:
        return (), ()
    if not 2 <= seam <= len(label) - 1:
        return (), ()
    used = [left] if head >= _MIN_PART else []
    if tail >= 2 and tail >= len(label) - seam - 1:
        used.append(right)
    return (label[:seam], label[seam:]), tuple(used)


def segmented(name: Candidate, description: str) -> Candidate:
    """The name with the segments and the reason that the model learns to write.

    Compounds and real words need no reason (their segments are one); blends, affixes and coined words get the roots
    that were melted, unless the segments show them already; metaphors keep a few words of the curator's.
    """
    reason = words_of(name.reason or "")
    near = {*words_of(description), *reason}
    roots = [root for root in dict.fromkeys((*reason, *words_of(description))) if len(root) >= _MIN_PART]
    segments = name.segments
    used: tuple[str, ...] = ()
    if len(segments) == 1:
        if name.strategy in {"blend", "affix", "coined"}:
            segments, used = split_seam(name.label, roots)
            segments = segments or name.segments
        else:
            segments = split_words(name.label, near) or split_seam(name.label, roots)[0] or name.segments
    if name.strategy == "metaphor":
        told = " ".join(reason[:_REASON_WORDS])
        plain = set(reason) <= {*segments, name.label}
        return replace(name, segments=segments, reason=None if plain or len(reason) > _REASON_WORDS + 1 else told)
    shown = " + ".join(used) if used and used != segments else None
    return replace(name, segments=segments, reason=shown)
