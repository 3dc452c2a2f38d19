"""A record of everything that the fake server was asked."""

import hashlib
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `key` tells requests for the same work apart from others; tokens are those that were billed."""

    number: int
    at: float
    endpoint: str
    outcome: str
    key: str
    names: int
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Journal:
    """Entries in order of arrival, and how many requests were inside at once."""

    entries: list[Entry] = field(default_factory=list)
    in_flight: int = 0
    peak_in_flight: int = 0
    started_at: float = field(default_factory=time.monotonic)

    def enter(self) -> None:
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def leave(self) -> None:
        self.in_flight -= 1

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def of(self, outcome: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.outcome == outcome]

    def statistics(self) -> dict[str, Any]:
        """Sums for a report; `admitted` are all that took part of the allowance and were let in."""
        admitted = [entry for entry in self.entries if entry.outcome != "limited"]
        return {
            "requests": len(self.entries),
            "by_outcome": dict(Counter(entry.outcome for entry in self.entries)),
            "admitted": len(admitted),
            "first_at": self.entries[0].at if self.entries else None,
            "last_at": self.entries[-1].at if self.entries else None,
            "input_tokens": sum(entry.input_tokens for entry in self.entries),
            "cached_tokens": sum(entry.cached_tokens for entry in self.entries),
            "output_tokens": sum(entry.output_tokens for entry in self.entries),
            "answered_more_than_once": sum(
                1
                for number in Counter(
                    entry.key
                    for entry in self.entries
                    if entry.outcome == "ok" and entry.endpoint != "moderations"
                ).values()
                if number > 1
            ),
            "peak_in_flight": self.peak_in_flight,
        }

    def dump(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries]


def key_of(text: str) -> str:
    """A short digest of what was asked."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def names_in(text: str) -> int:
    """How many names a judge's message holds."""
    try:
        return len(json.loads(text[text.index("{") : text.rindex("}") + 1])["names"])
    except (ValueError, KeyError, TypeError):
        return 0
