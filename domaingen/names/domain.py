"""Whether a name can be registered, and whether it keeps a row's constraints.

Registrable here means: lower-case letters, digits and inner hyphens (LDH, RFC 5890) or IDNA 2008 by `idna`, a
suffix on the bundled public suffix list, exactly one label before it. Nothing is looked up on the network.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import idna
import tldextract

from domaingen.brief import Constraints

# Offline: the snapshot inside the package, no fetch, no cache folder.
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)
logging.getLogger("tldextract").setLevel(logging.WARNING)

_RESERVED_LABELS = frozenset({"example", "test", "localhost", "invalid", "local", "onion", "nic", "whois", "www"})
"""RFC 6761, RFC 2606 and labels that registries keep for themselves."""
_PLAIN_LDH = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MIN_LABEL = 3
"""Shorter labels are taken or reserved everywhere that matters."""


@dataclass(frozen=True, slots=True)
class DomainName:
    """A registrable name: `label` in A-label form (ASCII), `suffix` with its leading dot."""

    label: str
    suffix: str

    @property
    def text(self) -> str:
        """The whole name."""
        return self.label + self.suffix


class InvalidDomainError(ValueError):
    """Not a registrable name; `code` is one word for reports."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@lru_cache(maxsize=4096)
def is_public_suffix(suffix: str) -> bool:
    """Whether `.suffix` (leading dot, lower case) is on the public suffix list under which people register."""
    bare = suffix.removeprefix(".")
    if not bare or not bare.isascii():
        return False
    found = _EXTRACT("x." + bare)
    return found.suffix == bare and found.domain == "x"


def parse_domain(text: str) -> DomainName:
    """Check one name.

    Raises:
        InvalidDomainError: Says what is wrong, with a code: characters, label, suffix, length, reserved.
    """
    label, dot, suffix = text.strip().partition(".")
    if not dot or not label:
        raise InvalidDomainError("label", f"«{text[:80]}» has no label before a suffix")
    if not is_public_suffix("." + suffix):
        raise InvalidDomainError("suffix", f".{suffix[:60]} is no public suffix with one label before it")
    return DomainName(check_label(label), "." + suffix)


def check_label(label: str) -> str:
    """The label in its registrable ASCII form.

    Raises:
        InvalidDomainError: It breaks LDH or IDNA 2008, is too short or long, or reserved.
    """
    if label != label.lower():
        raise InvalidDomainError("characters", "labels are written in lower case")
    if "xn--" in label[:4]:
        raise InvalidDomainError("characters", "an A-label must come from its readable form")
    if _PLAIN_LDH.fullmatch(label) and label[2:4] != "--":
        encoded = label  # what idna would answer, fifty times as fast; nearly all labels are plain
    else:
        try:
            encoded = idna.encode(label, uts46=False, strict=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise InvalidDomainError("characters", f"not an IDNA 2008 label: {error}") from error
    if len(label) < _MIN_LABEL:
        raise InvalidDomainError("length", f"labels have at least {_MIN_LABEL} characters")
    if label.isdigit():
        raise InvalidDomainError("characters", "a label of digits alone is no name")
    if label in _RESERVED_LABELS:
        raise InvalidDomainError("reserved", f"{label} is reserved")
    return encoded


def broken_constraint(name: DomainName, constraints: Constraints) -> str | None:
    """The constraint that `name` breaks (tlds, max_length, avoid), or None."""
    if constraints.tlds and name.suffix not in constraints.tlds:
        return "tlds"
    if constraints.max_length is not None and len(name.label) > constraints.max_length:
        return "max_length"
    if any(word.replace("-", "") in name.label.replace("-", "") for word in constraints.avoid if word):
        return "avoid"
    return None


def unsatisfiable(constraints: Constraints) -> str | None:
    """Why no name could keep these constraints, as a sentence for the submitter, or None."""
    unknown = [suffix for suffix in constraints.tlds if not is_public_suffix(suffix)]
    if constraints.tlds and len(unknown) == len(constraints.tlds):
        return f"None of the wanted endings exists: {', '.join(unknown)[:80]}."
    return None


def sameness_key(domain: str) -> str:
    """What two names share that differ only in hyphens; the suffix counts, so brew.com and brew.io differ."""
    label, _, suffix = domain.partition(".")
    return label.replace("-", "") + "." + suffix


def distinct(domains: Iterable[str]) -> bool:
    """Whether no two of these names are the same or a rearranged hyphen apart."""
    keys = [sameness_key(domain) for domain in domains]
    return len(keys) == len(set(keys))
