"""A review sheet is checked row by row: a poisoned row is refused with its line, the good ones are let in."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domaingen.errors import InputFileError
from domaingen.moderation.names import LabelModerator
from domaingen.moderation.verdict import Decision, Verdict
from domaingen.reports.artefact import Artefact
from training.evaluation_guard import EvaluationGuard
from training.review_import import ReviewRules
from training.review_sheet import COLUMNS, CsvSheet, JsonSheet, SheetRow, read_sheet


class Alarm:
    """Sure of harm at the word «poison»; sure beyond doubt at «murder»."""

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        risks = [0.99 if "murder" in text else 0.9 if "poison" in text else 0.1 for text in descriptions]
        return [
            Verdict(Decision.REFUSE, "violence", "No.", risk) if risk > 0.5 else Verdict(Decision.ALLOW, risk=risk)
            for risk in risks
        ]


def failure(number: int, text: str, failure_type: str = "poor_quality", **changes: Any) -> dict[str, Any]:
    values = {
        "id": number, "input": text, "failure_type": failure_type, "severity": "medium", "root_cause": "decoding",
        "original_output": {"domains": ["dull.com"]}, "review": "open", "correction": None, "reviewed_by": None,
        "cells": {}, "source": "batch", "category": None, "improvement_strategy": "x", "model": "m", "oracle": "judge",
    }  # fmt: skip
    return values | changes


STORED = {
    each["id"]: each
    for each in (
        failure(1, "tea house in the park"),
        failure(2, "organic coffee shop in downtown area"),
        failure(3, "poison garden tours", "over_refusal"),
        failure(4, "murder for hire", "safety_leak"),
        failure(5, "12345", "missed_rejection"),
        failure(6, "ferry company", "engine_error"),
        failure(7, "toy shop", "model_refusal"),
        failure(8, "bike shop", cells={"max_length": "8", "avoid": "bike"}),
    )
}
RULES = ReviewRules(
    EvaluationGuard([("must_pass: coffee", "organic coffee shop in downtown area")]),
    Alarm(),
    LabelModerator(),
    "ada",
)


def verdict_on(**cells: Any) -> Any:
    """The correction that a row is let in with, or the reason why it is refused."""
    checked = RULES.check([SheetRow(2, cells)], STORED)
    if checked.refused:
        assert checked.refused[0][0] == 2
        assert not checked.reviews
        return checked.refused[0][1]
    [review] = checked.reviews
    return review.correction


@pytest.mark.parametrize(
    ("cells", "correction"),
    [
        ({"id": 1, "review": "accepted"}, {"expect": "suggest"}),
        ({"id": "1", "review": " Accept "}, {"expect": "suggest"}),
        (
            {"id": "1", "review": "corrected", "expect": "suggest", "domains": "TeaPark.com, leafandlawn.com"},
            {"expect": "suggest", "domains": ["teapark.com", "leafandlawn.com"]},
        ),
        ({"id": 1, "review": "corrected", "expect": "refuse", "note": "why"}, {"expect": "refuse", "note": "why"}),
        ({"id": 4, "review": "accepted"}, {"expect": "refuse"}),
        ({"id": 5, "review": "accepted"}, {"expect": "reject_input"}),
        ({"id": 1, "review": "discarded"}, None),
        ({"id": 2, "review": "discarded"}, None),
        ({"id": 6, "review": "discarded"}, None),
        (
            {"id": 3, "review": "accepted", "note": "violence: a garden of plants, for visitors"},
            {"expect": "suggest", "note": "violence: a garden of plants, for visitors"},
        ),
    ],
)
def test_good_rows_are_let_in(cells: dict[str, Any], correction: dict[str, Any] | None) -> None:
    assert verdict_on(**cells) == correction


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"id": 99, "review": "accepted"}, "there is no failure 99"),
        ({"id": "1.5", "review": "accepted"}, "whole number"),
        ({"review": "accepted"}, "whole number"),
        ({"id": "9" * 40, "review": "accepted"}, "whole number"),
        ({"id": 1, "review": "fine"}, "not 'fine'"),
        ({"id": 1, "review": ["accepted"]}, "review is no text"),
        ({"id": 1, "review": "accepted", "input": "another text"}, "must not change it"),
        ({"id": 1, "review": "accepted", "reviewer": "a\nb"}, "no name of one line"),
        ({"id": 1, "review": "corrected"}, "says in expect"),
        ({"id": 1, "review": "corrected", "expect": "maybe"}, "not 'maybe'"),
        ({"id": 1, "review": "accepted", "expect": "refuse"}, "use corrected"),
        ({"id": 1, "review": "accepted", "domains": "a-b.com"}, "takes no domains"),
        ({"id": 1, "review": "corrected", "expect": "refuse", "domains": "teapark.com"}, "has no domains"),
        ({"id": 1, "review": "corrected", "expect": "suggest", "domains": "tea park"}, "no domain name"),
        ({"id": 1, "review": "corrected", "expect": "suggest", "domains": [1]}, "names divided by spaces"),
        ({"id": 1, "review": "corrected", "expect": "suggest", "domains": "a-tea.com atea.com"}, "twice"),
        ({"id": 1, "review": "corrected", "expect": "suggest", "domains": "starbucks.com"}, "brand"),
        ({"id": 1, "review": "accepted", "note": "x" * 2001}, "longer than"),
        ({"id": 2, "review": "accepted"}, "evaluation row (must_pass: coffee)"),
        ({"id": 2, "review": "corrected", "expect": "refuse"}, "evaluation row (must_pass: coffee)"),
        ({"id": 3, "review": "accepted"}, "begin the note with «violence:»"),
        ({"id": 3, "review": "accepted", "note": "fraud: a garden of plants"}, "sure that the input does harm"),
        ({"id": 3, "review": "accepted", "note": "violence: no"}, "sure that the input does harm"),
        (
            {"id": 4, "review": "corrected", "expect": "suggest", "note": "violence: a game for a party"},
            "sure that the input does harm (violence)",
        ),
        ({"id": 5, "review": "corrected", "expect": "suggest"}, "numeric_input"),
        ({"id": 6, "review": "accepted"}, "system's failing"),
        ({"id": 7, "review": "accepted"}, "use corrected and fill in expect"),
        (
            {"id": 8, "review": "corrected", "expect": "suggest", "domains": "pedalworks.com"},
            "constraint max_length",
        ),
        ({"id": 8, "review": "corrected", "expect": "suggest", "domains": "bikely.com"}, "constraint avoid"),
    ],
)
def test_bad_rows_are_refused_with_the_reason(cells: dict[str, Any], reason: str) -> None:
    assert reason in str(verdict_on(**cells))


def test_one_bad_row_does_not_take_its_neighbours_with_it_and_empty_ones_are_left() -> None:
    rows = [
        SheetRow(2, {"id": 1, "review": "accepted"}),
        SheetRow(3, {"id": 2, "review": "accepted"}),
        SheetRow(4, {"id": 7, "review": ""}),
        SheetRow(5, {}, "the line is no JSON"),
        SheetRow(6, {"id": 1, "review": "discarded"}),
    ]
    checked = RULES.check(rows, STORED)
    assert [(review.id, review.review, review.reviewer) for review in checked.reviews] == [(1, "accepted", "ada")]
    assert [line for line, _ in checked.refused] == [3, 5, 6]
    assert (checked.unreviewed, checked.unchanged) == (1, 0)


def test_a_review_that_stands_there_already_is_unchanged_and_can_not_be_contradicted_below_it() -> None:
    stored = {1: failure(1, "tea house", review="accepted", correction={"expect": "suggest"}, reviewed_by="ada")}
    rows = [SheetRow(2, {"id": 1, "review": "accepted"}), SheetRow(3, {"id": 1, "review": "discarded"})]
    checked = RULES.check(rows, stored)
    assert (checked.reviews, checked.unchanged) == ((), 1)
    assert "twice" in checked.refused[0][1]


HOSTILE = '=cmd|"/C calc"!A0, and\nmore; "quotes"'


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_sheet_is_read_back_as_it_was_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"sheet.{kind}"
    with Artefact(path) as artefact:
        sheet = CsvSheet(artefact) if kind == "csv" else JsonSheet(artefact)
        sheet.add(failure(1, HOSTILE))
        sheet.add(
            failure(
                2, "tea", review="corrected", reviewed_by="ada",
                correction={"expect": "suggest", "domains": ["teapark.com"], "note": "short"},
            )
        )  # fmt: skip
        artefact.publish()
    first, second = read_sheet(path)
    assert first.problem is None
    assert (str(first.cells["id"]), first.cells["input"], first.cells["review"]) == ("1", HOSTILE, "")
    assert {name: second.cells[name] for name in ("review", "expect", "reviewer", "note")} == {
        "review": "corrected", "expect": "suggest", "reviewer": "ada", "note": "short",
    }  # fmt: skip


def test_a_csv_sheet_is_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    with Artefact(path) as artefact:
        CsvSheet(artefact).add(failure(1, HOSTILE, original_output={"examples": ["=1+1"], "count": 1, "of": 2}))
        artefact.publish()
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_a_csv_sheet_says_what_was_found_and_what_two_moderators_thought(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    output = {
        "reason": "No.", "opinions": "local allow (0.01), service flags hate (0.97)", "count": 2, "of": 5,
        "examples": ["penisland.com", "plain.com"],
        "findings": {"penisland.com": [{"code": "sexual_word", "evidence": "penis land"}]},
    }  # fmt: skip
    with Artefact(path) as artefact:
        CsvSheet(artefact).add(failure(1, "tea", original_output=output))
        artefact.publish()
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["output"] == (
        "No.; local allow (0.01), service flags hate (0.97); 2 of 5; e.g. penisland.com (penis land), plain.com"
    )


def test_a_json_sheet_holds_failure_records(tmp_path: Path) -> None:
    path = tmp_path / "sheet.jsonl"
    with Artefact(path) as artefact:
        JsonSheet(artefact).add(failure(1, "tea"))
        artefact.publish()
    row = json.loads(path.read_text(encoding="utf-8"))
    assert row["metadata"]["failure_type"] == "poor_quality"
    assert set(row["metadata"]) == {
        "source", "failure_type", "severity", "category", "root_cause", "improvement_strategy", "original_output",
        "model", "oracle",
    }  # fmt: skip


def test_rubbish_is_named_by_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(b"ID;Review;note\n1;accepted;\n2;accepted;\xff\n3;accepted;;;;\n\n4;discarded;'=x\n")
    rows = read_sheet(path)
    assert [(row.line, row.problem) for row in rows] == [
        (2, None),
        (3, "the row is not UTF-8"),
        (4, "the row has more cells than the header"),
        (6, None),
    ]
    assert rows[3].cells["note"] == "=x"
    lines = tmp_path / "sheet.jsonl"
    lines.write_bytes(b'{"id": 1}\nnot json\n[1]\n\n{"id": 2, "note": "\xff"}\n' + b"[" * 100_000 + b"\n")
    assert [(row.line, row.problem is None) for row in read_sheet(lines)] == [
        (1, True), (2, False), (3, False), (5, False), (6, False),
    ]  # fmt: skip


def test_a_file_that_is_no_sheet_is_refused_whole(tmp_path: Path) -> None:
    for content in (b"", b"a,b\n1,2\n", bytes(range(256))):
        path = tmp_path / "sheet.csv"
        path.write_bytes(content)
        with pytest.raises(InputFileError, match="column id, review is missing"):
            read_sheet(path)
