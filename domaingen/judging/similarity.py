"""Closeness in meaning of a name and its description, by sentence embeddings.

The cosine of two embeddings of all-MiniLM-L6-v2 (domaingen.encoder): of the description, and of the name's words. It
is told among a suggestion's checks and does not enter the score: a metaphor may be a better name than a
synonym (docs/judging.md has what it can and can't tell).
"""

from collections.abc import Sequence

from domaingen.encoder import SentenceEncoder, bundled_encoder
from domaingen.judging.judge import Named
from domaingen.names.quality import read_label


class EmbeddingSimilarity:
    """Thread-safe; each description is encoded once for its names."""

    def __init__(self, encoder: SentenceEncoder | None = None) -> None:
        self._encoder = encoder or bundled_encoder()

    def rate(self, names: Sequence[Named]) -> list[float]:
        """Cosines (0-1; what points away counts as 0) with three decimals, one for each name."""
        descriptions = list(dict.fromkeys(name.description for name in names))
        place = {description: position for position, description in enumerate(descriptions)}
        vectors = self._encoder.encode([*descriptions, *(_words(name) for name in names)])
        return [
            round(max(0.0, float(vectors[place[name.description]] @ vectors[len(descriptions) + position])), 3)
            for position, name in enumerate(names)
        ]


def _words(name: Named) -> str:
    label = name.domain.partition(".")[0]
    return " ".join(name.segments or read_label(label)) or label
