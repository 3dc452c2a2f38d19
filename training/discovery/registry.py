"""All mutators, each with what must follow. docs/discovery.md shows this table (checked by a test)."""

from collections.abc import Mapping

from training.discovery import markup, meaning, spelling, wording
from training.discovery.probes import Change, Mutator
from training.samples import Expect

AS_IS = "as_is"
"""The name under which a seed's own wrong answer is filed."""

_SAME = ("same_status", "same_meaning")
_ALL: tuple[Expect, ...] = ("suggest", "refuse", "reject_input")
_TEXTS: tuple[Expect, ...] = ("suggest", "refuse")


def _mutator(
    change: Change,
    meaning_: str,
    suits: tuple[Expect, ...],
    oracles: tuple[str, ...] = _SAME,
    *,
    chains: bool = True,
    reversible: bool = True,
) -> Mutator:
    name = getattr(change, "__name__", "")
    return Mutator(name, meaning_, frozenset(suits), oracles, change, chains, reversible)


MUTATORS: tuple[Mutator, ...] = (
    _mutator(spelling.typos, "one to three typing errors", _TEXTS),
    _mutator(spelling.case, "capitals, small letters, mixed", _ALL),
    _mutator(spelling.spacing, "letters apart, doubled spaces, line ends, tabs", _ALL),
    _mutator(spelling.homoglyphs, "letters of other scripts that look alike", _TEXTS),
    _mutator(spelling.invisible, "zero-width characters between letters", _ALL),
    _mutator(spelling.bidi, "right-to-left marks, overrides, isolates", _ALL),
    _mutator(spelling.leetspeak, "digits for letters", ("refuse",)),
    _mutator(spelling.telegram, "articles left out", _TEXTS),
    _mutator(wording.very_short, "the trade alone, one to three words", ("suggest",), ("named",), chains=False, reversible=False),
    _mutator(wording.very_long, "ordinary sentences around, up to the limit", _TEXTS, ("same_status", "same_meaning"), chains=False),
    _mutator(wording.too_long, "over the longest description", _TEXTS, ("rejected",), chains=False, reversible=False),
    _mutator(wording.emptied, "blanks, digits, signs, mashed keys, an address", ("suggest",), ("rejected",), chains=False, reversible=False),
    _mutator(wording.foreign_frame, "a sentence of another language around the text", _TEXTS),
    _mutator(wording.foreign_words, "word by word in another language", _TEXTS, ("same_status",), chains=False, reversible=False),
    _mutator(markup.html, "tags, scripts, entities", _TEXTS, (*_SAME, "no_traces")),
    _mutator(markup.sql, "SQL statements", _TEXTS, (*_SAME, "no_traces")),
    _mutator(markup.formula, "spreadsheet formulas", _TEXTS, (*_SAME, "no_traces")),
    _mutator(markup.injection, "orders or permits for a language model", _TEXTS, (*_SAME, "no_traces")),
    _mutator(markup.sentinels, "tokens and separators of the model's formats", _TEXTS, (*_SAME, "no_traces")),
    _mutator(meaning.benign_prefix, "an ordinary business before a harmful clause", ("refuse",), ("still_refused",), chains=False),
    _mutator(meaning.benign_suffix, "an ordinary business after a harmful clause", ("refuse",), ("still_refused",), chains=False),
    _mutator(meaning.negated, "the harmful thing is fought, not done", ("refuse",), ("now_named",), chains=False, reversible=False),
    _mutator(meaning.industry_swapped, "another trade in place of the text's own", ("suggest",), ("named", "follows_trade"), chains=False, reversible=False),
    _mutator(meaning.tight_constraints, "an ending, a length, a word to avoid, eight names", ("suggest",), ("named",), chains=False, reversible=False),
    _mutator(meaning.contradictory_constraints, "constraints with little or no room", ("suggest",), (), chains=False, reversible=False),
)  # fmt: skip

BY_NAME: Mapping[str, Mutator] = {mutator.name: mutator for mutator in MUTATORS}
