"""The page about a search: rates by mutator, groups by priority with their smallest examples, proposals. One file,
no script, no network; texts are escaped and characters that nobody sees are spelt out."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from training.discovery.findings import Group
from training.discovery.oracles import ORACLES
from training.discovery.registry import AS_IS, BY_NAME

_LONGEST = 400
"""Characters of a text that the page shows."""


def spell(text: str) -> str:
    """The text with control, format and private characters as ‹U+200B›, so that they are seen and bend nothing."""
    return "".join(
        f"‹U+{ord(char):04X}›" if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs") else char
        for char in text
    )


def _excerpt(text: str) -> str:
    shown = spell(text)
    if len(shown) <= _LONGEST:
        return shown
    half = _LONGEST // 2
    return f"{shown[:half]} … {shown[-half:]}"


def _say(word: str) -> str:
    return word.replace("_", " ")


def discovery_page(
    summary: Mapping[str, Any], groups: Sequence[Group], proposals: Sequence[Mapping[str, Any]]
) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("training", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"excerpt": _excerpt, "say": _say, "share": lambda share: f"{100 * share:.1f} %"}
    rates = [
        {
            "name": name,
            "meaning": "the seed as it is" if name == AS_IS else BY_NAME[name].meaning if name in BY_NAME else "",
            **figures,
        }
        for name, figures in summary["by_mutator"].items()
        if "+" not in name
    ]
    chains = [figures for name, figures in summary["by_mutator"].items() if "+" in name]
    return environment.get_template("discovery.html.j2").render(
        summary=summary,
        rates=sorted(rates, key=lambda each: (-(each["share"] or 0.0), each["name"])),
        chain_cases=sum(each["cases"] for each in chains),
        groups=[{**group.as_dict(), "meaning": group.oracle.meaning} for group in groups],
        proposals=proposals,
        oracles=[
            {"name": name, "meaning": ORACLES[name].meaning, **row} for name, row in summary["by_oracle"].items()
        ],
    )
