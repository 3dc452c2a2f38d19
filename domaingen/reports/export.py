"""Writing a batch's results: five files from one pass over its rows, in constant memory.

Every file is complete when its name appears, and `summary.json`, which holds the digests of the others, appears
last. Times stand in `summary.json` and in the page's date alone, so that the others are the same for the same run.
"""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping, func, select

from domaingen.brief import DEFAULT_COUNT
from domaingen.reports.artefact import Artefact
from domaingen.reports.page import PAGE_ROWS, Page, PageHeading
from domaingen.reports.records import failure_record, result_record, to_json_line
from domaingen.reports.tables import ResultTable
from domaingen.reports.tally import Tally
from domaingen.scoring.progress import scoring_state
from domaingen.store.batches import StoredRow, get_batch, stream_rows
from domaingen.store.database import Database
from domaingen.store.feedback import count_feedback
from domaingen.store.schema import FailureRow, ModelVersion, OutcomeRow, SuggestionRow

RESULT_FILES = ("results.csv", "results.jsonl", "failures.jsonl", "report.html", "summary.json")
_VERSIONED = ("domaingen", "celery", "ctranslate2", "sqlalchemy")
_GROUP = 500


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written. `counts` are rows by status with `rows` and `unfinished`, `names` all suggested names,
    `summary` the content of `summary.json`."""

    batch_id: str
    files: Mapping[str, Path]
    counts: Mapping[str, int]
    names: int
    summary: Mapping[str, Any]


def export_batch(
    database: Database, batch_id: str, out_dir: str | Path, manifest: Mapping[str, Any] | None = None
) -> ExportSummary:
    """Write results.csv, results.jsonl, failures.jsonl, report.html and summary.json into `out_dir`.

    `manifest` is added to the summary and wins where both know something; it must hold no secrets. Rows without
    an outcome are left out everywhere and counted as `unfinished`.

    Raises:
        BatchNotFoundError: There is no such batch.
        DomaingenError: The folder can't be written to.
    """
    batch = get_batch(database, batch_id)
    folder = Path(out_dir)
    tally = Tally()
    with ExitStack() as stack:
        files = {name: stack.enter_context(Artefact(folder / name)) for name in RESULT_FILES}
        table = ResultTable(files["results.csv"], batch["columns"], names=_most_names(database, batch))
        page = Page()
        for group in _groups(stream_rows(database, batch_id, page=_GROUP)):
            for row in group:
                if row.outcome is None:
                    tally.unfinished += 1
                    continue
                record = result_record(row)
                table.add(row.item["cells"], record)
                files["results.jsonl"].write(to_json_line(record) + "\n")
                tally.add(record)
                page.add(record)
            for failure in _failures(database, group):
                files["failures.jsonl"].write(to_json_line(failure_record(failure)) + "\n")
        model = _describe_model(database, batch["model"])
        heading = PageHeading(batch["source_name"], batch["created_at"], batch["model"], version_of("domaingen"))
        judging, feedback = scoring_state(database, batch_id), count_feedback(database, batch_id)
        files["report.html"].write(page.render(heading, tally, judging, feedback))
        digests = {
            name: {"sha256": file.sha256, "bytes": file.size}
            for name, file in files.items()
            if name != "summary.json"
        }
        opinions = {"judging": judging.to_dict(), "feedback": dict(feedback)}
        summary = _summarise(batch, tally, model, digests, opinions | dict(manifest or {}))
        text = json.dumps(summary, ensure_ascii=True, indent=2, allow_nan=False)
        files["summary.json"].write(text + "\n")
        for name in RESULT_FILES:
            files[name].publish()
    return ExportSummary(
        batch_id, {name: folder / name for name in RESULT_FILES}, summary["counts"], tally.names, summary
    )


def version_of(package: str) -> str | None:
    """The installed version of a package, None where it isn't installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _groups(rows: Iterator[StoredRow]) -> Iterator[list[StoredRow]]:
    while group := list(islice(rows, _GROUP)):
        yield group


def _most_names(database: Database, batch: RowMapping) -> int:
    """The table's width: the batch's own count, or the most names of any row that asked for more."""
    query = (
        select(func.max(SuggestionRow.rank))
        .join(OutcomeRow, OutcomeRow.item_id == SuggestionRow.item_id)
        .where(OutcomeRow.batch_id == batch["id"])
    )
    with database.read() as connection:
        most = connection.scalar(query) or 0
    return max(most, int(batch["settings"].get("count", DEFAULT_COUNT)))


def _failures(database: Database, group: Sequence[StoredRow]) -> list[RowMapping]:
    """The failures of some rows in the order of the rows, whatever the order of recording."""
    order = {row.item["id"]: row.item["row"] for row in group}
    query = select(FailureRow.__table__).where(FailureRow.item_id.in_(order))
    with database.read() as connection:
        found = connection.execute(query).mappings().all()
    return sorted(found, key=lambda failure: (order[failure["item_id"]], failure["failure_type"]))


def _describe_model(database: Database, name: str | None) -> dict[str, Any]:
    with database.read() as connection:
        digest = connection.scalar(select(ModelVersion.digest).where(ModelVersion.name == name))
    return {"name": name, "digest": digest}


def _summarise(
    batch: RowMapping,
    tally: Tally,
    model: Mapping[str, Any],
    digests: Mapping[str, Any],
    manifest: Mapping[str, Any],
) -> dict[str, Any]:
    created, finished = batch["created_at"], batch["finished_at"]
    seconds = round(finished - created, 3) if finished is not None else None
    summary: dict[str, Any] = {
        "batch": batch["id"],
        "source": {
            "name": batch["source_name"],
            "sha256": batch["source_digest"],
            "rows": batch["expected_rows"],
            "columns": batch["columns"],
        },
        "versions": {name: version_of(name) for name in _VERSIONED} | {"python": platform.python_version()},
        "model": dict(model),
        "seed": batch["settings"].get("seed"),
        "settings": batch["settings"],
        **tally.to_dict(),
        "times": {
            "created_at": created,
            "finished_at": finished,
            "seconds": seconds,
            "rows_per_s": round(tally.rows / seconds, 1) if seconds else None,
        },
        "report": {"rows_shown": min(tally.rows, PAGE_ROWS)},
        "files": dict(digests),
    }
    for key, value in manifest.items():
        known = summary.get(key)
        summary[key] = known | dict(value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return summary
