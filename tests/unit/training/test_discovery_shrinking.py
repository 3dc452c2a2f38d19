"""Delta debugging leaves what fails and nothing else, within its budget."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from training.discovery.shrinking import Budget, apply_edits, edits_between, minimise


def failing(needed: set[int]) -> Callable[[Sequence[Sequence[int]]], int | None]:
    return lambda candidates: next((at for at, each in enumerate(candidates) if needed <= set(each)), None)


@given(st.sets(st.integers(0, 39), min_size=1, max_size=4))
def test_what_is_needed_remains_and_in_order(needed: set[int]) -> None:
    assert minimise(range(40), failing(needed), Budget(10_000)) == sorted(needed)


def test_the_budget_is_kept_and_what_is_left_still_fails() -> None:
    budget = Budget(9)
    asked = 0

    def count(candidates: Sequence[Sequence[int]]) -> int | None:
        nonlocal asked
        asked += len(candidates)
        return failing({3, 30})(candidates)

    kept = minimise(range(40), count, budget)
    assert asked == 9
    assert budget.left == 0
    assert {3, 30} <= set(kept)


@given(st.text(max_size=40), st.text(max_size=40))
def test_all_edits_together_are_the_whole_difference(before: str, after: str) -> None:
    edits = edits_between(before, after)
    assert apply_edits(before, edits) == after
    assert apply_edits(before, []) == before


def test_what_stands_around_a_seed_goes_word_by_word_and_the_seed_stays_whole() -> None:
    edits = edits_between("red hats", "We sell red hats on Mondays")
    assert [edit.text for edit in edits] == ["We ", "sell ", " on", " Mondays"]
    assert apply_edits("red hats", edits[1:3]) == "sell red hats on"


def test_exchanged_letters_are_edits_of_their_own() -> None:
    edits = edits_between("passport", "p4ssp0rt")
    assert [apply_edits("passport", [edit]) for edit in edits] == ["p4ssport", "passp0rt"]
