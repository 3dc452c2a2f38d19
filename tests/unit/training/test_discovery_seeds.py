"""The search begins with rows that may be learnt from, never with those that measure."""

import json
from pathlib import Path

import pytest

from domaingen.errors import InputFileError
from training.discovery.probes import sameness
from training.discovery.seeds import bundled_seeds, data_folder, measured_texts, read_seeds
from training.held_out import held_out_industries, measuring_rows
from training.safety_rows import read_safety, split_of

DATA = data_folder()


def test_no_bundled_seed_measures_anything() -> None:
    texts = {sameness(seed.text) for seed in bundled_seeds(DATA)}
    assert len(texts) > 5000
    assert not texts & measured_texts(DATA)
    assert not texts & {sameness(row.description) for row in measuring_rows(DATA)}
    assert not {seed.industry for seed in bundled_seeds(DATA)} & held_out_industries(DATA)


def test_the_example_that_stands_in_the_must_pass_suite_is_left_out() -> None:
    line = "organic coffee shop in downtown area"
    assert line in (DATA / "examples" / "businesses.csv").read_text(encoding="utf-8")
    assert line not in {seed.text for seed in bundled_seeds(DATA)}


def test_harmful_seeds_come_from_the_train_part_alone() -> None:
    measured = {row.text for row in read_safety(DATA / "safety") if split_of(row.category, row.topic) != "train"}
    taught = {row.text for row in read_safety(DATA / "safety")} - measured
    harmful = {seed.text for seed in bundled_seeds(DATA) if seed.id.startswith("safety:")}
    assert measured
    assert harmful <= taught


def test_a_file_of_seeds_loses_the_rows_that_measure(tmp_path: Path) -> None:
    measured = json.loads((DATA / "evaluation" / "short.jsonl").read_text(encoding="utf-8").splitlines()[0])[
        "input"
    ]
    path = tmp_path / "seeds.csv"
    path.write_text(
        f"description,expect,max_length\n{measured.upper()}!,suggest,\nhat shop,suggest,9\n", encoding="utf-8"
    )
    seeds, left_out = read_seeds(path, DATA)
    assert left_out == 1
    assert [(seed.text, seed.expect, dict(seed.cells)) for seed in seeds] == [
        ("hat shop", "suggest", {"max_length": "9"})
    ]
    path.write_text(f"description\n{measured}\n", encoding="utf-8")
    with pytest.raises(InputFileError, match="evaluation sets"):
        read_seeds(path, DATA)


def test_json_lines_may_hold_constraints_and_need_no_label(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text(
        '{"input": "hat shop", "constraints": {"tlds": [".io", ".com"]}}\n\n{"text": "boat yard"}\n', "utf-8"
    )
    seeds, _ = read_seeds(path, DATA)
    assert [(seed.text, seed.expect, dict(seed.cells)) for seed in seeds] == [
        ("hat shop", None, {"tlds": ".io .com"}),
        ("boat yard", None, {}),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "line 1"),
        ('{"input": "hat shop"}\n[]', "line 2"),
        ('{"expect": "suggest"}', "no column or key"),
        ('{"input": "hat shop", "expect": "maybe"}', "expect must be one of"),
        ('{"input": "hat shop", "constraints": 3}', "constraints"),
        ("", "no rows"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFileError, match=problem):
        read_seeds(path, DATA)
