"""The probability that a description asks for something harmful, and the kind of harm.

A mixture, chosen by measurement (docs/moderation.md): a fine-tuned sentence encoder with a linear head, and a linear
model over hashed word and character n-grams; both read the text normalised and glossed into English, and the parts of
a long text by themselves too, so that an innocent beginning can't hide a harmful clause. The weights are in
`data/moderation/classifier.npz`, fitted by `training.moderator`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice, pairwise
from math import log
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from domaingen.assets import asset
from domaingen.encoder import SentenceEncoder, bundled_encoder
from domaingen.moderation.concepts import bundled_concepts
from domaingen.moderation.gloss import bundled_gloss
from domaingen.moderation.normalise import fold, normalise

Floats = npt.NDArray[np.float32]

BUCKETS = 1 << 16
_TOKEN = re.compile(r"[a-z]+|\d+")
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
"""Logit of a text in a script that neither encoder nor words know: nothing is known against it. A second opinion that
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
    another language."""
    return bundled_gloss().english(normalise(_SUFFIX_WISH.sub("", text)))


def is_latin(text: str) -> bool:
    """Whether at least half of a text's letters, disguises undone, are Latin; texts without letters too."""
    letters = [char for char in view(text) if char.isalpha()]
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


def _bucket(gram: str) -> int:
    return crc32(gram.encode()) % BUCKETS


@lru_cache(maxsize=16384)
def _letter_buckets(token: str) -> tuple[int, ...]:
    """Buckets of a word's character 3-5-grams."""
    padded = f"<{token}>"
    return tuple(
        [_bucket(f"c{padded[i : i + size]}") for size in (3, 4, 5) for i in range(len(padded) - size + 1)]
    )


def hash_features(text: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """Buckets and values, of length 1 in all, of a text's word 1-2-grams, word pairs two apart, ideas and pairs of
    ideas, and character 3-5-grams."""
    tokens = _TOKEN.findall(fold(text))
    grams = [f"w{token}" for token in tokens]
    grams += [f"p{first} {second}" for first, second in pairwise(tokens)]
    grams += [f"s{first} {second}" for first, second in zip(tokens, tokens[2:], strict=False)]
    # In order, since the order of a sum decides its last digit.
    ideas = sorted(bundled_concepts().find(tokens))
    of_ideas = [f"k{idea}" for idea in ideas]
    of_ideas += [f"q{first} {second}" for first, second in combinations(ideas, 2)]
    weights = dict.fromkeys([_bucket(gram) for gram in grams], 1.0)
    weights |= dict.fromkeys([_bucket(gram) for gram in of_ideas], 2.0)
    for token in tokens:
        for bucket in _letter_buckets(token):
            if bucket not in weights:
                weights[bucket] = 0.5
    buckets = np.fromiter(weights, dtype=np.int64, count=len(weights))
    values = np.fromiter(weights.values(), dtype=np.float32, count=len(weights))
    norm = float(np.sqrt((values**2).sum())) or 1.0
    return buckets, np.asarray(values / norm, dtype=np.float32)


class Classifier:
    """Scores texts; the same text has the same score in any batch. Thread-safe."""

    def __init__(self, path: Path, encoder: SentenceEncoder) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self.categories: tuple[str, ...] = tuple(str(name) for name in arrays["categories"])
            self._head: Floats = arrays["head"].astype(np.float32)  # 1,152 weights and a bias
            self._kinds: Floats = arrays["kinds"].astype(np.float32)  # categories x 1,153
            self._grams: Floats = arrays["grams"].astype(np.float32)  # BUCKETS
            self._mix: Floats = arrays["mix"].astype(np.float32)  # encoder, n-grams, clauses, bias
        self._encoder = encoder

    def parts(self, texts: Sequence[str]) -> tuple[Floats, list[str]]:
        """For each text: the encoder's logit, the n-grams' logit, and by how much a clause's exceeds the whole's."""
        views = [view(text) for text in texts]
        pieces: list[str] = list(views)
        owners = list(range(len(views)))
        for number, text in enumerate(views):
            for clause in clauses(text):
                pieces.append(clause)
                owners.append(number)
        if not pieces:
            return np.zeros((0, 3), dtype=np.float32), []
        vectors = self._encoder.features(pieces)
        # One row at a time: a matrix product may round differently with the size of the batch.
        logits = np.array([float(row @ self._head[:-1]) + float(self._head[-1]) for row in vectors])
        out = np.zeros((len(views), 3), dtype=np.float32)
        strongest = list(range(len(views)))
        for piece, owner in enumerate(owners):
            if logits[piece] > logits[strongest[owner]]:
                strongest[owner] = piece
        for number, text in enumerate(views):
            buckets, values = hash_features(text)
            out[number] = (
                logits[number],
                float(self._grams[buckets] @ values),
                logits[strongest[number]] - logits[number],
            )
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
                Risk(float(row @ self._mix[:3]) + float(self._mix[3]), kind)
                for row, kind in zip(parts, kinds, strict=True)
            ]
        )
        worst = [max(islice(risks, len(several)), key=lambda risk: risk.logit) for several in cut]
        worst = [
            Risk(risk.logit - log(len(several)), risk.category) for several, risk in zip(cut, worst, strict=True)
        ]
        return [
            risk if is_latin(text) else Risk(UNREADABLE, risk.category)
            for text, risk in zip(texts, worst, strict=True)
        ]


@lru_cache(maxsize=1)
def bundled_classifier() -> Classifier:
    """The classifier that ships with domaingen; loaded once per process."""
    return Classifier(asset("moderation", "classifier.npz"), bundled_encoder())
