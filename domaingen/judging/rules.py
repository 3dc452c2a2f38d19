"""The prototype's four rules, kept as they were so that figures compare: overlap of description and name, length
6-15, a common ending, no digits or hyphens. Each is worth a quarter.
"""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "for",
        "from",
        "has",
        "have",
        "in",
        "into",
        "is",
        "it",
        "its",
        "more",
        "most",
        "of",
        "on",
        "or",
        "our",
        "out",
        "over",
        "so",
        "than",
        "that",
        "the",
        "their",
        "them",
        "there",
        "these",
        "they",
        "this",
        "to",
        "up",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "you",
        "your",
    ]
)
COMMON_ENDINGS = (".com", ".net", ".org")
_ROOT = 4
"""Letters of a word's beginning that count as its root, so that «roaster» meets «roasting»."""


def fold(text: str) -> str:
    """Lower case without accents, so that «café» meets cafe."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=1024)
def _roots(description: str) -> tuple[str, ...]:
    """What a name may take up of a description; asked once for each of a row's names."""
    words = (word for word in _WORD.findall(fold(description)) if word not in _STOP and len(word) >= 3)
    return tuple(dict.fromkeys(word[:_ROOT] for word in words))


def overlaps(description: str, label: str) -> bool:
    """Whether the name visibly takes up a word of the description: a whole word of three letters or more, or
    the first four letters of a longer one."""
    plain = fold(label).replace("-", "")
    for root in _roots(description):  # noqa: SIM110 - any() over a generator takes three times as long
        if root in plain:
            return True
    return False


def rule_checks(description: str, domain: str) -> dict[str, bool]:
    """Each rule by name and whether the domain keeps it."""
    label, _, suffix = domain.partition(".")
    return {
        "overlap": overlaps(description, label),
        "length": 6 <= len(label) <= 15,
        "ending": "." + suffix in COMMON_ENDINGS,
        "plain": label.isalpha() or not any(char.isdigit() or char == "-" for char in label),
    }


def rule_score(checks: dict[str, bool]) -> float:
    """The share of the rules that are kept, 0-1."""
    return sum(checks.values()) / len(checks)
