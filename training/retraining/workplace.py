"""The plan of a retrain and where it works: in a new folder, or on in that of a run that died or was stopped."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from domaingen.generation.model_files import bundled_model_path, read_model, write_atomically
from domaingen.settings import Settings
from domaingen.store.database import Database
from domaingen.store.models import active_version, read_version
from training.retraining.runs import Lease, PastRun, note, past_runs

PLAN = "plan.json"
MOST_RESUMES = 3
"""Times that a run which died is continued before the work begins anew: whatever killed it may kill it again."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to retrain. `start` is the model that training begins from: the bundled one or the active one; `data` a
    base set (None: one is synthesized), `out` where work and report go (None: under HOME), `minutes` for each of two
    seeds."""

    start: Literal["base", "active"] = "active"
    minutes: float = 20.0
    rows: int = 12_000
    data: Path | None = None
    out: Path | None = None
    promote: Literal["auto", "ask"] = "auto"
    force: bool = False
    threads: int = 0
    seed: int = 0
    steps: int = 1_000_000
    learning_rate: float | None = None

    def signature(self, active: str) -> dict[str, Any]:
        """What must be the same for one run to continue another's work."""
        values = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}
        return {**values, "promote": None, "force": None, "active": active}


@dataclass(frozen=True, slots=True)
class Active:
    """The model in place."""

    name: str
    folder: Path
    digest: str


def active_model(database: Database) -> Active:
    with database.read() as connection:
        name = active_version(connection)
        folder = read_version(connection, name).path if name else bundled_model_path()
    files = read_model(folder)
    return Active(files.name, folder, files.digest)


def find_workplace(
    database: Database, settings: Settings, plan: Plan, lease: Lease, active: Active, say: Say
) -> tuple[Path, str, int]:
    """The folder to work in, the candidate's name, and how often the work was continued: that of a run that died or
    was stopped with the same plan, or a new one."""
    signature = plan.signature(active.digest)
    earlier = _unfinished(past_runs(database), lease.run_id)
    if earlier is not None:
        work, resumed = Path(str(earlier.flags["work"])), int(earlier.flags.get("resumed", 0)) + 1
        try:
            kept = json.loads((work / PLAN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        if kept.get("signature") == signature and resumed <= MOST_RESUMES:
            say(f"continuing what run {earlier.id} began")
            note(
                database,
                lease,
                {"plan": signature, "work": str(work), "continues": earlier.id, "resumed": resumed},
            )
            return work, kept["name"], resumed
    name = f"retrained-{datetime.now(UTC):%Y%m%d}-{lease.run_id}"
    work = (plan.out or settings.home / "retraining" / name).resolve()
    if (work / PLAN).exists():
        shutil.rmtree(work)
    write_atomically(work / PLAN, json.dumps({"name": name, "signature": signature}, indent=1) + "\n")
    note(database, lease, {"plan": signature, "work": str(work)})
    return work, name, 0


def _unfinished(runs: list[PastRun], own: int) -> PastRun | None:
    """The run before this one, if it died or was stopped amid its work."""
    earlier = next((run for run in runs if run.id < own), None)
    if earlier is None or "work" not in earlier.flags:
        return None
    stopped = earlier.state == "failed" and (earlier.result or {}).get("resumable")
    return earlier if earlier.state == "dead" or stopped else None
