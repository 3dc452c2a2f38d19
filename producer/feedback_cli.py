"""The command `domaingen feedback import`."""

import csv
import getpass
import json
from pathlib import Path

import click

from domaingen.errors import InputFileError
from domaingen.names.domain import InvalidDomainError, parse_domain
from domaingen.settings import load_settings
from domaingen.store.batches import get_batch
from domaingen.store.database import Database
from domaingen.store.feedback import Opinion, find_suggestion, store_opinions
from domaingen.store.migrate import ensure_ready

_VOTES = {
    "up": "up",
    "+": "up",
    "+1": "up",
    "1": "up",
    "yes": "up",
    "👍": "up",
    "down": "down",
    "-": "down",
    "-1": "down",
    "no": "down",
    "👎": "down",
    "": None,
}
_ROWS_PER_TRANSACTION = 500


def read_opinions(path: Path, database: Database, batch_id: str, person: str) -> list[Opinion]:
    """Read a feedback file whole; nothing of it is stored where a line can't be understood.

    Raises:
        InputFileError: Names file, line and column.
    """
    opinions = []
    with path.open(encoding="utf-8-sig", newline="") as file, database.read() as connection:
        reader = csv.DictReader(file)
        missing = [name for name in ("row", "domain") if name not in (reader.fieldnames or ())]
        if missing:
            raise InputFileError(str(path), f"column {', '.join(missing)} is missing", line=1)
        for row in reader:
            cell = {
                name: (row.get(name) or "").strip()
                for name in ("row", "domain", "vote", "edit", "comment", "person")
            }
            if cell["vote"].lower() not in _VOTES:
                raise InputFileError(str(path), "a vote is up or down", line=reader.line_num, column="vote")
            vote = _VOTES[cell["vote"].lower()]
            if vote is None and not cell["edit"]:
                continue
            if not cell["row"].isdecimal():
                raise InputFileError(
                    str(path), "must be the row's number in results.csv", line=reader.line_num, column="row"
                )
            item_id = find_suggestion(connection, batch_id, int(cell["row"]), cell["domain"].lower())
            if item_id is None:
                raise InputFileError(
                    str(path),
                    f"batch {batch_id} suggested no {cell['domain'][:60]!r} for row {cell['row']}",
                    line=reader.line_num,
                    column="domain",
                )
            edit = None
            if cell["edit"]:
                try:
                    edit = parse_domain(cell["edit"].lower().replace(" ", "")).text
                except InvalidDomainError as error:
                    raise InputFileError(
                        str(path), f"no domain name: {error}", line=reader.line_num, column="edit"
                    ) from error
            opinions.append(
                Opinion(
                    item_id,
                    batch_id,
                    cell["domain"].lower(),
                    cell["person"] or person,
                    vote,
                    edit,
                    cell["comment"] or None,
                )
            )
    return opinions


@click.group()
def feedback() -> None:
    """Take in what people think of suggested names."""


@feedback.command("import")
@click.argument("path", metavar="FEEDBACK.csv", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--batch", "batch_id", required=True, help="The batch whose names are spoken of.")
@click.option(
    "--person", default=getpass.getuser, help="Whose opinion, where the column `person` is empty.  [default: you]"
)
def import_command(path: Path, batch_id: str, person: str) -> None:
    """Import thumbs and edits: a CSV with row, domain, vote (up or down), edit, comment, person.

    `row` and `domain` are those of results.csv; `edit` is the name that you would have given. Names voted down or
    edited enter the review queue (domaingen failures export). Importing a file again changes nothing.
    """
    database = Database(load_settings().database)
    ensure_ready(database)
    get_batch(database, batch_id)
    opinions = read_opinions(path, database, batch_id, person)
    queued = 0
    for start in range(0, len(opinions), _ROWS_PER_TRANSACTION):
        with database.begin() as connection:
            queued += store_opinions(connection, opinions[start : start + _ROWS_PER_TRANSACTION])
    votes = [opinion.vote for opinion in opinions]
    click.echo(
        json.dumps(
            {
                "batch": batch_id,
                "up": votes.count("up"),
                "down": votes.count("down"),
                "edits": sum(opinion.edit is not None for opinion in opinions),
                "for_review": queued,
            }
        )
    )
