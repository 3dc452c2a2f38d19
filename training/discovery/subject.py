"""What is searched: the whole pipeline with one model. Asks in batches, answers every question once, and measures how
close names are to a text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from domaingen.encoder import bundled_encoder
from domaingen.errors import EngineError
from domaingen.judging.judge import Named
from domaingen.judging.local import LocalJudge
from domaingen.moderation.verdict import Decision
from domaingen.moderation.words import bundled_words
from domaingen.outcomes import FailureType
from domaingen.pipeline import Options, Parts, Row, name_rows
from domaingen.suggestion import Outcome, Suggestion, without_names
from training.discovery.probes import Probe
from training.evaluate import CHUNK, SilentEngine

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Relatedness:
    """How close names are to a text: `marks` the local judge's mean relevance (1-10), `cosine` that of the text and
    all segments of the names together in the sentence encoder (-1 to 1)."""

    marks: float
    cosine: float


def key_of(probe: Probe) -> Key:
    """What the answer to a probe depends on."""
    return probe.text, tuple(sorted(probe.cells.items()))


class Subject:
    """Not thread-safe. `rows` counts the rows that went through the pipeline, answers from memory left out."""

    def __init__(self, parts: Parts, options: Options) -> None:
        self.parts, self.options = parts, options
        self.rows = 0
        self._answers: dict[Key, Outcome] = {}
        self._gated: dict[Key, Outcome] = {}
        self._related: dict[tuple[str, tuple[str, ...]], Relatedness] = {}
        self._judge = LocalJudge(parts.lexicon)
        # Who is refused or rejected does not need names: twenty times as fast while a find is shrunk.
        self._gate = replace(parts, engine=SilentEngine(), compose=lambda brief, matches, seed: (), judge=None)

    def answers(self, probes: Sequence[Probe]) -> list[Outcome]:
        """One outcome for each probe, in order.

        Raises:
            EngineError: The model is broken as a whole.
        """
        return self._ask(probes, self._answers, self.parts)

    def gated(self, probes: Sequence[Probe]) -> list[Outcome]:
        """Outcomes without names: who is refused or rejected, and `too_few_suggestions` for the rest."""
        return self._ask(probes, self._gated, self._gate)

    def _ask(self, probes: Sequence[Probe], known: dict[Key, Outcome], parts: Parts) -> list[Outcome]:
        fresh = [key for key in dict.fromkeys(map(key_of, probes)) if key not in known]
        for start in range(0, len(fresh), CHUNK):
            chunk = fresh[start : start + CHUNK]
            known.update(zip(chunk, self._name(chunk, parts), strict=True))
        return [known[key_of(probe)] for probe in probes]

    def _name(self, keys: Sequence[Key], parts: Parts) -> list[Outcome]:
        self.rows += len(keys)
        rows = [Row(at, str(at), text, dict(cells)) for at, (text, cells) in enumerate(keys, 1)]
        try:
            return name_rows(rows, parts, self.options)
        except EngineError:
            raise
        except Exception as error:  # a crash of the pipeline is what is searched for
            if len(keys) > 1:
                return [outcome for key in keys for outcome in self._name([key], parts)]
            return [without_names(FailureType.ENGINE_ERROR, f"{type(error).__name__}: {error}"[:200])]

    def is_unsure(self, text: str) -> bool:
        """Whether moderation neither allows nor refuses a text."""
        return self.parts.moderator.judge([text])[0].decision is Decision.UNCERTAIN

    def sees_trade(self, text: str, about: str) -> bool:
        """Whether the lexicon's first guess for a text is among its three for what the text is about."""
        first = self.parts.lexicon.match(text, most=1)
        return bool(first) and first[0][0].id in {each.id for each, _ in self.parts.lexicon.match(about)}

    def relatedness(self, text: str, suggestions: Sequence[Suggestion]) -> Relatedness:
        """How close these names are to a text."""
        key = (text, tuple(each.domain for each in suggestions))
        if key not in self._related:
            words = bundled_words()
            segments = [tuple(words.segment(each.domain.partition(".")[0])) for each in suggestions]
            marks = [
                judged.relevance
                for judged in self._judge.rate(
                    [Named(text, each.domain, parts) for each, parts in zip(suggestions, segments, strict=True)]
                )
            ]
            vectors = bundled_encoder().encode([text, " ".join(" ".join(parts) for parts in segments)])
            self._related[key] = Relatedness(float(np.mean(marks)), float(vectors[0] @ vectors[1]))
        return self._related[key]

    def findings(self, suggestion: Suggestion, description: str) -> Mapping[str, str]:
        """What the name moderator has against a name: code -> evidence."""
        label = suggestion.domain.partition(".")[0]
        return {
            finding.code: finding.evidence
            for finding in self.parts.name_moderator.inspect(label, description=description)
        }
