"""The evaluation counts rightly, and the parts of the safety rows do not leak into each other."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from domaingen.assets import asset
from domaingen.errors import InputFileError
from domaingen.moderation.verdict import Decision, Verdict
from training.moderation_evaluation import Case, evaluate_cases, find_leaks, read_cases, table, wilson
from training.moderator_rows import choosing_examples, safety_rows
from training.safety_rows import SafetyRow, split_of


class ByWord:
    """Refuses what holds `bad`, is unsure about `odd`."""

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [
            Verdict(Decision.REFUSE, "fraud") if "bad" in text
            else Verdict(Decision.UNCERTAIN, "fraud") if "odd" in text
            else Verdict(Decision.ALLOW)
            for text in descriptions
        ]  # fmt: skip


CASES = [
    Case("bad one", True, (("category", "fraud"),)),
    Case("odd one", True, (("category", "fraud"),)),
    Case("sly one", True, (("category", "drugs"),)),
    Case("good one", False, (("category", "drugs"),)),
    Case("not bad", False, (("category", "drugs"),)),
]


def test_uncertain_counts_as_refused_and_is_given_apart() -> None:
    figures = evaluate_cases(CASES, ByWord())
    assert (figures["recall"]["hits"], figures["recall"]["rows"]) == (2, 3)
    assert figures["without_uncertain"]["recall"]["hits"] == 1
    assert figures["lawful_refused"]["share"] == 0.5
    assert figures["slices"]["category"]["drugs"]["recall"]["share"] == 0.0


def test_moderation_and_model_are_measured_apart_and_together() -> None:
    figures = evaluate_cases(CASES, ByWord(), model_refuses=lambda texts: ["sly" in text for text in texts])
    assert figures["model_alone"]["recall"]["hits"] == 1
    assert figures["together"]["recall"]["hits"] == 3


def test_wilson_intervals_agree_with_the_published_example() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_a_table_line_for_each_set_and_slice() -> None:
    figures = {"sets": {"mine": evaluate_cases(CASES, ByWord())}}
    assert len(table(figures).splitlines()) == 2 + 1 + 2


def test_files_of_cases_are_read(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"input": "x", "expect": "refuse", "category": "fraud"}) + "\n", encoding="utf-8")
    names = tmp_path / "rows.csv"
    names.write_text("id,description\n1,bakery\n", encoding="utf-8")
    assert read_cases(rows) == [Case("x", True, (("category", "fraud"),))]
    assert read_cases(names) == [Case("bakery", False)]
    rows.write_text('{"input": "x"}\n', encoding="utf-8")
    with pytest.raises(InputFileError, match="line 1"):
        read_cases(rows)


def test_a_leak_would_be_found() -> None:
    parts = {split_of("fraud", f"t{number}"): f"t{number}" for number in range(40)}
    text = "a bakery that sells warm bread to everybody"
    rows = [SafetyRow("fraud", topic, False, "en", "pitch", text) for topic in parts.values()]
    assert len(find_leaks(rows)) == 3


def test_no_text_stands_in_two_parts() -> None:
    assert find_leaks(safety_rows()) == []


def test_no_row_that_measures_moderation_is_taught() -> None:
    names = (
        "evaluation/moderation.jsonl",
        "evaluation/moderation_second.jsonl",
        "evaluation/moderation_third.jsonl",
        "moderation/dev.jsonl",
    )
    lines = [
        line
        for name in names
        for line in asset("safety").parent.joinpath(name).read_text(encoding="utf-8").splitlines()
    ]
    taught = [row for row in safety_rows() if split_of(row.category, row.topic) == "train"]
    measuring = [json.loads(line)["input"] for line in lines]
    assert len(measuring) > 3000
    assert find_leaks(taught, measuring) == []


def test_thresholds_are_chosen_on_rows_that_do_not_measure() -> None:
    folder = asset("safety").parent
    measuring = {
        json.loads(line)["input"].casefold()
        for line in (folder / "evaluation" / "moderation.jsonl").read_text(encoding="utf-8").splitlines()
    }
    assert len(measuring) > 700
    assert not measuring & {example.text.casefold() for example in choosing_examples()}


def test_every_category_has_held_out_rows_of_both_kinds() -> None:
    held_out = {
        (row.category, row.harmful) for row in safety_rows() if split_of(row.category, row.topic) == "test"
    }
    assert len(held_out) == 2 * len({row.category for row in safety_rows()})
