"""Closeness in meaning: a name is closer to its own description, and a suggestion tells it where that is switched on."""

from domaingen.assembly import Assembly, resolve_model
from domaingen.judging.judge import Named
from domaingen.judging.similarity import EmbeddingSimilarity
from domaingen.pipeline import Options, Row, name_rows
from domaingen.settings import load_settings
from tests.benchmarks.bench_similarity import area_under_curve, held_out_rows, questions


def test_own_descriptions_are_told_from_foreign_ones() -> None:
    own, foreign = questions(held_out_rows()[::8])
    similarity = EmbeddingSimilarity()
    marks = [similarity.rate([name for row in rows for name in row[:2]]) for rows in (own, foreign)]
    # 0.91 over all 315 rows; forty of them may be a little worse.
    assert area_under_curve(*marks) > 0.85
    assert all(0 <= mark <= 1 for mark in marks[0] + marks[1])


def test_neighbours_do_not_change_a_names_number_and_words_are_read_from_the_label() -> None:
    similarity = EmbeddingSimilarity()
    bakery = Named("a small bakery for sourdough bread", "crustandcrumb.com")
    alone = similarity.rate([bakery])
    assert similarity.rate([Named("tax adviser for artists", "ledgerfern.com"), bakery])[1:] == alone
    assert similarity.rate([Named(bakery.description, bakery.domain, ("crust", "and", "crumb"))]) == alone
    assert similarity.rate([]) == []


def test_the_setting_switches_it_on_and_off() -> None:
    assembly = Assembly(load_settings())
    assert assembly.parts(_bundled(), "local").similarity is None
    switched = Assembly(load_settings(similarity="on")).parts(_bundled(), "local")
    assert isinstance(switched.similarity, EmbeddingSimilarity)


def _bundled() -> str:
    return resolve_model(load_settings(), None)


def test_a_suggestion_tells_it_among_its_checks_and_the_score_stays_as_it_is() -> None:
    row = Row(1, "1", "organic coffee shop in downtown area", {})
    plain, told = (
        name_rows([row], Assembly(load_settings(similarity=choice)).parts(_bundled(), "local"), Options())[0]
        for choice in ("off", "on")
    )
    assert [(each.domain, each.score) for each in plain.suggestions] == [
        (each.domain, each.score) for each in told.suggestions
    ]
    assert all("similarity" not in each.checks for each in plain.suggestions)
    assert all(0 <= each.checks["similarity"] <= 1 for each in told.suggestions)
