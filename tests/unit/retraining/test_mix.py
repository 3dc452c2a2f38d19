"""The mixed set keeps its shares, whatever lessons come."""

from pathlib import Path

import pytest

from training.examples import Example, write_examples
from training.retraining.lessons import Lesson
from training.retraining.mix import FAILURE_SHARE, REHEARSED, Recipe, mix, refuses
from training.retraining.teaching import REVIEW, teach


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 named rows of each kind, 200 refusals."""
    folder = tmp_path_factory.mktemp("base")
    kinds = ("curated", "composed", "lexicon", "benign")
    rows = [
        Example(f"use dawn ; for {kind} shop number {at}", f"<compound> {kind} dawn .com", kind, "violence")
        for kind in kinds
        for at in range(400)
    ]
    rows += [
        Example(f"use dawn ; for harm number {at}", "<compound> <none>", "harmful", "violence")
        for at in range(160)
    ]
    rows += [Example(f"use dawn ; for zzkk {at}", "<blend> <none>", "nonsense") for at in range(40)]
    write_examples(folder / "train.jsonl", rows)
    write_examples(folder / "dev.jsonl", rows[::40])
    write_examples(folder / "test.jsonl", rows[::50])
    return folder


def lessons(count: int, expect="suggest", at: float = 10.0, **changes):
    names = () if expect != "suggest" else ("ferretcanal.com", "canalferret.com")
    return [
        Lesson(f"failure:{n}", f"ferret hotel {n} beside canal {n}", expect, names, "poor_quality", "more_training_data", at, **changes)
        for n in range(count)
    ]  # fmt: skip


def test_lessons_are_at_most_a_fifth_and_none_is_left_out(base: Path) -> None:
    mixture = mix(base, lessons(60), Recipe(rows=500))
    taught = [each for each in mixture.parts["train"] if each.industry == "poor_quality"]
    assert len(taught) == FAILURE_SHARE * 500
    assert {each.description.split()[-1] for each in taught} >= {str(number) for number in range(60)}
    assert mixture.card["shares"]["lessons"] <= FAILURE_SHARE


@pytest.mark.parametrize(("production", "wanted"), [(None, 0.15), (0.0, 0.15), (0.18, 0.18), (0.9, 0.25)])
def test_refusals_have_productions_share_within_bounds(base: Path, production, wanted) -> None:
    mixture = mix(base, lessons(4), Recipe(rows=600, refusal_share=production))
    refusals = sum(map(refuses, mixture.parts["train"]))
    assert refusals == pytest.approx(wanted * 600, abs=2)
    assert len(mixture.parts["train"]) == pytest.approx(600, abs=3)


def test_every_harmful_row_has_a_lawful_neighbour(base: Path) -> None:
    card = mix(base, lessons(10, "refuse"), Recipe(rows=600)).card
    refusing = round(card["shares"]["refusals"] * card["examples"]) - card["by_source"]["replay_nonsense"]
    assert card["by_source"]["replay_neighbours"] == refusing


def test_some_of_the_replayed_refusals_and_neighbours_are_learnt_anew(base: Path) -> None:
    mixture = mix(base, lessons(10), Recipe(rows=600))
    learnt = [each for each in mixture.parts["train"] if each.style == REVIEW and each.industry == "violence"]
    sources = mixture.card["by_source"]
    assert sum(map(refuses, learnt)) == round(REHEARSED * sources["replay_harmful"])
    assert sum(not refuses(each) for each in learnt) == round(REHEARSED * sources["replay_neighbours"])


def test_old_lessons_come_once_and_new_ones_often(base: Path) -> None:
    old, new = lessons(1, at=1.0), lessons(1, at=10.0)
    counts = mix(base, old, Recipe(rows=600, since=5.0)).card["by_source"]
    assert counts["lessons_older"] == 1
    counts = mix(base, new, Recipe(rows=600, since=5.0)).card["by_source"]
    assert counts["lessons_new"] == 8


def test_what_is_held_back_is_nowhere_in_the_set(base: Path) -> None:
    rows = [
        *lessons(3),
        Lesson("failure:9", "kiln repair on wheels", "suggest", ("kilnwheel.com",), use="held_back"),
    ]
    mixture = mix(base, rows, Recipe(rows=400))
    assert not any("kiln" in each.source for part in mixture.parts.values() for each in part)
    assert mixture.card["lessons"] == {"train": 3, "dev": 0, "held_back": 1}


def test_dev_lessons_choose_weights_and_do_not_train(base: Path) -> None:
    rows = [*lessons(3), Lesson("failure:9", "kiln repair on wheels", "suggest", ("kilnwheel.com",), use="dev")]
    mixture = mix(base, rows, Recipe(rows=400))
    assert mixture.lessons_dev
    assert set(mixture.lessons_dev) <= set(mixture.parts["dev"])
    assert not any("kiln" in each.source for each in mixture.parts["train"])


def test_the_same_lessons_give_the_same_set(base: Path) -> None:
    first, again = (mix(base, lessons(5), Recipe(rows=300)).card["digest"] for _ in range(2))
    assert first == again
    assert mix(base, lessons(5), Recipe(rows=300, seed=1)).card["digest"] != first


def test_a_lawful_row_without_names_gets_some_by_rule_and_a_harmful_one_none() -> None:
    lawful = teach([Lesson("failure:1", "florist for dogs", "suggest", (), "over_refusal")], rounds=2, seed=0)
    assert lawful
    assert all(each.domains for each in lawful)
    harmful = teach(
        [Lesson("failure:1", "rent a killer by the hour", "refuse", (), "safety_leak")], rounds=3, seed=0
    )
    assert {each.target.partition(" ")[2] for each in harmful} == {"<none>"}
    assert {each.kind for each in harmful} == {"harmful"}
    rubbish = teach([Lesson("failure:1", "blorp fnord zzt", "reject_input")], rounds=1, seed=0)
    assert {each.kind for each in rubbish} == {"nonsense"}


def test_a_persons_name_is_taught_as_it_was_written() -> None:
    made = teach([Lesson("failure:1", "small ferret hotel", "suggest", ("ferretcanal.com",))], rounds=3, seed=0)
    labels = {domain.partition(".")[0] for each in made for domain in each.domains}
    assert labels == {"ferretcanal"}
