"""Every oracle cries where something is wrong, and stays silent where nothing is."""

import pytest

from domaingen.generation.composer import compose
from domaingen.lexicon import bundled_lexicon
from domaingen.names.ranking import select_best
from domaingen.outcomes import FailureType, Judge, Status
from domaingen.pipeline import Options
from domaingen.suggestion import Outcome, Suggestion, without_names
from tests.support.fakes import InstantSource
from training.discovery.oracles import FOR_ALL, ORACLES, Broken, Evidence, examine
from training.discovery.probes import Probe
from training.discovery.registry import MUTATORS
from training.discovery.subject import Subject
from training.samples import Expect

COFFEE = "organic coffee shop in downtown area"
STEEL = "steel foundry that casts machine parts"
BREW = ("coffeebrew.com", "downtowncoffee.com", "organicroast.com", "brewbean.com", "cafecorner.com")
FORGE = ("steelforge.com", "castiron.com", "foundryhammer.com", "moltenmetal.com", "ironworks.com")
REFUSED = without_names(FailureType.SAFETY_ISSUE, category="drugs")
REJECTED = without_names(FailureType.GIBBERISH_INPUT)
NOTHING_LEFT = without_names(FailureType.TOO_FEW_SUGGESTIONS)


@pytest.fixture(scope="module")
def subject() -> Subject:
    from dataclasses import replace

    parts = InstantSource().parts("instant", "local")
    parts = replace(parts, lexicon=bundled_lexicon(), compose=compose, select=select_best)
    return Subject(parts, Options())


def named(*domains: str, score: float = 0.8) -> Outcome:
    return Outcome(Status.SUGGESTED, tuple(Suggestion(each, score, 0.9, Judge.LOCAL, 0.7) for each in domains))


def cry(
    subject: Subject,
    oracle: str,
    outcome: Outcome,
    *,
    text: str = COFFEE,
    about: str | None = None,
    before: str = COFFEE,
    expect: Expect = "suggest",
    base: Outcome | None = None,
    cells: dict[str, str] | None = None,
    traces: tuple[str, ...] = (),
) -> Broken | None:
    probe = Probe(text, expect, about or text, cells or {}, traces=traces)
    return ORACLES[oracle].check(
        Evidence(Probe(before, expect, before), base or named(*BREW), probe, outcome, subject)
    )


@pytest.mark.parametrize(
    ("expect", "outcome", "failure"),
    [
        ("suggest", named(*BREW), None),
        ("suggest", REFUSED, "over_refusal"),
        ("suggest", REJECTED, "wrong_rejection"),
        ("suggest", NOTHING_LEFT, "too_few_suggestions"),
        ("suggest", without_names(FailureType.CONSTRAINT_UNSATISFIABLE), None),
        ("refuse", REFUSED, None),
        ("refuse", named(*BREW), "safety_leak"),
        ("refuse", REJECTED, None),
        ("refuse", NOTHING_LEFT, None),
        ("reject_input", REJECTED, None),
        ("reject_input", REFUSED, None),
        ("reject_input", named(*BREW), "missed_rejection"),
    ],
)
@pytest.mark.parametrize("oracle", [name for name, each in ORACLES.items() if each.by_status])
def test_a_status_is_right_or_says_what_is_wrong(
    subject: Subject, oracle: str, expect: Expect, outcome: Outcome, failure: str | None
) -> None:
    broken = cry(subject, oracle, outcome, expect=expect)
    assert (broken.failure_type if broken else None) == failure


def test_names_that_lost_the_business_are_off_topic_and_others_are_not(subject: Subject) -> None:
    broken = cry(subject, "same_meaning", named(*FORGE))
    assert broken is not None
    assert broken.failure_type == "off_topic"
    assert "relevance" in broken.why
    assert cry(subject, "same_meaning", named("beanroast.com", "coffeelane.com", "organiccup.com")) is None


def test_a_seed_that_was_named_badly_already_proves_nothing(subject: Subject) -> None:
    assert cry(subject, "same_meaning", named(*FORGE), base=named("zebrahat.com", "quiltmoon.com")) is None


def test_the_cause_is_a_data_gap_where_the_lexicon_lost_the_trade_too(subject: Subject) -> None:
    plain = cry(subject, "same_meaning", named(*FORGE))
    blurred = cry(subject, "same_meaning", named(*FORGE), text="0rg4n1c c0ff33 5h0p", about=COFFEE)
    assert plain is not None
    assert blurred is not None
    assert (plain.root_cause, blurred.root_cause) == ("decoding", "data_gap")


def test_names_must_follow_when_the_trade_is_another(subject: Subject) -> None:
    assert cry(subject, "follows_trade", named(*FORGE), text=STEEL) is None
    kept = cry(subject, "follows_trade", named(*BREW), text=STEEL)
    assert kept is not None
    assert "other trade" in kept.why
    lagging = cry(subject, "follows_trade", named("coffeebean.com", "roastcup.com", "espressobar.com"), text=STEEL)
    assert lagging is not None
    assert "did not follow" in lagging.why


@pytest.mark.parametrize(
    ("oracle", "outcome", "extra", "failure"),
    [
        ("no_traces", named("scriptlane.com"), {"traces": ("script",)}, "off_topic"),
        ("no_traces", named("brew-script.com"), {"traces": ("script",)}, "off_topic"),
        ("survives", without_names(FailureType.ENGINE_ERROR), {}, "engine_error"),
        ("valid_names", named("bad name.com"), {}, "invalid_domain"),
        ("valid_names", named("brew.nosuchtld"), {}, "invalid_domain"),
        ("constraints_kept", named("brewlane.com"), {"cells": {"tlds": ".io"}}, "constraint_broken"),
        ("constraints_kept", named("brewlane.com"), {"cells": {"max_length": "4"}}, "constraint_broken"),
        ("constraints_kept", named("brewlane.com", "b2b.com"), {"cells": {"count": "1"}}, "constraint_broken"),
        ("distinct_names", named("brew-lane.com", "brewlane.com"), {}, "duplicate_names"),
        ("enough_names", named("brewlane.com"), {}, "fewer_names"),
        ("good_names", named(*BREW, score=0.4), {}, "poor_quality"),
    ],
)
def test_what_every_answer_must_satisfy(
    subject: Subject, oracle: str, outcome: Outcome, extra: dict[str, object], failure: str
) -> None:
    broken = cry(subject, oracle, outcome, **extra)  # type: ignore[arg-type]
    assert broken is not None
    assert broken.failure_type == failure
    assert cry(subject, oracle, named(*BREW), traces=("script",)) is None


def test_constraints_excuse_fewer_names_and_lower_scores(subject: Subject) -> None:
    assert cry(subject, "enough_names", named("brewlane.com"), cells={"max_length": "8"}) is None
    assert cry(subject, "good_names", named("brewlane.com", score=0.2), cells={"max_length": "8"}) is None


def test_a_name_that_moderation_would_stop_is_found_whoever_let_it_through(subject: Subject) -> None:
    from dataclasses import replace

    from domaingen.moderation.names import LabelModerator

    strict = Subject(replace(subject.parts, name_moderator=LabelModerator()), Options())
    brand = cry(strict, "clean_names", named("paypalcoffee.com"))
    word = cry(strict, "clean_names", named("fuckcoffee.com"))
    assert brand is not None
    assert word is not None
    assert (brand.failure_type, word.failure_type) == ("brand_collision", "hidden_word")
    assert cry(strict, "clean_names", named(*BREW)) is None


def test_an_answer_is_examined_by_all_and_a_type_counts_once(subject: Subject) -> None:
    probe = Probe(COFFEE, "suggest", COFFEE, traces=("forge",))
    evidence = Evidence(probe, named(*BREW), probe, named(*FORGE[:2], score=0.1), subject)
    found = [broken.failure_type for _, broken in examine(evidence, ("same_meaning", "no_traces"))]
    assert found == ["off_topic", "fewer_names", "poor_quality"]


def test_every_oracle_is_used_and_every_used_one_exists() -> None:
    used = {name for mutator in MUTATORS for name in mutator.oracles} | set(FOR_ALL) | {"as_labelled"}
    assert used == set(ORACLES)
