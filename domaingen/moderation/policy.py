"""The policy as a value: what is refused, what is sensitive, and which sensitive businesses this installation refuses.

Its text is `data/policy.toml`; `docs/policy.md` explains it.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from domaingen.assets import asset
from domaingen.errors import SettingsError
from domaingen.moderation.normalise import fold

_GAP = "[\\s'\N{RIGHT SINGLE QUOTATION MARK}-]*"
"""What may stand between the words of a phrase; the apostrophe for "tests d'intrusion"."""


@dataclass(frozen=True, slots=True)
class Category:
    """`name` is the one word that appears in results, `reason` the sentence for the submitter."""

    name: str
    covers: str
    reason: str


@dataclass(frozen=True, slots=True)
class SensitiveCategory(Category):
    """A lawful trade that an installation may refuse; `pattern` finds it in folded text, after `unless` is removed."""

    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None

    def matches(self, text: str) -> bool:
        """Whether a description, as written or normalised, is of this trade."""
        folded = fold(text)
        if self.unless:
            folded = self.unless.sub(" ", folded)
        return self.pattern.search(folded) is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """All categories, and the names of the sensitive ones that are refused here."""

    refused: dict[str, Category]
    sensitive: dict[str, SensitiveCategory]
    refuse_sensitive: frozenset[str] = frozenset()

    def refusing(self, names: Iterable[str]) -> "Policy":
        """This policy with exactly these sensitive categories refused.

        Raises:
            SettingsError: A name is no sensitive category; lists those that are.
        """
        wanted = frozenset(name.strip().lower() for name in names if name.strip())
        if unknown := wanted - self.sensitive.keys():
            raise SettingsError(
                f"DOMAINGEN_REFUSE_SENSITIVE: {', '.join(sorted(unknown))} is no sensitive category; "
                f"known are {', '.join(self.sensitive)}"
            )
        return Policy(self.refused, self.sensitive, wanted)

    def sensitive_match(self, text: str) -> SensitiveCategory | None:
        """The first sensitive category, refused here, that the text belongs to."""
        for name, category in self.sensitive.items():
            if name in self.refuse_sensitive and category.matches(text):
                return category
        return None


def _pattern(phrases: list[str]) -> re.Pattern[str] | None:
    """Phrases as whole words: a `*` at either end stands for any letters, a space for any gap or none, because people
    write "gun shop", "gun-shop" and "gunshop"."""
    if not phrases:
        return None
    parts = []
    for phrase in phrases:
        words = re.escape(phrase.strip("*")).replace(r"\ ", _GAP)
        parts.append((r"\w*" if phrase.startswith("*") else "") + words + (r"\w*" if phrase.endswith("*") else ""))
    return re.compile(r"\b(?:" + "|".join(parts) + r")\b")


def read_policy(path: Path) -> Policy:
    """Read a policy file; nothing sensitive is refused until `Policy.refusing` says so."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    refused = {
        name: Category(name, entry["covers"], entry["reason"]) for name, entry in content["refused"].items()
    }
    sensitive = {}
    for name, entry in content["sensitive"].items():
        pattern = _pattern(entry["words"])
        if pattern is None:
            raise SettingsError(f"{path}: sensitive.{name} has no words")
        sensitive[name] = SensitiveCategory(
            name, entry["covers"], entry["reason"], pattern, _pattern(entry.get("unless", []))
        )
    return Policy(refused, sensitive)


@lru_cache(maxsize=1)
def bundled_policy() -> Policy:
    """The policy that ships with domaingen; read once per process."""
    return read_policy(asset("policy.toml"))
