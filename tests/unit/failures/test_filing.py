"""What a row leaves behind becomes failures: with thresholds, counts and causes that follow from the evidence."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domaingen.failures.evidence import Evidence
from domaingen.failures.filing import MOST_FINDINGS, ScoredName, failures_of, quality_failures
from domaingen.failures.record import FailureRecord
from domaingen.generation.engine import Completion, Prompt
from domaingen.moderation.verdict import Decision, Finding, Verdict
from domaingen.outcomes import Judge, Source, Status
from domaingen.pipeline import Options, Parts, Row, name_rows
from domaingen.suggestion import Candidate, Outcome, Suggestion
from tests.support.fakes import AllowAll, InstantEngine, InstantSource

GOOD = "<compound> mori delu .com ; kafi tuso .com ; vane lopa .com"


class Scripted(InstantEngine):
    """Answers a row's prompts with these texts in turn."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self._texts = texts

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        return [Completion(self._texts[number % len(self._texts)]) for number in range(len(prompts))]


class Composer:
    """Names without the model, so that rows are suggested whatever it writes."""

    def __call__(self, brief: object, matches: object, seed: int) -> list[Candidate]:
        return [Candidate((f"plain{letter}",), ".com", Source.COMPOSED) for letter in "abcdefgh"]


def outcome_of(*texts: str, cells: dict[str, str] | None = None, **changes: object) -> Outcome:
    parts: Parts = replace(
        InstantSource().parts("instant", "local"),
        **({"engine": Scripted(*texts), "compose": Composer()} | changes),
    )
    row = Row(1, "1", "bakery by the sea", {"description": "bakery by the sea", **(cells or {})})
    return name_rows([row], parts, Options())[0]


def filed(outcome: Outcome) -> dict[str, FailureRecord]:
    records = failures_of("bakery by the sea", outcome)
    assert len(records) == len({record.failure_type for record in records}), "each type once"
    return {record.failure_type: record for record in records}


def test_a_good_row_files_nothing() -> None:
    assert filed(outcome_of(engine=InstantEngine())) == {}


def test_a_model_that_says_the_same_in_every_completion_is_filed_with_what_it_repeats() -> None:
    record = filed(outcome_of(GOOD))["duplicate_names"]
    assert (record.original_output["count"], record.original_output["of"]) == (12, 15)
    assert record.original_output["examples"] == ["moridelu.com", "kafituso.com", "vanelopa.com"]


def test_half_of_the_completions_refused_is_a_refusal_by_the_model_and_fewer_are_none() -> None:
    # Engines leave special tokens out, so a refusal arrives as a strategy and nothing else.
    record = filed(outcome_of("<compound> ", GOOD))["model_refusal"]
    assert (record.original_output["count"], record.original_output["of"]) == (3, 5)
    assert record.original_output["domains"]
    assert "model_refusal" not in filed(outcome_of("<compound> <none>", GOOD, GOOD))


class Doubtful(AllowAll):
    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [Verdict(Decision.ALLOW, risk=0.7) for _ in descriptions]


def test_a_refusal_by_the_model_is_a_miss_of_moderation_where_moderation_doubted_too() -> None:
    assert filed(outcome_of("<compound> "))["model_refusal"].cause == "data_gap"
    assert filed(outcome_of("<compound> ", moderator=Doubtful()))["model_refusal"].cause == "moderation_miss"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("<compound> crema crema .com ; corner corner .com ; mori delu .com", "decoding"),
        ("<compound> " + "rub" * 30, "truncation"),
        ("<compound> seed = pouno = crate .com", "parser"),
    ],
)
def test_what_can_not_be_read_has_the_cause_that_its_form_shows(text: str, cause: str) -> None:
    record = filed(outcome_of(text))["invalid_format"]
    assert record.cause == cause
    assert record.severity == "low", "the parser stopped it"
    assert 1 <= len(record.original_output["examples"]) <= 5


def test_one_unreadable_name_in_three_is_noise() -> None:
    assert "invalid_format" not in filed(outcome_of("<compound> mori mori .com ; kafi tuso .com ; vane lopa .com"))


def test_names_that_break_a_constraint_are_filed_from_half_on() -> None:
    long = "<compound> marvellous bakeries .com ; kafi .com"
    record = filed(outcome_of(long, cells={"max_length": "8"}))["constraint_broken"]
    # The second round asks again, so the counts are of both.
    assert record.original_output["reasons"]["max_length"] * 2 >= record.original_output["of"]
    assert record.cause == "decoding"
    short = "<compound> marvellous bakeries .com ; kafi .com ; tuso .com"
    assert "constraint_broken" not in filed(outcome_of(short, cells={"max_length": "8"}))


def test_a_constraint_that_no_name_of_the_model_keeps_is_itself_the_cause() -> None:
    record = filed(outcome_of("<compound> marvellous bakeries .com", cells={"max_length": "8"}))
    assert record["constraint_broken"].cause == "constraints"


class Strict(AllowAll):
    def inspect(self, label: str, *, description: str = "") -> list[Finding]:
        codes = {"kafituso": "hidden_word", "vanelopa": "brand_lookalike"}
        return [Finding(codes[label], label[:4]), Finding("other", label[4:])] if label in codes else []


def test_one_hidden_word_and_one_brand_are_filed_and_low_because_they_were_caught() -> None:
    records = filed(outcome_of(GOOD, name_moderator=Strict()))
    assert {"hidden_word", "brand_collision"} <= set(records)
    assert records["brand_collision"].original_output["examples"] == ["vanelopa.com"]
    assert records["brand_collision"].original_output["findings"] == {
        "vanelopa.com": [{"code": "brand_lookalike", "evidence": "vane"}, {"code": "other", "evidence": "lopa"}]
    }
    assert list(records["hidden_word"].original_output["findings"]) == ["kafituso.com"]
    assert {record.severity.value for record in records.values()} == {"low"}


def test_what_the_composer_writes_is_not_the_models_failing() -> None:
    evidence = Evidence(asked=5)
    evidence.drop("invalid", Candidate(("x-",), ".com", Source.COMPOSED))
    assert not evidence.dropped
    evidence.drop("invalid", Candidate(("x-",), ".com", Source.MODEL))
    assert evidence.as_dict()["dropped"] == {"invalid": {"count": 1, "examples": ["x-.com"]}}


def test_examples_are_bounded_and_counts_are_not() -> None:
    evidence = Evidence(asked=5)
    for number in range(50):
        evidence.drop("invalid", Candidate((f"n{number}" * 100,), ".com", Source.MODEL))
    seen = evidence.as_dict()["dropped"]["invalid"]
    assert seen["count"] == 50
    assert len(seen["examples"]) == 5
    assert max(map(len, seen["examples"])) <= 120


def test_fewer_names_than_asked_are_put_down_to_where_they_were_lost() -> None:
    nothing = {"compose": lambda brief, matches, seed: []}
    record = filed(outcome_of(GOOD, "<compound> mori mori .com", cells={"count": "9"}, **nothing))["fewer_names"]
    assert (record.original_output["count"], record.original_output["of"]) == (3, 9)
    assert record.severity == "medium", "the submitter sees it"
    records = filed(outcome_of("<compound> ", **nothing))
    assert records["too_few_suggestions"].cause == "data_gap"
    cells = {"max_length": "4"}
    assert filed(outcome_of(GOOD, cells=cells, **nothing))["too_few_suggestions"].cause == "constraints"


class Unsure(AllowAll):
    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [Verdict(Decision.UNCERTAIN, "fraud", "Unclear.", 0.83) for _ in descriptions]


def test_a_refusal_out_of_doubt_says_so_and_keeps_the_risk() -> None:
    record = filed(outcome_of(GOOD, moderator=Unsure()))["safety_issue"]
    assert (record.cause, record.category, record.original_output["risk"]) == ("uncertain_verdict", "fraud", 0.83)


class Disputed(AllowAll):
    def __init__(self, decision: Decision, opinions: str | None) -> None:
        self._verdict = Verdict(decision, "hate", "No hatred.", 0.97, disagreement=opinions)

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [self._verdict for _ in descriptions]


OPINIONS = "local allow (0.01), service flags hate (0.97)"


@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.UNCERTAIN])
def test_a_refusal_that_moderators_disagree_on_keeps_both_opinions(decision: Decision) -> None:
    records = filed(outcome_of(GOOD, moderator=Disputed(decision, OPINIONS)))
    assert list(records) == ["safety_issue"]
    assert records["safety_issue"].original_output["opinions"] == OPINIONS
    agreed = filed(outcome_of(GOOD, moderator=Disputed(decision, None)))["safety_issue"]
    assert "opinions" not in agreed.original_output


@pytest.mark.parametrize("texts", [("<compound> ",), (GOOD,), ("<compound> mori mori .com",)])
def test_a_disagreement_on_a_row_that_was_named_is_filed_whatever_else_went_wrong(texts: tuple[str, ...]) -> None:
    record = filed(outcome_of(*texts, moderator=Disputed(Decision.ALLOW, OPINIONS)))["disputed_request"]
    assert (record.original_output["opinions"], record.severity) == (OPINIONS, "high")
    assert record.original_output["domains"]
    assert "disputed_request" not in filed(outcome_of(*texts, moderator=Disputed(Decision.ALLOW, None)))


def test_an_outcome_is_always_filed_and_findings_are_few() -> None:
    lost = {
        "asked": 5, "risk": 0.0, "trade": None, "uncertain": False, "opinions": None, "completions": 5, "names": 6,
        "dropped": {
            reason: {"count": 6, "examples": ["x.com"]}
            for reason in ("duplicate", "invalid", "max_length", "brand", "profanity")
        },
        "findings": {"x.com": [{"code": "brand", "evidence": "x"}]},
        "unread": {"refusal": {"count": 3, "examples": []}, "form": {"count": 6, "examples": ["?"]}},
    }  # fmt: skip
    name = Suggestion("mori.com", 0.3, 0.5, Judge.LOCAL, 0.1, 2, 1, 1)
    records = failures_of("bakery", Outcome(Status.SUGGESTED, (name,), evidence=lost))
    assert len(records) == MOST_FINDINGS
    assert [record.failure_type for record in records] == ["off_topic", "poor_quality", "model_refusal"]


def names(*marks: tuple[float | None, int | None], rules: float = 0.75) -> list[ScoredName]:
    return [ScoredName(f"n{number}.com", rules, *mark) for number, mark in enumerate(marks)]


def test_quality_is_judged_by_the_best_name_and_never_while_one_is_unjudged() -> None:
    def kinds(*marks: tuple[float | None, int | None]) -> list[str]:
        return [str(record.failure_type) for record in quality_failures("x", names(*marks), model="m")]

    assert kinds((0.2, 6), (0.51, 6)) == []
    assert kinds((0.2, 6), (0.49, 6)) == ["poor_quality"]
    assert kinds((0.7, 4), (0.7, 2)) == ["off_topic"]
    assert kinds((0.2, 2), (None, None)) == []
    assert kinds() == []


def test_low_marks_are_the_judges_where_the_rules_are_content_and_a_gap_where_no_trade_is_known() -> None:
    def cause(rules: float, trade_known: bool | None) -> str:
        [record] = quality_failures("x", names((0.2, 6), rules=rules), model="m", trade_known=trade_known)
        return record.cause

    assert cause(1.0, True) == "judge"
    assert cause(0.5, True) == "decoding"
    assert cause(1.0, False) == "data_gap"
