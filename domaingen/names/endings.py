"""What a suffix is worth: .com first, then those of the language's countries, the trade's own, and the rest."""

from functools import lru_cache

from domaingen.names.domain import is_public_suffix

_GOOD_ENDINGS = {
    ".org": 0.55,
    ".net": 0.6,
    ".co": 0.65,
    ".io": 0.6,
    ".app": 0.6,
    ".ai": 0.55,
    ".shop": 0.5,
    ".studio": 0.5,
}
_AT_HOME = {
    "es": (".es", ".mx", ".com.mx", ".com.ar", ".cl", ".com.co"),
    "fr": (".fr", ".be", ".ch", ".ca"),
    "de": (".de", ".at", ".ch"),
    "pt": (".pt", ".com.br"),
    "it": (".it", ".ch"),
    "nl": (".nl", ".be"),
}
"""Suffixes of countries where a language is spoken."""
_CHEAP_ENDINGS = frozenset(
    [
        ".xyz",
        ".top",
        ".click",
        ".info",
        ".biz",
        ".loan",
        ".men",
        ".pw",
        ".ws",
        ".cc",
        ".gdn",
        ".win",
        ".bid",
        ".date",
        ".racing",
        ".review",
        ".stream",
        ".download",
        ".faith",
        ".party",
        ".cricket",
        ".trade",
        ".webcam",
        ".icu",
        ".cfd",
        ".sbs",
    ]
)
"""Suffixes that years of giveaway prices have filled with spam (they lead Spamhaus's lists of abused TLDs)."""


@lru_cache(maxsize=4096)
def worth_of_ending(tld: str, trade_tlds: tuple[tuple[str, ...], ...], language: str) -> float:
    """Worth of a suffix (with its dot), 0 to 1, for a description in `language` (ISO 639-1) about trades whose own
    suffixes are `trade_tlds`, the likeliest trade first; 0 for what is no suffix."""
    if tld == ".com":
        return 1.0
    if tld in _AT_HOME.get(language, ()):
        return 0.95
    if not is_public_suffix(tld):
        return 0.0
    if trade_tlds and tld in trade_tlds[0]:
        return 0.9
    if any(tld in tlds for tlds in trade_tlds):
        return 0.75
    if tld in _CHEAP_ENDINGS:
        return 0.05
    return _GOOD_ENDINGS.get(tld, 0.25)
