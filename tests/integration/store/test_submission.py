"""Submitting a file while somebody else submits it too."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import producer.submission
from domaingen.errors import StoreError
from domaingen.settings import load_settings
from domaingen.store.batches import progress
from domaingen.store.database import Database
from producer.submission import BatchOptions, plan_submission, submit


class Quiet:
    """Publishes nothing; `on_publish` is called each time it should."""

    def __init__(self) -> None:
        self.on_publish = lambda: None

    def publish(self, batch_id: str, chunks: Sequence[Sequence[int]]) -> int:
        self.on_publish()
        return len(chunks)

    def depth(self, queue: str = "") -> int:
        return 0


def test_two_producers_of_one_batch_store_each_row_once_and_the_slower_one_is_told(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(producer.submission, "_ROWS_PER_TRANSACTION", 10)
    path = tmp_path / "rows.csv"
    path.write_text("description\n" + "".join(f"bakery number {at}\n" for at in range(35)), encoding="utf-8")
    settings = load_settings(home=str(tmp_path / "home"))
    plan = plan_submission(path, BatchOptions(), settings, database, "some-model")
    slow, quick = Quiet(), Quiet()

    def overtake() -> None:
        slow.on_publish = lambda: None
        again = plan_submission(path, BatchOptions(), settings, database, "some-model")
        assert again.unfinished
        submit(again, database, quick, chunk_size=16)

    slow.on_publish = overtake
    with pytest.raises(StoreError, match="another producer"):
        submit(plan, database, slow, chunk_size=16)
    unfinished = plan_submission(path, BatchOptions(), settings, database, "some-model").unfinished
    assert unfinished
    state = progress(database, unfinished)
    assert (state.received_rows, state.waiting, state.state) == (35, 35, "open")
