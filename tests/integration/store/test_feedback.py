"""Opinions of people: stored once, counted, and queued for review."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from domaingen.errors import InputFileError
from domaingen.store.database import Database
from domaingen.store.feedback import DISLIKED, count_feedback
from domaingen.store.schema import FailureRow, Item, SuggestionRow
from producer.feedback_cli import feedback, read_opinions
from tests.support.unjudged import store_unjudged


def names_of(database: Database, row: int) -> list[str]:
    with database.read() as connection:
        return list(
            connection.scalars(
                select(SuggestionRow.domain)
                .join(Item, Item.id == SuggestionRow.item_id)
                .where(Item.row == row)
                .order_by(SuggestionRow.rank)
            )
        )


def test_thumbs_and_edits_are_counted_and_bad_ones_enter_the_review_queue_once(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = store_unjudged(database, 3)
    first, second, third = (names_of(database, row)[0] for row in (1, 2, 3))
    file = tmp_path / "feedback.csv"
    file.write_text(
        "row,domain,vote,edit,comment\n"
        f"1,{first},👍,,nice\n2,{second},down,,dull\n3,{third},,goodname.com,shorter\n3,{names_of(database, 3)[1]},,,\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("DOMAINGEN_DATABASE_URL", database_url)
    for _ in range(2):
        result = CliRunner().invoke(feedback, ["import", str(file), "--batch", batch_id, "--person", "ada"])
        assert result.exit_code == 0, result.output
    assert count_feedback(database, batch_id) == {"up": 1, "down": 1, "edits": 1}
    with database.read() as connection:
        rows = (
            connection.execute(
                select(FailureRow.__table__)
                .where(FailureRow.failure_type == DISLIKED)
                .order_by(FailureRow.item_id)
            )
            .mappings()
            .all()
        )
    assert [(row["source"], row["review"], row["correction"]) for row in rows] == [
        ("feedback", "open", None),
        ("feedback", "corrected", {"expect": "suggest", "domains": ["goodname.com"]}),
    ]
    assert rows[1]["original_output"] == {"domains": [third]}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1,unknown.com,up,", "suggested no"),
        ("x,{0},up,", "row's number"),
        ("1,{0},maybe,", "up or down"),
        ("1,{0},,no-tld", "no domain name"),
    ],
)
def test_a_line_that_can_not_be_understood_is_named(
    database: Database, tmp_path: Path, line: str, problem: str
) -> None:
    batch_id = store_unjudged(database, 1)
    file = tmp_path / "feedback.csv"
    file.write_text("row,domain,vote,edit\n" + line.format(names_of(database, 1)[0]) + "\n")
    with pytest.raises(InputFileError, match=problem) as error:
        read_opinions(file, database, batch_id, "ada")
    assert error.value.line == 2
