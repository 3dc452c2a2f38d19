"""The page's own arithmetic and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaingen.outcomes import Status
from domaingen.reports import page
from domaingen.reports.page import Page, PageHeading, say
from domaingen.reports.tally import Tally


def row(number: int, *scores: float, **changes) -> dict:
    names = [
        {"domain": f"n{rank}.com", "score": score, "reason": None, "source": "model", "judge": "local"}
        for rank, score in enumerate(scores)
    ]
    status = "suggested" if scores else "failed"
    return {
        "row": number, "id": str(number), "description": "bakery", "status": status, "reason": None,
        "failure_type": None if scores else "poison", "category": None, "suggestions": names,
    } | changes  # fmt: skip


def counted(*rows: dict) -> Tally:
    tally = Tally()
    for each in rows:
        tally.add(each)
    return tally


@given(st.integers(0, 10_000).map(lambda n: n / 10_000))
def test_every_score_falls_into_the_bin_that_holds_it(score):
    tally = counted(row(1, score))
    index = tally.score_bins.index(1)
    assert index * 500 <= round(score * 10_000) <= (index + 1) * 500
    assert score == 1.0 or round(score * 10_000) < (index + 1) * 500


@given(st.dictionaries(st.sampled_from(list(Status)), st.integers(0, 10**7)))
def test_shares_add_up_and_never_call_some_none_or_most_all(counts):
    tally = Tally()
    tally.statuses.update({status.value: count for status, count in counts.items()})
    cards = page._count_statuses(tally)
    assert sum(card["width"] for card in cards) == pytest.approx(100 if tally.rows else 0, abs=0.01)
    for card in cards:
        assert (card["share"] == "0 %") == (card["count"] == 0)
        assert (card["share"] == "100 %") == (0 < card["count"] == tally.rows)


def test_means_are_of_names_and_of_the_best_of_each_row():
    tally = counted(row(1, 0.9, 0.5), row(2, 0.7), row(3))
    assert (tally.mean_score, tally.mean_best_score, tally.rows, tally.names) == (0.7, 0.8, 3, 3)


def test_scores_are_rounded_half_up_as_the_script_does():
    collected = Page()
    collected.add(row(1, 0.125, 0.875))
    html = collected.render(PageHeading("a.csv", 0.0, None, None), counted(row(1, 0.125, 0.875)))
    assert '<span class="score">0.13</span><i class="bar b3"></i>' in html
    assert '<span class="score">0.88</span><i class="bar b18"></i>' in html


def test_the_heading_shows_the_files_name_without_its_folder():
    html = Page().render(PageHeading("/home/someone/spring-launch_shops.csv", 86400.0, "names-1", "0.1"), Tally())
    assert '<h1 dir="auto">Spring launch shops</h1>' in html
    assert "2 January 1970" in html
    assert "someone" not in html
    assert "domaingen 0.1 with model <bdi>names-1</bdi>" in html


def test_failures_are_explained_most_frequent_first():
    tally = counted(row(1), row(2, failure_type="url_input", status="rejected"), row(3))
    first, second = page._explain_failures(tally)
    assert (first["name"], first["count"], first["status"]) == ("Poison", 2, "failed")
    assert (second["name"], second["meaning"]) == ("URL input", "The description is only a web or mail address.")


def test_words_are_made_of_identifiers():
    assert (say("safety_issue"), say("self_harm", capital=False), say(None)) == ("Safety issue", "self harm", "")
