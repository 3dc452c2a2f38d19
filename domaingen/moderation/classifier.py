"""The probability that a description asks for something harmful, and the kind of harm.

Chosen by measurement (docs/moderation.md): a fine-tuned sentence encoder with a linear head. It reads the text normalised
and glossed into English, and the parts of a longer text by themselves too, so that an innocent beginning can't hide a
harmful clause. The weights are in `data/moderation/classifier.npz`, fitted by `training.moderator`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.encoder import SentenceEncoder, bundled_encoder
from domaingen.moderation.gloss import bundled_gloss
from domaingen.moderation.normalise import normalise
from domaingen.moderation.readable import readable

Floats = npt.NDArray[np.float32]

_CLAUSE = re.compile(
    r"(?<=[\w)])[.;:!?]\s+|\s+[-–—]+\s+|,\s+(?=(?:and|but|while|where|plus|also|then|with|who|which|whose|y|et|und|e|aur)\b)"
)
_SUFFIX_WISH = re.compile(
    r"(?:\s*[;,])?\s*\btlds?\b[: ]*|(?<!\S)\.[a-z]{2,24}(?:\.[a-z]{2,4})?(?![\w.])", re.IGNORECASE
)
"""A suffix that is asked for («.com or .io», «tlds .xyz») says nothing of the business; the classifier took it for a disguise."""
_LEAST_CLAUSE_WORDS = 4
_LEAST_TEXT_WORDS = 9
_LONG_WORDS = 60
"""Words from which a text is judged by its stretches: among hundreds of innocent words one harmful clause is lost."""
_STRETCH_WORDS = 40
UNREADABLE = -4.0
"""Logit of a text in a script or language that neither encoder nor words know: nothing is known against it. A second opinion that
reads it (domaingen.moderation.openai_moderator) has its own say."""


@dataclass(frozen=True, slots=True)
class Risk:
    """`logit` of harm (natural log of the odds) and the likeliest category were it harmful."""

    logit: float
    category: str

    @property
    def probability(self) -> float:
        """Between 0 and 1."""
        return float(1.0 / (1.0 + np.exp(-np.clip(self.logit, -30.0, 30.0))))


@lru_cache(maxsize=4096)
def view(text: str) -> str:
    """The text as the classifier reads it: without suffixes asked for, disguises undone, in English words where it was in
    another language; only the English words where nothing here knows the language."""
    return readable(bundled_gloss().english(normalise(_SUFFIX_WISH.sub("", text))))


def is_readable(text: str) -> bool:
    """Whether at least half of the letters that are left of a text, disguises undone, are Latin, and some are left where
    it had any."""
    letters = [char for char in view(text) if char.isalpha()]
    if not letters:
        return not any(map(str.isalpha, text))
    return 2 * sum(char < "\u0250" for char in letters) >= len(letters)


def clauses(text: str) -> list[str]:
    """The parts of a longer text that could stand alone; empty for a text of one part."""
    if len(text.split()) < _LEAST_TEXT_WORDS:
        return []
    parts = [part.strip() for part in _CLAUSE.split(text)]
    parts = [part for part in parts if len(part.split()) >= _LEAST_CLAUSE_WORDS]
    return parts if len(parts) > 1 else []


def stretches(text: str) -> list[str]:
    """A long text as stretches of some `_STRETCH_WORDS` words, cut between clauses where they are shorter; each begins
    with the last clause of the one before. A shorter text is its only stretch."""
    if len(text.split()) < _LONG_WORDS:
        return [text]
    parts = []
    for clause in _CLAUSE.split(text):
        words = clause.split()
        parts += [words[at : at + _STRETCH_WORDS] for at in range(0, len(words), _STRETCH_WORDS)]
    found: list[str] = []
    held: list[list[str]] = []
    for part in parts:
        if held and sum(map(len, held)) + len(part) > _STRETCH_WORDS:
            found.append(". ".join(" ".join(words) for words in held))
            held = held[-1:] if len(held[-1]) + len(part) <= _STRETCH_WORDS else []
        held.append(part)
    return [*found, ". ".join(" ".join(words) for words in held)]


class Classifier:
    """Scores texts; the same text has the same score in any batch. Thread-safe."""

    def __init__(self, path: Path, encoder: SentenceEncoder) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self.categories: tuple[str, ...] = tuple(str(name) for name in arrays["categories"])
            self._head: Floats = arrays["head"].astype(np.float32)  # 1,152 weights and a bias
            self._kinds: Floats = arrays["kinds"].astype(np.float32)  # categories x 1,153
            self._mix: Floats = arrays["mix"].astype(np.float32)  # whole text, clauses, bias
        self._encoder = encoder

    def parts(self, texts: Sequence[str]) -> tuple[Floats, list[str]]:
        """For each text the encoder's logit and by how much a clause's exceeds it; and the likeliest category."""
        views = [view(text) for text in texts]
        pieces: list[str] = list(views)
        owners = list(range(len(views)))
        for number, text in enumerate(views):
            for clause in clauses(text):
                pieces.append(clause)
                owners.append(number)
        if not pieces:
            return np.zeros((0, 2), dtype=np.float32), []
        vectors = self._encoder.features(pieces)
        # One row at a time: a matrix product may round differently with the size of the batch.
        logits = np.array([float(row @ self._head[:-1]) + float(self._head[-1]) for row in vectors])
        strongest = list(range(len(views)))
        for piece, owner in enumerate(owners):
            if logits[piece] > logits[strongest[owner]]:
                strongest[owner] = piece
        whole = logits[: len(views)]
        out = np.stack([whole, logits[strongest] - whole], axis=1).astype(np.float32)
        kinds = []
        for number in range(len(views)):
            scores = self._kinds[:, :-1] @ vectors[strongest[number]] + self._kinds[:, -1]
            kinds.append(self.categories[int(np.argmax(scores))])
        return out, kinds

    def score(self, texts: Sequence[str]) -> list[Risk]:
        """One risk for each text, in order; a long text's is that of its worst stretch, less the log of their number: the
        worst of many is high by chance."""
        cut = [stretches(text) for text in texts]
        parts, kinds = self.parts([stretch for several in cut for stretch in several])
        risks = iter(
            [
                Risk(float(row @ self._mix[:2]) + float(self._mix[2]), kind)
                for row, kind in zip(parts, kinds, strict=True)
            ]
        )
        worst = [max(islice(risks, len(several)), key=lambda risk: risk.logit) for several in cut]
        worst = [
            Risk(risk.logit - log(len(several)), risk.category) for several, risk in zip(cut, worst, strict=True)
        ]
        return [
            risk if is_readable(text) else Risk(UNREADABLE, risk.category)
            for text, risk in zip(texts, worst, strict=True)
        ]


@lru_cache(maxsize=1)
def bundled_classifier() -> Classifier:
    """The classifier that ships with domaingen; loaded once per process."""
    return Classifier(asset("moderation", "classifier.npz"), bundled_encoder())
