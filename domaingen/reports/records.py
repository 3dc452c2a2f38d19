"""Rows of the results and failures as the outside reads them: plain values, keys in a fixed order.

The shapes are a contract with whoever parses `results.jsonl` and `failures.jsonl`. Nothing in them depends on
when or where a row was worked on, so that two runs with the same input and settings write the same bytes.
"""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from domaingen.store.batches import StoredRow

# Beyond what JSON must escape: DEL and C1 controls (U+0085 is a line end to many readers), the two separators that
# are line ends to JavaScript and to str.splitlines, and surrogates, which UTF-8 can't carry.
_RISKY = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)

SUGGESTION_KEYS = (
    "domain",
    "score",
    "rule_score",
    "judge_score",
    "judge",
    "relevance",
    "memorability",
    "brandability",
    "reason",
    "source",
    "checks",
)
_FAILURE_KEYS = (
    "source",
    "failure_type",
    "severity",
    "category",
    "root_cause",
    "improvement_strategy",
    "original_output",
    "model",
    "oracle",
)


def to_json_line(record: Mapping[str, Any]) -> str:
    """One line of JSON without its line end: compact, readable UTF-8, safe for line-wise readers.

    Raises:
        ValueError: A number is not finite.
    """
    return _RISKY.sub(lambda match: f"\\u{ord(match[0]):04x}", _ENCODER.encode(record))


def result_record(row: "StoredRow") -> dict[str, Any]:
    """A row of `results.jsonl`. Suggestions keep the order in which they were ranked.

    Raises:
        ValueError: The row has no outcome yet; there is nothing to report.
    """
    item, outcome = row.item, row.outcome
    if outcome is None:
        raise ValueError(f"row {item['row']} has no outcome yet")
    return {
        "row": item["row"],
        "id": item["external_id"],
        "description": item["description"],
        "status": outcome["status"],
        "failure_type": outcome["failure_type"],
        "category": outcome["category"],
        "reason": outcome["reason"],
        "suggestions": [{key: name[key] for key in SUGGESTION_KEYS} for name in row.suggestions],
        "model": outcome["model"],
        "attempts": outcome["attempts"],
    }


def failure_record(failure: "RowMapping | Mapping[str, Any]") -> dict[str, Any]:
    """A row of `failures.jsonl` from a row of the failures table."""
    return {"input": failure["input"], "metadata": {key: failure[key] for key in _FAILURE_KEYS}}
