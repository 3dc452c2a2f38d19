"""The evaluation counts rightly, and the parts of the safety rows do not leak into each other."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from domaingen.assets import asset
from domaingen.errors import InputFileError
from domaingen.moderation.verdict import Decision, Finding, Verdict
from training import moderation_evaluation
from training.leaks import find_leaks
from training.moderation_evaluation import (
    Case,
    evaluate_cases,
    evaluate_names,
    names_table,
    read_cases,
    read_labels,
    table,
)
from training.moderator_rows import choosing_examples, safety_rows
from training.safety_rows import SafetyRow, split_of
from training.statistics import share_interval


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
    assert figures["model_alone"]["slices"]["category"]["drugs"]["recall"]["share"] == 1.0


def test_wilson_intervals_agree_with_the_published_example() -> None:
    low, high = share_interval(81, 263)  # Newcombe 1998, table I, method 3
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


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("rows.jsonl", b'{"input": "x"}\n', "line 1: a row needs input and expect"),
        ("rows.jsonl", b'{"input": 7, "expect": "refuse"}\n', "line 1: a row needs input and expect"),
        ("rows.jsonl", b'{"input": "x", "expect": "reject_input"}\n', "line 1: a row needs input and expect"),
        ("rows.jsonl", b'{"input": "x", "expect": "refuse"}\n{\n', "line 2: no JSON"),
        ("rows.jsonl", b"[]\n", "line 1: a row needs input and expect"),
        ("rows.jsonl", b"", "holds no rows"),
        ("rows.jsonl", b"\xff\xfe", "can't be read"),
        ("rows.csv", b"id,text\n1,bakery\n", "no column description"),
        ("rows.csv", b"description\n\xff\n", "can't be read"),
    ],
)
def test_a_file_that_holds_no_cases_is_refused(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFileError, match=problem):
        read_cases(tmp_path / name)


class FoundByLetters:
    """Sees a hidden word in labels with `rse`, a brand in those with `shell`."""

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        codes = {"rse": "hidden_word", "shell": "brand"}
        return [Finding(code, letters) for letters, code in codes.items() if letters in label]


def test_labels_are_read_from_real_domains_or_from_words(tmp_path: Path) -> None:
    domains = tmp_path / "companies.csv"
    domains.write_text(
        "id,description,real_domain\n1,bakery,crumb.co.uk\n2,tiler,\n3,vet,paw.vet\n", encoding="utf-8"
    )
    words = tmp_path / "unlucky.txt"
    words.write_text("crumb paw\ntile-lane\n", encoding="utf-8")
    assert read_labels(domains) == ["crumb", "paw"]
    assert read_labels(words) == ["crumb", "paw", "tile-lane"]
    words.write_text("\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="no labels"):
        read_labels(words)


def test_hidden_words_are_counted_apart_from_other_findings() -> None:
    figures = evaluate_names(["horseride", "shellgarden", "tilelane", "crumb"], FoundByLetters())
    assert (figures["hidden_words"]["hits"], figures["flagged"]["hits"], figures["flagged"]["rows"]) == (1, 2, 4)
    lines = names_table({"mine": figures}).splitlines()
    assert lines[2].startswith("| mine | 25.0% (4.6%–69.9%) of 4 | 50.0% (15.0%–85.0%) of 4 |")
    assert lines[4:] == ["horseride: hidden_word: rse", "shellgarden: brand: shell"]


def test_labels_alone_are_measured_without_a_classifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("domaingen.moderation.names.bundled_label_moderator", FoundByLetters)
    monkeypatch.setattr(
        "domaingen.moderation.local.LocalModerator", lambda: pytest.fail("no description is judged here")
    )
    labels, out = tmp_path / "labels.txt", tmp_path / "figures.json"
    labels.write_text("horseride crumb", encoding="utf-8")
    moderation_evaluation.main(["--part", "none", "--labels", str(labels), "--out", str(out)])
    assert "| labels | 50.0%" in capsys.readouterr().out
    assert json.loads(out.read_text(encoding="utf-8"))["names"]["labels"]["hidden_words"]["hits"] == 1


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
        "evaluation/moderation_languages.jsonl",
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
