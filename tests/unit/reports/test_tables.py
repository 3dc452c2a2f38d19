"""results.csv can be opened in any spreadsheet and read back without loss."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domaingen.reports.tables import (
    ResultTable,
    make_safe_cell,
    read_safe_cell,
    rename_input_columns,
    result_columns,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
MARKED = st.builds(lambda front, rest: front + rest, st.text("='+-@\t\r\n \"＝", max_size=4), TEXT)
SIGNS = tuple("=+-@\t\r\n＝＋－＠")


def record(**changes) -> dict:
    return {
        "row": 1, "id": "1", "description": "", "status": "suggested", "failure_type": None, "category": None,
        "reason": None, "suggestions": [], "model": "m", "attempts": 1,
    } | changes  # fmt: skip


@given(st.one_of(TEXT, MARKED))
@example("'=1+1")
@example("''=1")
@example("' ='")
@example(" \t=cmd|' /C calc'!A0")
@example("'")
@example("o'clock")
def test_every_cell_is_safe_and_reads_back_the_same(text):
    safe = make_safe_cell(text)
    assert not safe.startswith(SIGNS)
    assert not safe.lstrip().startswith(SIGNS)
    assert read_safe_cell(safe) == text


@pytest.mark.parametrize("text", ["", "bakery", "5", "it's", "'quoted'", "a=b", "1-2", "«+»"])
def test_harmless_cells_are_left_alone(text):
    assert make_safe_cell(text) == text


@given(st.lists(st.lists(st.one_of(TEXT, MARKED), min_size=3, max_size=3), max_size=6))
def test_a_written_table_reads_back_with_any_csv_reader(rows):
    sink = io.StringIO(newline="")
    table = ResultTable(sink, ["a", "=b", "c"], names=1)
    for row in rows:
        table.add(dict(zip(["a", "=b", "c"], row, strict=True)), record(reason=row[0]))
    read = list(csv.reader(io.StringIO(sink.getvalue(), newline="")))
    assert [read_safe_cell(cell) for cell in read[0]] == ["a", "=b", "c", *result_columns(1)]
    assert all(not cell.startswith(SIGNS) for line in read for cell in line)
    assert [[read_safe_cell(cell) for cell in line[:3]] for line in read[1:]] == rows
    assert [read_safe_cell(line[-1]) for line in read[1:]] == [row[0] for row in rows]


def test_text_with_another_locales_delimiter_is_quoted_as_well():
    sink = io.StringIO()
    ResultTable(sink, ["a"], names=0).add({"a": "x;=1+1"}, record())
    assert '"x;=1+1",suggested' in sink.getvalue()


def test_names_fill_their_columns_and_the_rest_stays_blank():
    sink = io.StringIO()
    table = ResultTable(sink, ["id", "description"], names=3)
    table.add(
        {"id": "7", "description": "x", "": "beyond"},
        record(suggestions=[{"domain": "a.com", "score": 0.86}, {"domain": "b.io", "score": 1.0}]),
    )
    table.add({"id": "8"}, record(status="refused", failure_type="safety_issue", category="fraud", reason="No."))
    assert sink.getvalue().splitlines() == [
        "id,description,status,failure_type,domain_1,score_1,domain_2,score_2,domain_3,score_3,category,reason",
        "7,x,suggested,,a.com,0.86,b.io,1.0,,,,",
        "8,,refused,safety_issue,,,,,,,fraud,No.",
    ]
    with pytest.raises(ValueError, match="row 1 has 4 names"):
        table.add({}, record(suggestions=[{"domain": "a.com", "score": 0.5}] * 4))


def test_input_columns_called_like_ours_are_renamed_and_ours_keep_their_names():
    assert rename_input_columns(["Status", "x", "input_status", "domain_2", "domain_9"], 2) == [
        "input_Status_2", "x", "input_status", "input_domain_2", "domain_9"
    ]  # fmt: skip


@given(
    st.lists(st.sampled_from(["status", "input_status", "input_status_2", "reason", "domain_1", "x"]), unique=True)
)
def test_no_two_columns_share_a_name_whatever_the_input(columns):
    header = [name.casefold() for name in rename_input_columns(columns, 2) + result_columns(2)]
    assert len(set(header)) == len(header)
