"""A promotion that is killed on the way: python -m tests.support.dying_promoter DATABASE_URL NAME MOMENT.

MOMENT is `retire` (before the first write), `activate` (between the two), `log` (after both) or `commit` (before
the transaction's end).
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from domaingen.store.database import Database
from domaingen.store.models import promote

if __name__ == "__main__":
    url, name, moment = sys.argv[1:]
    database = Database(url)
    updates: list[str] = []

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE model_versions"):
            updates.append(statement)
            if (moment, len(updates)) in {("retire", 1), ("activate", 2)}:
                die()
        if statement.startswith("INSERT INTO model_changes") and moment == "log":
            die()

    event.listen(database.engine, "before_cursor_execute", watch)
    if moment == "commit":
        event.listen(database.engine, "commit", die)
    with database.begin() as connection:
        promote(connection, name)
