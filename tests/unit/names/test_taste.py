"""Taste: which of two fitting names a reader would rather be shown."""

import json
from pathlib import Path

import numpy as np
import pytest

from domaingen.lexicon import bundled_lexicon
from domaingen.names.reading import Reading, read_description
from domaingen.names.taste import bundled_taste, describe_name


def reading(text: str) -> Reading:
    return read_description(text, bundled_lexicon().match(text))


@pytest.mark.parametrize(
    ("description", "better", "worse"),
    [
        ("bicycle repair shop, wheels trued while you wait", ("bicycle", "spoke"), ("wait", "velvet")),
        ("organic coffee shop in downtown area", ("downtown", "roast"), ("area", "magpie")),
        ("sailing club, dinghies, tuesday races", ("tuesday", "tide"), ("elder", "dinghy")),
        ("Dog grooming at home, gentle with nervous dogs", ("gentle", "paw"), ("home", "sixth")),
    ],
)
def test_an_apt_name_is_liked_better_than_an_arbitrary_one(
    description: str, better: tuple[str, ...], worse: tuple[str, ...]
) -> None:
    good, bad = bundled_taste().rate(reading(description), [(better, ".com", None), (worse, ".com", None)])
    assert good > bad + 0.2


def test_a_name_has_the_same_grade_alone_and_among_others() -> None:
    place = reading("bakery with sourdough bread")
    names = [
        (("crust", "lane"), ".com", None),
        (("bread",), ".shop", None),
        (("rye", "and", "rise"), ".com", None),
    ]
    together = bundled_taste().rate(place, names)
    assert together == [bundled_taste().rate(place, [name])[0] for name in names]


def test_nothing_to_grade_is_no_error_and_words_that_nobody_knows_have_a_grade() -> None:
    assert bundled_taste().rate(reading("bakery"), []) == []
    (grade,) = bundled_taste().rate(reading("東京のパン屋"), [(("qzxv",), ".com", None)])
    assert np.isfinite(grade)


def test_grades_are_whole_rows_of_names_and_none_of_a_row_that_measures() -> None:
    from domaingen.assets import asset
    from training.held_out import bare, measuring_rows, measuring_texts

    data = asset("curated").parent
    measured = {bare(row.description) for row in measuring_rows(data)} | measuring_texts(data)
    lines = Path(asset("names", "grades.jsonl")).read_text(encoding="utf-8").splitlines()
    for line in lines:
        row = json.loads(line)
        assert len(row["names"]) == len(row["grades"])
        assert all(0 <= grade <= 4 for grade in row["grades"])
        assert bare(row["description"]) not in measured


@pytest.mark.torch
def test_the_network_learns_an_order_and_a_stack_of_networks_is_their_mean() -> None:
    torch = pytest.importorskip("torch")
    from domaingen.names.taste import Taste
    from training import name_taste

    torch.set_num_threads(1)
    place = reading("bakery with sourdough bread")
    names = [
        (word, "oven") if at % 2 else ("oven", word) for at, word in enumerate(["rye", "bun", "loaf", "crust"] * 6)
    ]
    found = [describe_name(place, name, ".com") for name in names]
    rows = np.repeat(np.arange(6), 4)
    table = name_taste.Table(
        np.array([numbers for numbers, _, _ in found], dtype=np.float32),
        np.array([place.vector] * 24, dtype=np.float32),
        np.array([begins for _, begins, _ in found], dtype=np.float32),
        np.array([ends for _, _, ends in found], dtype=np.float32),
        np.array([float(name[1] == "oven") * 3 for name in names], dtype=np.float32),
        rows,
    )
    everything = np.ones(24, dtype=np.bool_)
    members = [name_taste.fit(table, everything, seed) for seed in (0, 1)]
    right, _, _ = name_taste.order_figures(table, name_taste.predict(members[0], table, everything))
    assert right > 0.9
    stacked = Taste({name: array.astype(np.float32) for name, array in name_taste.stack(members).items()})
    means = np.mean([name_taste.predict(each, table, everything) for each in members], axis=0)
    assert stacked.rate(place, [(name, ".com", None) for name in names]) == pytest.approx(
        np.clip(means, 0.0, 4.0), abs=0.05
    )
