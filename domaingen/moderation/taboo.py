"""The words that a name must not show, by how they are looked for: `data/moderation/profanity.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from domaingen.moderation.normalise import fold
from domaingen.moderation.words import Words


@dataclass(frozen=True, slots=True)
class Taboo:
    """Unwanted words by how they are looked for (see data/moderation/profanity.toml); word -> code."""

    strong: dict[str, str]
    plain: dict[str, str]
    mild: dict[str, str]
    whole: dict[str, str]
    innocent: frozenset[str] = frozenset()
    everyday: frozenset[str] = frozenset()
    """Slurs that are everyday words too, so that a description may excuse them."""
    peoples: frozenset[str] = frozenset()
    young: frozenset[str] = frozenset()
    attacks: frozenset[str] = frozenset()
    """Words that threaten the `peoples` behind them: `gasthejews`."""

    def with_derived(self, words: Words) -> "Taboo":
        """This with the plurals in -s that are words, and with the known words that begin with a strong word of four
        letters or more (`orgasmic`, `pornstar`)."""
        strong = dict(self.strong)
        beginnings = {word[:4] for word in self.strong if len(word) >= 4}
        for word in words.cost:
            if word[:4] not in beginnings:
                continue
            for size in range(4, len(word)):
                code = self.strong.get(word[:size])
                if code and word not in self.innocent:
                    strong[word] = code
                    break
        plain, mild = ({**_plurals(tier, words), **tier} for tier in (self.plain, self.mild))
        return replace(self, strong=strong, plain=plain, mild=mild)


def _plurals(tier: Mapping[str, str], words: Words) -> dict[str, str]:
    """Only plurals that are words: an invented one would hide the word itself (`anals ex`)."""
    return {word + "s": code for word, code in tier.items() if not word.endswith("s") and word + "s" in words.cost}


def read_taboo(path: Path) -> Taboo:
    """Read the word list; accents are folded."""
    tiers: dict[str, dict[str, str]] = {"strong": {}, "plain": {}, "mild": {}, "whole": {}}
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    innocent, everyday, peoples, young, attacks = (
        frozenset(content.pop(name)) for name in ("innocent", "everyday", "peoples", "young", "attacks")
    )
    for code, tiers_of_code in content.items():
        for tier, words in tiers_of_code.items():
            for word in words:
                tiers[tier][fold(word)] = code
    return Taboo(**tiers, innocent=innocent, everyday=everyday, peoples=peoples, young=young, attacks=attacks)
