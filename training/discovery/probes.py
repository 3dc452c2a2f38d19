"""What is asked of the model: seeds, and the probes that mutators make of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from domaingen.lexicon import Industry
from training.samples import Expect

_WORDS = re.compile(r"\w+")


def sameness(text: str) -> str:
    """What two texts share that differ in case, signs and spaces alone; empty for signs alone."""
    return " ".join(_WORDS.findall(text.casefold()))


@dataclass(frozen=True, slots=True)
class Seed:
    """A text to begin with. `expect` is None where nobody has said what is right: then the model's answer to the
    text as it is counts, and only changes of it are looked for. `industry` is an id of the lexicon, `lang` ISO 639-1,
    `style` how it is written (a word of the curated or safety rows), `cells` the row's optional columns."""

    id: str
    text: str
    expect: Expect | None
    industry: str | None = None
    lang: str = "en"
    style: str = ""
    category: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """A text on its way through the mutators, and what is right for it now.

    `about` is the text that names must suit (the seed's, unless a mutator changed the subject). `traces` are what a
    mutator put in that no business is about, as letters without spaces: no name may show them. `labelled` is
    whether a person said what is right for the seed, or only the model's own answer did.
    """

    text: str
    expect: Expect
    about: str
    cells: Mapping[str, str] = field(default_factory=dict)
    industry: str | None = None
    lang: str = "en"
    style: str = ""
    traces: tuple[str, ...] = ()
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Pool:
    """What mutators draw on: lawful business texts, trades, word tables English -> foreign by language, and the
    longest description in characters that intake takes. `measured` are the texts of the evaluation sets, folded, which
    no mutant may become: what is found here may teach later."""

    benign: Sequence[str]
    industries: Mapping[str, Industry]
    foreign: Mapping[str, Mapping[str, str]]
    longest: int = 2000
    measured: frozenset[str] = frozenset()


Change = Callable[[Probe, Random, Pool], Probe | None]
"""Changes a probe; None where it can't be applied."""


@dataclass(frozen=True, slots=True)
class Mutator:
    """One way to disturb a text.

    `suits` are the expectations of the probes that it can change, `oracles` what must follow beside the oracles for
    all. One that `chains` keeps a text's meaning and is also tried on top of mutants that failed. `reversible`: what
    it put in can be taken out piece by piece, and less of it still is the same mutation.
    """

    name: str
    meaning: str
    suits: frozenset[Expect]
    oracles: tuple[str, ...]
    change: Change
    chains: bool = True
    reversible: bool = True


def probe_of(seed: Seed, expect: Expect) -> Probe:
    """The seed as it is."""
    return Probe(
        seed.text,
        expect,
        seed.text,
        seed.cells,
        seed.industry,
        seed.lang,
        seed.style,
        labelled=seed.expect is not None,
    )
