"""Synthesis: the same seed gives the same set, nothing leaks, names obey, and the report notices when they don't."""

import dataclasses
from collections import Counter
from pathlib import Path

import pytest

from domaingen.generation.text import read_source
from training import naming
from training.curated import CuratedRow, read_curated
from training.examples import Example, data_digest, labels_of, read_examples, write_examples
from training.invention import Material, invent
from training.quality import Limits, TrainingDataError, assess
from training.safety_rows import SafetyRow, split_of
from training.segments import segmented, split_seam
from training.synthesize import Amounts, Sources, read_sources, synthesize

SMALL = Amounts(lexicon=700, curated=1, composed=1, safety=1, nonsense=80)
LOOSE = Limits(industries_min=50, strategy_min=0.02, contrast_min=0.5, description_repeat_max=0.02)


@pytest.fixture(scope="module")
def sources() -> Sources:
    whole = read_sources()
    return Sources(whole.lexicon, whole.curated[::12], whole.safety[::48])


@pytest.fixture(scope="module")
def parts(sources: Sources) -> dict[str, list[Example]]:
    return synthesize(sources, 7, SMALL)  # type: ignore[return-value]


def test_the_same_seed_gives_the_same_examples_and_another_seed_others(
    sources: Sources, parts: dict[str, list[Example]]
) -> None:
    assert synthesize(sources, 7, SMALL) == parts
    assert synthesize(sources, 8, SMALL)["train"] != parts["train"]


def test_a_sound_set_passes(parts: dict[str, list[Example]]) -> None:
    quality = assess(parts, LOOSE)  # type: ignore[arg-type]
    assert quality.problems == ()
    quality.require()


def test_a_description_or_name_in_two_parts_fails_the_build(parts: dict[str, list[Example]]) -> None:
    leaking = {**parts, "train": [*parts["train"], parts["test"][0]]}
    with pytest.raises(TrainingDataError, match="description"):
        assess(leaking, LOOSE).require()  # type: ignore[arg-type]
    named = next(example for example in parts["dev"] if example.domains)
    by_name = {
        **parts,
        "train": [*parts["train"], dataclasses.replace(named, source="for something else altogether")],
    }
    with pytest.raises(TrainingDataError, match=r"names are in train and dev|1 names"):
        assess(by_name, LOOSE).require()  # type: ignore[arg-type]


def test_a_name_that_breaks_its_constraint_fails_the_build(parts: dict[str, list[Example]]) -> None:
    broken = Example("max 5 ; for some fresh words", "<compound> very longname .com", "lexicon", "x")
    with pytest.raises(TrainingDataError, match="break their own constraints"):
        assess({**parts, "train": [*parts["train"], broken]}, LOOSE).require()  # type: ignore[arg-type]


def test_too_many_refusals_fail_the_build(parts: dict[str, list[Example]]) -> None:
    refusals = [Example(f"for harm number {at}", "<compound> <none>", "harmful", "x") for at in range(3000)]
    with pytest.raises(TrainingDataError, match=r"refusals make up.*benign"):
        assess({**parts, "train": [*parts["train"], *refusals]}, LOOSE).require()  # type: ignore[arg-type]


def test_harmful_rows_are_refused_and_their_neighbours_named(parts: dict[str, list[Example]]) -> None:
    for example in parts["train"]:
        assert bool(example.domains) is (example.kind not in {"harmful", "nonsense"})
    kinds = [example.kind for example in parts["train"]]
    assert kinds.count("harmful") > 50 < kinds.count("benign")


def test_no_category_has_more_harmful_examples_than_benign_ones(parts: dict[str, list[Example]]) -> None:
    counts = Counter((example.kind, example.industry) for example in parts["train"])
    categories = {category for kind, category in counts if kind == "harmful"}
    assert len(categories) > 10
    for category in categories:
        assert counts["harmful", category] <= counts["benign", category], category


def test_safety_topics_of_test_are_never_trained_on(sources: Sources, parts: dict[str, list[Example]]) -> None:
    trained = {example.description for example in parts["train"]}
    from domaingen.generation.text import plain_words

    held = [row for row in sources.safety if split_of(row.category, row.topic) != "train"]
    assert held
    assert not {plain_words(row.text) for row in held} & trained


def test_hints_hold_a_word_of_the_target_more_often_than_not(parts: dict[str, list[Example]]) -> None:
    used = [
        any(hint in label for hint in read_source(example.source)[0].hints for label in labels_of(example))
        for example in parts["train"]
        if example.domains and read_source(example.source)[0].hints
    ]
    assert 0.6 < sum(used) / len(used) < 0.97


def test_examples_survive_the_disk(tmp_path: Path, parts: dict[str, list[Example]]) -> None:
    for part, examples in parts.items():
        write_examples(tmp_path / f"{part}.jsonl", examples[:20])
    assert list(read_examples(tmp_path / "dev.jsonl")) == parts["dev"][:20]
    assert len(data_digest(tmp_path)) == 64


def test_a_block_that_can_not_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    good = "@ bakery short\nbakery\n" + "\n".join(
        f"crust lane{'abcde'[at]} .com compound | crust + lane" for at in range(5)
    )
    (tmp_path / "a.txt").write_text(good + "\n\n@ bakery short\nbakery two\n")
    rows, problems = read_curated(tmp_path)
    assert len(rows) == 1
    assert (problems[0].path, problems[0].line) == (str(tmp_path / "a.txt"), 9)


def test_joined_labels_are_parted_where_their_words_meet() -> None:
    row = CuratedRow("x", "note", "espresso bar by the sea", read_row("brewbolt", "compound", "breweries + bolt"))
    assert segmented(row.names[0], row.description).segments == ("brew", "bolt")
    melted = segmented(read_row("espressail", "blend", "espresso + sail")[0], row.description)
    assert (melted.segments, melted.reason) == (("espres", "sail"), "espresso + sail")
    assert split_seam("goaterie", ["goat", "erie"]) == (("goat", "erie"), ("goat", "erie"))


def read_row(label: str, strategy: str, reason: str):  # type: ignore[no-untyped-def]
    from domaingen.outcomes import Source
    from domaingen.suggestion import Candidate

    return (Candidate((label,), ".com", Source.MODEL, strategy, reason),)


@pytest.mark.parametrize(
    "segments", [("triple", "less"), ("sea", "arrow"), ("bell", "lane"), ("brew", "brew"), ("ab", "c")]
)
def test_clumsy_names_are_not_made(segments: tuple[str, str]) -> None:
    assert not naming.sounds(segments)


def test_a_clear_name_is_made() -> None:
    assert naming.sounds(("downtown", "brew"))


def test_affixes_keep_the_grammar_of_their_roots() -> None:
    assert naming.affix("baker", "ery", 15) is None
    assert naming.affix("coffee", "ella", 15) is None
    assert naming.affix("baking", "ward", 15) is None
    made = naming.affix("marine", "wick", 15)
    assert made is not None
    assert made.segments == ("marine", "wick")


def test_names_follow_from_keys_and_hints_in_their_order() -> None:
    material = Material(("coffee", "commuter"), ("dawn", "kettle", "ember", "lantern"), 14)
    first, second, *_ = invent("compound", material)
    assert {"coffee", "dawn"} == set(first.segments)
    assert {"commuter", "kettle"} == set(second.segments)
    assert invent("compound", material) == invent("compound", material)
    assert not any(
        "dawn" in name.label
        for name in invent("compound", Material(("coffee",), ("dawn", "ember"), 14, ("dawn",)))
    )


def test_a_safety_row_has_one_part_for_all_its_topic() -> None:
    row = SafetyRow("drugs", "pills", True, "en", "pitch", "x")
    assert split_of(row.category, row.topic) == split_of("drugs", "pills")
