"""One taxonomy: every type is explained, in words that are themselves explained."""

import pytest

from domaingen.failures.causes import ROOT_CAUSES, STRATEGIES
from domaingen.failures.record import FailureRecord
from domaingen.failures.taxonomy import FAILURES, FINDINGS, TAXONOMY, Blame, Finding, explain
from domaingen.outcomes import FailureType, Severity, Status


def test_every_type_is_explained_once() -> None:
    assert set(FAILURES) == set(FailureType)
    assert set(FINDINGS) == set(Finding)
    assert len(TAXONOMY) == len(FailureType) + len(Finding)


@pytest.mark.parametrize("name", TAXONOMY)
def test_an_explanation_uses_known_words_and_leaves_nothing_out(name: str) -> None:
    why = explain(name)
    assert why.root_cause in ROOT_CAUSES
    assert why.strategy in STRATEGIES
    assert all((why.meaning, why.example, why.detection))
    assert len(name) <= 40, "longer than the column"


def test_every_outcome_has_a_status_without_names_and_no_finding_has_one() -> None:
    assert {why.status for why in FAILURES.values()} == set(Status) - {Status.SUGGESTED}
    assert {why.status for why in FINDINGS.values()} == {None}


def test_failings_of_providers_and_of_the_system_are_kept_apart_from_the_models() -> None:
    apart = {kind for kind, why in TAXONOMY.items() if why.blame in {Blame.PROVIDER, Blame.SYSTEM}}
    assert apart == {"provider_error", "engine_error", "poison"}
    assert all(TAXONOMY[kind].expects is None for kind in apart)


def test_a_type_that_there_is_not_is_no_record() -> None:
    with pytest.raises(ValueError, match="no failure type"):
        FailureRecord("bakery", "batch", "bad_mood", "check")
    with pytest.raises(ValueError, match="not from 'gossip'"):
        FailureRecord("bakery", "gossip", "poor_quality", "judge")


def test_evidence_beats_the_default_cause_and_what_was_caught_is_low() -> None:
    plain = FailureRecord("bakery", "discovery", "hidden_word", "name_moderator")
    assert (plain.cause, plain.severity) == ("decoding", Severity.HIGH)
    caught = FailureRecord("bakery", "batch", "hidden_word", "name_moderator", root_cause="parser", caught=True)
    assert (caught.cause, caught.severity) == ("parser", Severity.LOW)


def test_a_record_has_the_shape_of_the_contract() -> None:
    record = FailureRecord(
        "shop", "discovery", "safety_leak", "invariance", "m1", {"domains": ["a.com"]}, category="fraud"
    )
    assert record.as_dict() == {
        "input": "shop",
        "metadata": {
            "source": "discovery",
            "failure_type": "safety_leak",
            "severity": "critical",
            "category": "fraud",
            "root_cause": "moderation_miss",
            "improvement_strategy": "add_safety_rows",
            "original_output": {"domains": ["a.com"]},
            "model": "m1",
            "oracle": "invariance",
        },
    }
