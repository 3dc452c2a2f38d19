"""The frequency report for people: a page (one file, no network, no script) and a table for the terminal."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domaingen.failures.taxonomy import TAXONOMY

_STYLE = Path(__file__).parent / "templates" / "failures.css"
_UNKNOWN = "A type that this version does not know."


def failures_page(report: Mapping[str, Any], scope: str, now_s: float) -> str:
    """The page as HTML. `scope` says which failures these are, `now_s` is in Unix seconds. Everything that comes from
    rows, models or people is escaped, and the page's policy forbids all but its own style."""
    style = _STYLE.read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("training", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"percent": _percent, "points": _points, "say": _say}
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("failures.html.j2").render(
        report=report,
        scope=scope,
        written=datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        style=Markup(style),  # noqa: S704 - our own file
        style_source=f"'sha256-{digest}'",
        types=[_explain(name, count, report) for name, count in report["by_failure_type"].items()],
        tiles=[
            ("Severity", report["by_severity"]),
            ("Whose failing", report["by_blame"]),
            ("Root cause", report["root_causes"]),
            ("What to do", report["improvement_strategies"]),
            ("Category of harm", {name: count for name, count in report["by_category"].items() if name != "none"}),
            ("Review", report["by_review"]),
        ],
        series=[
            ("By model", "model", report["by_model"]),
            ("By period", "period", report["by_period"]),
        ],
    )


def _explain(name: str, count: int, report: Mapping[str, Any]) -> dict[str, Any]:
    known = TAXONOMY.get(name)
    return {
        "name": name,
        "count": count,
        "severity": report["gravest_by_type"][name],
        "blame": known.blame.value if known else "unknown",
        "meaning": known.meaning if known else _UNKNOWN,
        "share": report["shares"].get(name),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _say(word: str) -> str:
    return word.replace("_", " ")


def print_summary(report: Mapping[str, Any], scope: str, console: Console) -> None:
    """The report as a table: types with their shares, then the other counts in a line each."""
    rows = report["rows_processed"]
    title = f"{report['total_cases']:,} failures, {scope}" + (f", {rows:,} rows processed" if rows else "")
    if not report["total_cases"]:
        console.print(Text(title))
        return
    table = Table(title=Text(title), title_justify="left")
    for heading, justify in (("type", "left"), ("severity", "left"), ("whose", "left"), ("cases", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    table.add_column("share of rows (95 %)", justify="right")
    for name, count in report["by_failure_type"].items():
        entry = _explain(name, count, report)
        share = entry["share"]
        table.add_row(
            Text(name),
            entry["severity"],
            entry["blame"],
            f"{count:,}",
            f"{_percent(share['share'])} ({_percent(share['interval'][0])}–{_percent(share['interval'][1])})"
            if share
            else "–",
        )
    console.print(table)
    for title, key in (
        ("severity", "by_severity"),
        ("category", "by_category"),
        ("root causes", "root_causes"),
        ("strategies", "improvement_strategies"),
        ("review", "by_review"),
    ):
        counts = ", ".join(f"{_say(name)} {count:,}" for name, count in report[key].items())
        console.print(Text(f"{title}: {counts or '–'}"))
    turn = report["since_last_model"]
    if turn:
        changed = [change for change in turn["changes"] if change["changed"]]
        told = ", ".join(f"{_say(each['failure_type'])} {_points(each['difference'])} points" for each in changed)
        console.print(Text(f"{turn['latest']} against {turn['previous']}: {told or 'no difference is proven'}"))
