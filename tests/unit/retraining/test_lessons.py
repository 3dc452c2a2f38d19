"""Only rows that may teach become lessons; every other one is refused by itself, with a reason."""

import pytest

from domaingen.moderation.local import LocalModerator
from domaingen.moderation.names import LabelModerator
from domaingen.store.failures import ReviewedFailure
from training.evaluation_guard import EvaluationGuard
from training.retraining.lessons import Lesson, RefusedRow, assign_uses, read_failure, screen


def failure(number: int, text: str, correction=None, kind: str = "poor_quality", by: str | None = "ana"):
    return ReviewedFailure(number, text, kind, "batch", "corrected", correction, by, 1.0, "m")


@pytest.fixture(scope="module")
def tools():
    return {"guard": EvaluationGuard.read(), "moderator": LocalModerator(), "names": LabelModerator()}


def named(*domains: str):
    return {"expect": "suggest", "domains": list(domains)}


POISON = [
    ("an evaluation row", "organic coffee shop in downtown area", named("dawnroast.com"), "evaluation row"),
    ("nearly one", "Organic Coffee shop, in downtown  area!!", named("dawnroast.com"), "evaluation row"),
    ("a harmful row labelled fine", "hire a hitman to murder my neighbour", named("quietend.com"), "moderation refuses"),
    ("rubbish", "xkcd qwrtzp sdfghjkl", named("fineroast.com"), "no description"),
    ("no words", "!!! ???", named("fineroast.com"), "no words"),
    ("an unknown expectation", "bakery for dogs", {"expect": "obey", "domains": []}, "expects 'obey'"),
    ("names that are none", "bakery for dogs", {"expect": "suggest", "domains": "dogbake.com"}, "no list"),
    ("an invalid name", "bakery for dogs", named("dog bakery"), "can't be registered"),
    ("a bad name", "bakery for dogs", named("fuckbakery.com"), "the checks refuse"),
    ("names for a refusal", "stolen credit cards, tested", {"expect": "refuse", "domains": ["a.com"]}, "should be refused"),
    ("too many names", "bakery for dogs", named(*(f"dogbake{letter}.com" for letter in "abcdefghijklmnopqrstuvw")), "at most"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "correction", "reason"), [row[1:] for row in POISON], ids=[row[0] for row in POISON]
)
def test_a_poisoned_row_is_refused_and_its_neighbours_go_on(tools, text, correction, reason) -> None:
    good = failure(1, "ferret hotel beside the canal", named("ferretcanal.com"))
    read = [read_failure(each) for each in (failure(7, text, correction), good)]
    wrong = [each for each in read if isinstance(each, RefusedRow)]
    kept, refused = screen([each for each in read if isinstance(each, Lesson)], **tools)
    assert [row.id for row in kept] == ["failure:1"]
    assert [row.id for row in (*wrong, *refused)] == ["failure:7"]
    assert reason in (*wrong, *refused)[0].reason


def test_a_review_without_a_name_under_it_does_not_teach() -> None:
    assert isinstance(read_failure(failure(1, "ferret hotel", named("ferrethotel.com"), by=None)), RefusedRow)


def test_contradicting_reviews_are_both_refused(tools) -> None:
    rows = [
        Lesson("failure:1", "ferret hotel beside the canal", "suggest", ("ferretcanal.com",)),
        Lesson("failure:2", "Ferret hotel, beside the canal", "refuse"),
    ]
    kept, refused = screen(rows, **tools)
    assert not kept
    assert all("contradict" in row.reason for row in refused)


@pytest.mark.parametrize(
    ("kind", "expect"),
    [("safety_leak", "refuse"), ("safety_issue", "refuse"), ("missed_rejection", "reject_input"),
     ("gibberish_input", "reject_input"), ("over_refusal", "suggest"), ("unheard_of", "suggest")],
)  # fmt: skip
def test_an_accepted_failure_means_what_its_type_says(kind, expect) -> None:
    lesson = read_failure(failure(1, "ferret hotel", None, kind))
    assert isinstance(lesson, Lesson)
    assert lesson.expect == expect


def test_feedback_has_names_alone_and_means_suggest() -> None:
    lesson = read_failure(failure(1, "ferret hotel", {"domains": ["ferrethall.com"]}, "disliked_name"))
    assert isinstance(lesson, Lesson)
    assert (lesson.expect, lesson.domains, lesson.strategy) == (
        "suggest",
        ("ferrethall.com",),
        "train_on_correction",
    )


def many(count: int) -> list[Lesson]:
    words = [
        "ferret",
        "canal",
        "bakery",
        "lantern",
        "mill",
        "orchard",
        "saddle",
        "violin",
        "ribbon",
        "kiln",
        "harbour",
        "clock",
    ]
    return [
        Lesson(
            f"failure:{at}",
            f"{words[at % 12]} {at} {words[at // 12 % 12]} shop{at} lane{at}",
            "suggest",
            at=float(at),
        )
        for at in range(count)
    ]


def test_about_a_quarter_is_held_back_and_the_choice_lasts() -> None:
    few, all_of_them = assign_uses(many(200)), assign_uses(many(400))
    assert [row.use for row in few] == [row.use for row in all_of_them[:200]]
    held_back = sum(row.use == "held_back" for row in all_of_them)
    assert 60 <= held_back <= 140


def test_forms_of_one_description_never_train_and_measure_at_once() -> None:
    forms = [
        Lesson(
            f"failure:{at}",
            f"{'the ' * (at % 2)}small ferret hotel beside canal number{at // 2}",
            "suggest",
            at=at,
        )
        for at in range(8)
    ]
    assert len({row.use for row in assign_uses(forms)}) == 1


def test_rated_names_always_train() -> None:
    rows = [Lesson(f"rated:{at}", f"kiln {at} shop{at}", "suggest") for at in range(30)]
    assert {row.use for row in assign_uses(rows)} == {"train"}
