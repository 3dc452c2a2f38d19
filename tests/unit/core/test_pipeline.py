"""One outcome for every row, whatever the row and whatever breaks."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaingen.errors import EngineError
from domaingen.generation.engine import Completion, Prompt
from domaingen.moderation.verdict import Decision, Finding, Verdict
from domaingen.names.domain import parse_domain
from domaingen.outcomes import Judge, Status
from domaingen.pipeline import Options, Parts, Row, name_rows
from domaingen.suggestion import Outcome
from tests.support.fakes import AllowAll, InstantEngine, InstantSource


def parts(**changes: object) -> Parts:
    return replace(InstantSource().parts("instant", "local"), **changes)


def row(description: str, number: int = 1, **cells: str) -> Row:
    return Row(number, str(number), description, {"description": description, **cells})


def named(description: str, options: Options | None = None, /, **cells: str) -> Outcome:
    [outcome] = name_rows([row(description, **cells)], parts(), options or Options())
    return outcome


def test_a_good_row_gets_as_many_names_as_it_asks_for_best_first() -> None:
    outcome = named("organic coffee shop in downtown area", count="4")
    assert outcome.status is Status.SUGGESTED
    assert len(outcome.suggestions) == 4
    scores = [suggestion.score for suggestion in outcome.suggestions]
    assert scores == sorted(scores, reverse=True)
    assert outcome.model == "instant"


def test_constraints_are_obeyed_in_every_name() -> None:
    outcome = named("organic coffee shop", tlds=".io .co.uk", max_length="9", avoid="ba, co")
    assert outcome.suggestions
    for suggestion in outcome.suggestions:
        name = parse_domain(suggestion.domain)
        assert name.suffix in {".io", ".co.uk"}
        assert len(name.label) <= 9
        assert "ba" not in name.label
        assert "co" not in name.label


@pytest.mark.parametrize(
    ("cells", "failure"),
    [
        ({"max_length": "many"}, "invalid_constraint"),
        ({"count": "0"}, "invalid_constraint"),
        ({"style": "loud"}, "invalid_constraint"),
        ({"tlds": "http://x"}, "invalid_constraint"),
        ({"tlds": ".notatld"}, "constraint_unsatisfiable"),
        ({"": "one cell too many"}, "malformed_row"),
    ],
)
def test_a_bad_cell_is_an_outcome_of_its_row(cells: dict[str, str], failure: str) -> None:
    [outcome] = name_rows([Row(1, "1", "bakery", {"description": "bakery", **cells})], parts(), Options())
    assert outcome.failure_type == failure
    assert outcome.reason


class Strict(AllowAll):
    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        verdicts = {
            "bomb": Verdict(Decision.REFUSE, "weapons", "No weapons.", 0.9),
            "odd": Verdict(Decision.UNCERTAIN, "fraud", "Unclear.", 0.5),
        }
        return [verdicts.get(description, Verdict(Decision.ALLOW)) for description in descriptions]

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        return [Finding("hidden_word", "ba")] if "ba" in label else []


def test_refused_rows_name_the_harm_and_uncertain_ones_follow_the_setting() -> None:
    strict = parts(moderator=Strict())
    rows = [row("bomb", 1), row("odd", 2), row("bakery", 3)]
    safe = name_rows(rows, strict, Options())
    assert [outcome.status for outcome in safe] == ["refused", "refused", "suggested"]
    assert (safe[0].failure_type, safe[0].category, safe[0].reason) == ("safety_issue", "weapons", "No weapons.")
    bold = name_rows(rows, strict, Options(refuse_uncertain=False))
    assert [outcome.status for outcome in bold] == ["refused", "suggested", "suggested"]


def test_a_name_that_moderation_finds_fault_with_is_replaced_by_the_next() -> None:
    [outcome] = name_rows([row("organic coffee shop")], parts(name_moderator=Strict()), Options())
    assert outcome.suggestions
    assert not any("ba" in suggestion.domain.split(".")[0] for suggestion in outcome.suggestions)


class RefusesAll(AllowAll):
    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        return [Finding("brand", label)]


def test_a_row_none_of_whose_names_survives_fails_and_is_never_padded() -> None:
    [outcome] = name_rows([row("bakery")], parts(name_moderator=RefusesAll()), Options())
    assert (outcome.status, outcome.failure_type) == (Status.FAILED, "too_few_suggestions")


class Fragile(InstantEngine):
    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        if any("breaks" in prompt.source for prompt in prompts):
            raise EngineError("broken")
        return super().complete(prompts, max_tokens=max_tokens)


class BreaksSecond(InstantEngine):
    """Answers once; in the second round the row at hand breaks it, a harmless prompt does not."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds = 0

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        if prompts[0].source != "for bakery":
            self.rounds += 1
            if self.rounds > 1:
                raise EngineError("broken")
        return super().complete(prompts, max_tokens=max_tokens)


def test_a_row_that_breaks_the_engine_when_asked_again_says_so() -> None:
    broken = parts(engine=BreaksSecond(), name_moderator=RefusesAll())
    [outcome] = name_rows([row("bread shop")], broken, Options())
    assert outcome.failure_type == "engine_error"


class Counting(AllowAll):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        self.seen.append(label)
        return []


def test_only_names_that_would_be_shown_are_read_in_all_their_ways() -> None:
    moderator = Counting()
    [outcome] = name_rows([row("organic coffee shop")], parts(name_moderator=moderator), Options())
    assert sorted(moderator.seen) == sorted(each.domain.split(".")[0] for each in outcome.suggestions)


def test_one_row_that_breaks_the_engine_does_not_take_its_neighbours_with_it() -> None:
    rows = [row("bakery", 1), row("breaks the engine", 2), row("florist", 3)]
    outcomes = name_rows(rows, parts(engine=Fragile()), Options())
    assert [outcome.status for outcome in outcomes] == ["suggested", "failed", "suggested"]
    assert outcomes[1].failure_type == "engine_error"


def test_a_row_ends_the_same_alone_and_among_others() -> None:
    rows = [row(f"bakery number {number} by the river", number) for number in range(1, 30)]
    together = name_rows(rows, parts(), Options(seed=3))
    alone = [name_rows([each], parts(), Options(seed=3))[0] for each in reversed(rows)]
    assert together == alone[::-1]


def test_judging_later_leaves_the_score_of_the_rules_and_says_pending() -> None:
    [outcome] = name_rows([row("bakery")], parts(judge=None, judge_kind=Judge.PENDING), Options())
    first = outcome.suggestions[0]
    assert (first.judge, first.judge_score, first.relevance) == (Judge.PENDING, None, None)
    assert first.score == first.rule_score


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=8))
def test_any_texts_end_in_exactly_one_outcome_each(texts: list[str]) -> None:
    rows = [row(text, number) for number, text in enumerate(texts, start=1)]
    outcomes = name_rows(rows, parts(), Options())
    assert len(outcomes) == len(rows)
    for outcome in outcomes:
        assert (outcome.status is Status.SUGGESTED) == bool(outcome.suggestions) == (outcome.failure_type is None)
        for suggestion in outcome.suggestions:
            parse_domain(suggestion.domain)
            assert 0 <= suggestion.score <= 1
