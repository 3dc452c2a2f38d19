"""`report.html`: one page about a batch that can be sent to a client, with no other file and no network.

All texts of a batch are hostile until escaped: the template escapes whatever it prints, the rows for the script
are JSON with every `<`, `>` and `&` written as an escape, the script only ever sets text, and the page's own
policy runs nothing but the one script and style whose digests it names (https://www.w3.org/TR/CSP3/, 8.4).
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from domaingen.failures.taxonomy import FAILURES, status_of
from domaingen.outcomes import FailureType, Judge, Status
from domaingen.reports.records import to_json_line
from domaingen.reports.tally import SCORE_BINS, Tally
from domaingen.scoring.progress import ScoringState

PAGE_ROWS = 10_000
"""Rows that a page takes; beyond it points to results.csv. About 6 MB of HTML."""
PLAIN_ROWS = 200
"""Rows that are written as plain HTML, readable with scripts switched off."""

_TEMPLATES = Path(__file__).parent / "templates"
_MAX_TEXT = 600
_MAX_REASON = 240
_ABBREVIATIONS = {"url": "URL"}

_STATUS_NOTES = {
    Status.SUGGESTED: "at least one valid name",
    Status.REFUSED: "the request would do harm",
    Status.REJECTED: "no usable description",
    Status.FAILED: "no name could be found",
}


@dataclass(frozen=True, slots=True)
class PageHeading:
    """What stands above the figures. `created_at` in Unix seconds; only the file name of `source_name` is shown."""

    source_name: str
    created_at: float
    model: str | None
    version: str | None


class PageName(NamedTuple):
    """One name as the page shows it; in JSON an array in this order, which the script reads."""

    domain: str
    score: float
    reason: str


class PageRow(NamedTuple):
    """One row as the page shows it; in JSON an array in this order, which the script reads."""

    row: int
    id: str
    description: str
    status: str
    failure: str
    category: str
    reason: str
    names: tuple[PageName, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram in the units of its picture, and what it stands for."""

    x: float
    y: float
    height: float
    label: str


class Page:
    """Collects the rows that the page shows, then writes the page."""

    def __init__(self) -> None:
        self._rows: list[PageRow] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """Take a row of `results.jsonl`; those beyond `PAGE_ROWS` are only counted by the tally."""
        if len(self._rows) >= PAGE_ROWS:
            return
        own_id = record["id"] if record["id"] != str(record["row"]) else ""
        self._rows.append(
            PageRow(
                record["row"],
                _shorten(own_id, 80),
                _shorten(record["description"], _MAX_TEXT),
                record["status"],
                say(record["failure_type"]),
                say(record["category"], capital=False),
                "" if record["suggestions"] else _shorten(record["reason"], _MAX_TEXT),
                tuple(
                    PageName(name["domain"], name["score"], _shorten(name["reason"], _MAX_REASON))
                    for name in record["suggestions"]
                ),
            )
        )

    def render(
        self,
        heading: PageHeading,
        tally: Tally,
        judging: ScoringState | None = None,
        feedback: Mapping[str, int] | None = None,
    ) -> str:
        """The whole page as text, with what judging has cost and what people thought where there is either."""
        style, script = _asset("report.css"), _asset("report.js")
        date = datetime.fromtimestamp(heading.created_at, UTC)
        return (
            _environment()
            .get_template("report.html.j2")
            .render(
                title=_title(heading.source_name),
                file_name=PurePath(heading.source_name).name,
                date=date,
                day=f"{date.day} {date:%B %Y}",
                model=heading.model,
                version=heading.version,
                tally=tally,
                statuses=_count_statuses(tally),
                failures=_explain_failures(tally),
                bars=_histogram(tally),
                pending=tally.judges[Judge.PENDING],
                unjudged=tally.judges[Judge.NONE],
                judging=judging or ScoringState(),
                feedback=feedback if feedback and any(feedback.values()) else None,
                rows=self._rows[:PLAIN_ROWS],
                shown=len(self._rows),
                data=_embed(self._rows),
                style=Markup(style),  # noqa: S704 - our own file
                script=Markup(script),  # noqa: S704 - our own file
                policy=(
                    f"default-src 'none'; style-src {_source_digest(style)}; script-src {_source_digest(script)}; "
                    "base-uri 'none'; form-action 'none'"
                ),
            )
        )


def say(word: str | None, *, capital: bool = True) -> str:
    """An identifier in words: `safety_issue` as «Safety issue»; None as nothing."""
    text = " ".join(_ABBREVIATIONS.get(part, part) for part in (word or "").split("_"))
    return text[:1].upper() + text[1:] if capital else text


def _shorten(text: str | None, limit: int) -> str:
    text = text or ""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _title(source_name: str) -> str:
    words = PurePath(source_name).stem.replace("_", " ").replace("-", " ").split()
    title = " ".join(words)
    return title[:1].upper() + title[1:] if title else "Batch"


def _count_statuses(tally: Tally) -> list[dict[str, Any]]:
    """Cards: count, share and the place of each status in the bar above them, in per cent."""
    cards, left = [], 0.0
    for status in Status:
        count = tally.statuses[status]
        share = 100 * count / tally.rows if tally.rows else 0.0
        cards.append(
            {
                "status": status.value,
                "count": count,
                "left": round(left, 3),
                "width": round(share, 3),
                "share": _say_share(count, share),
                "note": _STATUS_NOTES[status],
            }
        )
        left += share
    return cards


def _say_share(count: int, share: float) -> str:
    # Rounding must not turn one row in a thousand into none, nor all but one into all.
    if count and share < 0.1:
        return "<0.1 %"
    if 99.9 < share < 100:
        return ">99.9 %"
    return f"{share:.1f} %".replace(".0 %", " %")


def _say_score(score: float) -> str:
    # Rounded as the script's toFixed does, not to even, so that a row looks the same whoever wrote it.
    return str(Decimal(score).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _say_dollars(micro: int) -> str:
    # To the cent where there are cents; what is less must not read as nothing.
    return f"${micro / 1e6:,.2f}" if micro >= 10_000 or not micro else f"${micro / 1e6:.4f}"


def _explain_failures(tally: Tally) -> list[dict[str, Any]]:
    """Failure types that occurred, most frequent first, with what they mean and their categories."""
    order = list(FailureType)
    found = sorted(tally.failure_types.items(), key=lambda pair: (-pair[1], order.index(FailureType(pair[0]))))
    return [
        {
            "name": say(name),
            "status": status_of(FailureType(name)).value,
            "count": count,
            "meaning": FAILURES[FailureType(name)].meaning,
            "categories": sorted(
                (
                    (say(category, capital=False), n)
                    for (kind, category), n in tally.categories.items()
                    if kind == name
                ),
                key=lambda pair: (-pair[1], pair[0]),
            ),
        }
        for name, count in found
    ]


def _histogram(tally: Tally) -> list[Bar]:
    """Bars in a picture of 400 by 120 units, the highest one filling it."""
    most = max(tally.score_bins) or 1
    bars = []
    for index, count in enumerate(tally.score_bins):
        height = round(max(120 * count / most, 1.5 if count else 0), 2)
        low, high = index / SCORE_BINS, (index + 1) / SCORE_BINS
        bars.append(Bar(index * 20, round(120 - height, 2), height, f"{low:.2f}–{high:.2f}: {count:,}"))
    return bars


def _embed(rows: list[PageRow]) -> Markup:
    """Rows as JSON inside a script element, one a line; no text in them can end the element."""
    text = "[" + ",\n".join(to_json_line({"r": row})[5:-1] for row in rows) + "]"
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - escaped above


def _source_digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


@cache
def _asset(name: str) -> str:
    return "\n" + (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["thousands"] = lambda number: f"{number:,}"
    environment.filters["dollars"] = _say_dollars
    environment.filters["score"] = _say_score
    environment.filters["bar"] = lambda score: int(20 * score + 0.5)
    return environment
