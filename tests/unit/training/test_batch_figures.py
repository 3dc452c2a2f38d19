"""Figures over a whole batch, and blind readings of two batches."""

import json
from pathlib import Path
from typing import Any

import pytest

from domaingen.errors import DomaingenError
from training.batch_figures import affix_of, constraints_kept, figures_of
from training.blind_reading import count_answers, make_sheet


def _record(row: int, description: str, *domains: str, status: str = "suggested") -> dict[str, Any]:
    return {
        "row": row,
        "description": description,
        "status": status,
        "suggestions": [{"domain": domain, "source": "model"} for domain in domains],
    }


def test_a_label_in_two_rows_and_an_invalid_name_are_seen() -> None:
    records = [
        _record(1, "organic coffee shop in town", "brewtown.com", "beanlane.com"),
        _record(2, "a marine surveyor for cargo", "hullwatch.com", "brewtown.io"),
        _record(3, "bakery with rye bread", "rye_bread.com", "crustlane.com"),
        _record(4, "", status="rejected"),
    ]
    figures = figures_of(records, count=2)
    assert figures["rows"] == {"suggested": 3, "rejected": 1}
    assert figures["valid_names"] == round(5 / 6, 4)
    assert figures["labels_of_one_row"] == round(4 / 5, 4)
    assert figures["full_rows"] == 1.0


def test_relevance_is_high_for_own_names_and_low_for_swapped_ones() -> None:
    texts = [
        "coffee roastery downtown",
        "dog grooming salon",
        "bicycle repair shop",
        "wedding flowers",
        "tax accountant",
    ]
    domains = ["coffeeroast.com", "doggrooming.com", "bikerepair.com", "weddingflowers.com", "taxaccount.com"]
    own = figures_of([_record(at, text, name) for at, (text, name) in enumerate(zip(texts, domains, strict=True))])
    turned = domains[1:] + domains[:1]
    swapped = figures_of(
        [_record(at, text, name) for at, (text, name) in enumerate(zip(texts, turned, strict=True))]
    )
    assert own["own_against_other_auc"] > 0.95
    assert swapped["own_against_other_auc"] < own["own_against_other_auc"] - 0.1


@pytest.mark.parametrize(
    ("label", "segments", "affix"),
    [
        ("brewery", ("brewery",), "-ery"),
        ("leafstead", ("leaf", "stead"), "-stead"),
        ("gobaker", ("go", "baker"), "go-"),
        ("brewtown", ("brew", "town"), None),
    ],
)
def test_affixes_are_told_from_words(label: str, segments: tuple[str, ...], affix: str | None) -> None:
    assert affix_of(label, segments) == affix


def test_a_broken_constraint_is_seen() -> None:
    record = _record(1, "a bakery in town", "ryehouse.com")
    assert constraints_kept({"max_length": "8", "tlds": ".com"}, record)
    assert not constraints_kept({"max_length": "7"}, record)
    assert not constraints_kept({"tlds": ".io"}, record)


def _write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_a_blind_sheet_hides_the_sides_and_the_count_finds_them_again(tmp_path: Path) -> None:
    texts = [f"business number {at}" for at in range(40)]
    first = _write(tmp_path / "a.jsonl", [_record(at, text, f"good{at}.com") for at, text in enumerate(texts)])
    second = _write(tmp_path / "b.jsonl", [_record(at, text, f"poor{at}.com") for at, text in enumerate(texts)])
    sheet, key = make_sheet(first, second, rows=30, seed=1)
    assert len(sheet) == 30
    assert {"left", "right"} == set(key.values())
    for row in sheet:
        row["better"] = "left" if row["left"][0].startswith("good") else "right"
    counted = count_answers(sheet, key)
    assert (counted["first"], counted["second"]) == (30, 0)
    assert counted["p"] < 0.001
    sheet[3]["better"] = "both"
    with pytest.raises(DomaingenError, match="row 4"):
        count_answers(sheet, key)
