"""The reader gives back what was written, or refuses the file as a whole and says where and what to do."""

import csv
import hashlib
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from domaingen.brief import ConstraintError, brief_from_cells
from domaingen.errors import InputFileError
from producer import csvfile
from producer.csvfile import inspect, read

IN_FOLDER = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
BOM = "﻿".encode()


def save(folder: Path, content: bytes | str) -> Path:
    path = folder / "input.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(path: Path, **kwargs) -> list:
    return list(read(path, inspect(path), **kwargs))


def refusal(folder: Path, content: bytes | str, **kwargs) -> InputFileError:
    with pytest.raises(InputFileError) as caught:
        inspect(save(folder, content), **kwargs)
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", BOM])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_usual_file_reads_in_every_delimiter_mark_and_line_end(tmp_path, delimiter, mark, end):
    lines = [["id", "Description", "note"], ["a-1", "café", "x"], ["", "bakery", ""]]
    path = save(tmp_path, mark + end.join(delimiter.join(line) for line in lines).encode())
    summary = inspect(path)
    assert (summary.delimiter, summary.rows, summary.columns) == (delimiter, 2, ("id", "Description", "note"))
    assert summary.description_column == "Description"
    assert summary.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    first, second = read(path, summary)
    assert (first.row, first.external_id, first.description) == (1, "a-1", "café")
    assert first.cells == {"id": "a-1", "Description": "café", "note": "x"}
    assert (second.row, second.external_id) == (2, "2")


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@IN_FOLDER
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12),
    width=st.integers(1, 3),
    delimiter=st.sampled_from(csvfile.DELIMITERS),
    mark=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
@example(rows=[("a;b,c\td", "", "")], width=1, delimiter=";", mark=False, quoting=csv.QUOTE_MINIMAL)
@example(rows=[('"', "\r", "\n\n")], width=3, delimiter="\t", mark=True, quoting=csv.QUOTE_MINIMAL)
def test_whatever_a_csv_writer_wrote_reads_back_the_same(tmp_path, rows, width, delimiter, mark, quoting):
    columns = ("description", "note", "other")[:width]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting)
    writer.writerow(columns)
    writer.writerows(row[:width] for row in rows)
    path = save(tmp_path, (BOM if mark else b"") + text.getvalue().encode())
    assert [tuple(item.cells.values()) for item in rows_of(path)] == [row[:width] for row in rows]
    assert [item.description for item in rows_of(path)] == [row[0] for row in rows]


FRAGMENTS = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b";",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xa9",
        BOM,
        b"description",
        b"x",
    ]
)


@IN_FOLDER
@given(
    start=st.sampled_from([b"", b"description\n", b"id,description\n", b'"description";"id"\r\n', b"PK\x03\x04"]),
    rest=st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=40).map(b"".join)),
)
def test_any_bytes_are_read_or_refused_and_nothing_else(tmp_path, start, rest):
    path = save(tmp_path, start + rest)
    try:
        summary = inspect(path)
    except InputFileError as error:
        assert str(path) in str(error)
        return
    items = list(read(path, summary))
    assert [item.row for item in items] == list(range(1, summary.rows + 1))
    assert all(item.description in item.cells.values() for item in items)


@IN_FOLDER
@given(prefix=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_a_bad_byte_is_named_by_line_and_column(tmp_path, prefix):
    head = b"description\n" + prefix.encode()
    assume(not head.endswith(b"\r"))
    error = refusal(tmp_path, head + b"\xe9 and more")
    lines = head.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert error.line == len(lines)
    assert error.column == len(lines[-1].encode()) + 1
    assert "0xE9" in error.problem
    assert "CSV UTF-8" in error.problem


def test_a_bad_byte_beyond_the_first_block_is_found_too(tmp_path, monkeypatch):
    monkeypatch.setattr("producer.encoding._BLOCK", 5)
    error = refusal(tmp_path, "description\r\nzwölf\r\nfüüüünf\r\n".encode() + b"ab\xc3(")
    assert (error.line, error.column) == (4, 3)
    error = refusal(tmp_path, "description\r\nzwölf\r\n".encode() + b"abc\xc3")
    assert (error.line, error.column) == (3, 4)


def test_nul_bytes_are_refused_with_their_place(tmp_path):
    error = refusal(tmp_path, b"description\nok\nab\0c\n")
    assert (error.line, error.column) == (3, 3)
    assert "NUL" in error.problem


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"PK\x03\x04\x14\0\x06\0", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        ("description\nx".encode("utf-16"), "UTF-16"),
        ("description\nx".encode("utf-16-le"), "UTF-16"),
    ],
)
def test_other_formats_are_named_and_the_way_out_is_told(tmp_path, start, said):
    error = refusal(tmp_path, start)
    assert said in error.problem
    assert "CSV" in error.problem or "unpack" in error.problem


@pytest.mark.parametrize("content", [b"", BOM, b"\n\r\n\n"])
def test_an_empty_file_is_refused(tmp_path, content):
    assert "empty" in refusal(tmp_path, content).problem


def test_a_missing_description_column_is_refused_with_the_columns_found(tmp_path):
    error = refusal(tmp_path, "name;about us;<b>\x1b[31m\nx;y;z")
    assert "«name», «about us», «<b>?[31m»" in error.problem
    assert error.line == 1


def test_another_description_column_can_be_named_in_any_case(tmp_path):
    path = save(tmp_path, "ID;About\n7;bakery")
    summary = inspect(path, " about ")
    (item,) = read(path, summary)
    assert (item.external_id, item.description) == ("7", "bakery")


def test_duplicate_columns_are_refused_whatever_their_case(tmp_path):
    error = refusal(tmp_path, "description,Note, note \nx,y,z")
    assert "columns 2 and 3" in error.problem
    assert error.column == 3


def test_unnamed_columns_are_called_after_their_place(tmp_path):
    summary = inspect(save(tmp_path, "description,,column_2,\nx,1,2,3"))
    assert summary.columns == ("description", "column_2_", "column_2", "column_4")


@pytest.mark.parametrize("broken", ['bakery,"open\nmore,x\n', 'bakery,"open', 'x,y\nbakery,"a ""b""'])
def test_an_unclosed_quote_is_refused_at_the_row_that_opens_it(tmp_path, broken):
    error = refusal(tmp_path, "description,note\nfine,fine\n" + broken)
    assert error.line == 3 + broken.startswith("x,y")
    assert error.column == 2
    assert "never closed" in error.problem


def test_an_unclosed_quote_in_a_long_file_is_refused_without_reading_it_into_memory(tmp_path):
    path = save(tmp_path, 'description\nfine\n"open\n' + "a bakery in the old town\n" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(InputFileError) as caught:
        inspect(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.line == 3
    assert "1,000,000 characters" in caught.value.problem
    assert peak < 40_000_000


def test_a_line_without_end_is_refused_without_reading_it_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "MAX_RECORD", 1000)
    assert "1,000 characters" in refusal(tmp_path, "description,b\nx," + "y," * 600).problem
    assert "1,000 characters" in refusal(tmp_path, "a" * 1001).problem


def test_very_long_cells_and_line_breaks_inside_quotes_are_text(tmp_path):
    long = "organic " * 50_000
    (first, second) = rows_of(save(tmp_path, f'description,n\n"{long}",1\n"a\r\nb\rc\n\nd",2\n'))
    assert first.description == long
    assert second.description == "a\r\nb\rc\n\nd"
    assert (second.row, second.cells["n"]) == (2, "2")


def test_blank_lines_are_skipped_but_an_empty_description_is_a_row(tmp_path):
    items = rows_of(save(tmp_path, '\ndescription,id\n\nbakery,1\r\n\r\n,2\n"",\n'))
    assert [(item.row, item.external_id, item.description) for item in items] == [
        (1, "1", "bakery"), (2, "2", ""), (3, "3", "")
    ]  # fmt: skip


def test_too_few_cells_are_padded_and_too_many_mark_the_row(tmp_path):
    short, wide, trailing = rows_of(save(tmp_path, "description,a,b\nx\nx,1,2,3,4\nx,1,2,,\n"))
    assert short.cells == {"description": "x", "a": "", "b": ""}
    assert wide.cells == {"description": "x", "a": "1", "b": "2", csvfile.EXTRA_CELLS: "3,4"}
    assert csvfile.EXTRA_CELLS not in trailing.cells


def test_a_file_of_one_column_may_hold_any_delimiter_in_its_text(tmp_path):
    (item,) = rows_of(save(tmp_path, "description\nbread, cakes; and\ttea\n"))
    assert item.description == "bread, cakes; and\ttea"


def test_a_header_that_another_delimiter_reads_further_is_read_right(tmp_path):
    path = save(tmp_path, '"id,x";description\n1;"a\nb"\n')
    assert [item.description for item in rows_of(path)] == ["a\nb"]
    path = save(tmp_path, 'a\t";b"\tdescription\n1\t2\tx\n')
    assert [item.description for item in rows_of(path)] == ["x"]
    path = save(tmp_path, 'a,"b;description\n1;x\n2;y"\n3;z\n')
    assert [(item.row, item.description) for item in rows_of(path)] == [(1, "x"), (2, 'y"'), (3, "z")]


def test_reading_can_start_at_a_row(tmp_path):
    path = save(tmp_path, "description\n" + "".join(f"shop {n}\n" for n in range(1, 10)))
    assert [(item.row, item.description) for item in rows_of(path, start_row=8)] == [(8, "shop 8"), (9, "shop 9")]


@pytest.mark.parametrize(
    "later", ["description\nbakery\nmore\n", "description\nbanker\n", "description,x\nbakery,\n"]
)
def test_a_file_that_changes_after_inspection_is_noticed(tmp_path, later):
    path = save(tmp_path, "description\nbakery\n")
    summary = inspect(path)
    save(tmp_path, later)
    with pytest.raises(InputFileError, match="changed"):
        list(read(path, summary))


def test_what_is_no_file_is_refused_in_words(tmp_path):
    with pytest.raises(InputFileError, match="No such file"):
        inspect(tmp_path / "absent.csv")
    with pytest.raises(InputFileError, match="no regular file"):
        inspect(tmp_path)


def test_a_hundred_thousand_rows_pass_in_constant_memory(tmp_path):
    path = save(tmp_path, "id,description\n" + "".join(f"{n},organic coffee shop {n}\n" for n in range(100_000)))
    tracemalloc.start()
    summary = inspect(path)
    count = sum(1 for _ in read(path, summary))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == summary.rows == 100_000
    assert peak < 3_000_000


def test_a_brief_is_made_of_the_cells_in_any_case():
    cells = {
        "Description": "x",
        "Industry": " food ",
        "AUDIENCE": "",
        "TLDs": "com .io",
        "Max_Length": "9",
        "Count": "3",
    }
    brief = brief_from_cells(4, "k", "x", cells, 7)
    assert (brief.row, brief.id, brief.industry, brief.audience) == (4, "k", "food", None)
    assert (brief.constraints.tlds, brief.constraints.max_length, brief.constraints.count) == (
        (".com", ".io"),
        9,
        3,
    )
    assert brief_from_cells(4, "k", "x", {"": "extra"}, 7).constraints.count == 7
    with pytest.raises(ConstraintError, match="count"):
        brief_from_cells(1, "1", "x", {"count": "many"})
