"""One retrain from lease to promotion, read from top to bottom.

Whatever happens in between, the outside sees one of three: nothing changed, a candidate with its report, or a
promoted version; the last step is one transaction.
"""

import json
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from domaingen.errors import DomaingenError
from domaingen.generation.model_files import bundled_model_path, read_model, write_atomically
from domaingen.settings import Settings
from domaingen.store.database import Database
from domaingen.store.models import promote, register_version, reject
from training.retraining.due import is_due
from training.retraining.gate import judge_candidate
from training.retraining.gate_page import gate_page
from training.retraining.limits import StoppedError
from training.retraining.mix import Recipe
from training.retraining.preparation import CARD, collect, evaluation_files, write_set
from training.retraining.rated import refusal_share
from training.retraining.runs import TTL_S, Lease, finish, leased
from training.retraining.steps import Steps
from training.retraining.training_process import RESULT, Job, folders
from training.retraining.verdict import Verdict
from training.retraining.workplace import Plan, active_model, find_workplace

GATE, PAGE, SET = "gate.json", "gate.html", "set"
Say = Callable[[str], None]
Status = Literal["not_due", "busy", "promoted", "waiting", "refused", "interrupted"]


@dataclass(frozen=True, slots=True)
class Result:
    """How a retrain ended, in a word and a sentence, with the candidate's name and the folder of the report."""

    status: Status
    sentence: str
    candidate: str | None = None
    report: Path | None = None


def plan_from(settings: Settings) -> Plan:
    """The plan that the settings describe."""
    return Plan(
        start=settings.retrain_start,
        minutes=settings.retrain_minutes,
        rows=settings.retrain_rows,
        promote=settings.retrain_promote,
        threads=settings.retrain_threads,
    )


def retrain(
    database: Database,
    settings: Settings,
    plan: Plan,
    *,
    steps: Steps | None = None,
    say: Say = lambda _: None,
    stop: threading.Event | None = None,
    ttl_s: float = TTL_S,
) -> Result:
    """Retrain if it is due (or forced) and no other run holds the lease.

    Raises:
        DomaingenError: It could not be done; the run is marked as failed and nothing is registered.
    """
    due = is_due(database, settings)
    if not due.due and not plan.force:
        return Result("not_due", f"nothing to do: {due.reason}")
    stop = stop or threading.Event()
    with leased(database, {"plan": plan.signature("")}, stop, ttl_s=ttl_s) as lease:
        if lease is None:
            return Result("busy", "another retrain is running; `domaingen retrain --status` shows it")
        try:
            return _retrain(
                database, settings, plan, steps or Steps(settings), lease, due.promoted_until, say, stop
            )
        except StoppedError as error:
            state = {"status": "interrupted", "resumable": True, "error": str(error)}
            with database.begin() as connection:
                finish(connection, lease, "failed", state)
            return Result("interrupted", str(error))


def _retrain(
    database: Database,
    settings: Settings,
    plan: Plan,
    steps: Steps,
    lease: Lease,
    since: float,
    say: Say,
    stop: threading.Event,
) -> Result:
    active = active_model(database)
    work, name, resumed = find_workplace(database, settings, plan, lease, active, say)
    material = collect(database, guard=steps.guard)
    for row in material.refused:
        say(f"left out {row.id}: {row.reason}")
    if not (work / SET / CARD).exists():
        if not any(row.use == "train" for row in material.lessons):
            raise DomaingenError(
                f"no reviewed failure may train ({len(material.refused)} were refused); review some with "
                "`domaingen failures export` and `failures import`"
            )
        base = plan.data or steps.synthesize(work / "base", stop, say)
        recipe = Recipe(plan.rows, refusal_share(database), since, plan.seed)
        write_set(work / SET, base, material, recipe)
    card = json.loads((work / SET / CARD).read_text(encoding="utf-8"))
    say(
        f"{card['examples']:,} examples, {card['shares']['lessons']:.1%} lessons, {card['shares']['refusals']:.1%} refusals"
    )
    job = Job(
        data=work / SET,
        base=active.folder if plan.start == "active" else bundled_model_path(),
        old=active.folder,
        work=work,
        out=settings.model_folder / name,
        names=(name, f"{name}-second-seed"),
        parent=active.name if plan.start == "active" else read_model(bundled_model_path(), verify=False).name,
        minutes=plan.minutes,
        steps=plan.steps,
        learning_rate=plan.learning_rate,
        threads=plan.threads,
        seed=plan.seed,
    )
    if not (work / RESULT).exists():
        job.write(work / "job.json")
        steps.train(work / "job.json", stop, say)
    training = json.loads((work / RESULT).read_text(encoding="utf-8"))
    paths = evaluation_files(work / SET / "held_back.jsonl")
    before, *after = steps.measure([active.folder, *folders(job)], paths, work, stop, say)
    verdict = judge_candidate(before, after[0], after[1] if len(after) > 1 else None)
    write_report(work, verdict, card, training)
    say(verdict.sentence)
    _check_alive(lease, stop)
    status = _conclude(database, plan, lease, job, verdict, card, training, material.reviewed_until, work, resumed)
    _clean(work, job)
    return Result(status, _told(status, verdict), name, work)


def write_report(work: Path, verdict: Verdict, card: Mapping[str, Any], training: Mapping[str, Any]) -> None:
    """gate.json and gate.html; what was measured of each model lies beside them."""
    report = {**verdict.as_dict(), "set": card, "training": training}
    write_atomically(work / GATE, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_atomically(work / PAGE, gate_page(verdict, card, training))


def _check_alive(lease: Lease, stop: threading.Event) -> None:
    if lease.lost:
        raise DomaingenError(
            "this run lost its lease while it worked; another one may be running, nothing is promoted"
        )
    if stop.is_set():
        raise StoppedError("stopped before the verdict was recorded; the next retrain goes on from here")


def _conclude(
    database: Database,
    plan: Plan,
    lease: Lease,
    job: Job,
    verdict: Verdict,
    card: dict[str, Any],
    training: dict[str, Any],
    reviewed_until: float,
    work: Path,
    resumed: int,
) -> Status:
    """Register, promote or reject, and end the run: all of it or nothing."""
    files = read_model(job.out)
    summary = {
        "passed": verdict.passed,
        "sentence": verdict.sentence,
        "points": [
            {"name": point.name, "passed": point.passed, "figure": point.figure} for point in verdict.points
        ],
        "report": str(work / PAGE),
    }
    status: Status = "refused" if not verdict.passed else "promoted" if plan.promote == "auto" else "waiting"
    with database.begin() as connection:
        register_version(
            connection,
            files,
            card={"set": card, "training": training, "start": plan.start, "gate": summary},
            parent=job.parent,
        )
        if status == "promoted":
            promote(connection, files.name, fence=lease.fence)
        elif status == "refused":
            reject(connection, files.name, summary)
        finish(
            connection,
            lease,
            "done",
            {
                "status": status,
                "candidate": files.name,
                "sentence": verdict.sentence,
                "reviewed_until": reviewed_until,
                "report": str(work / PAGE),
                "resumed": resumed,
            },
        )
    return status


def _told(status: Status, verdict: Verdict) -> str:
    if status == "promoted":
        return f"{verdict.candidate} is active. {verdict.sentence}"
    if status == "waiting":
        return f"{verdict.sentence} It waits for `domaingen models promote {verdict.candidate}`."
    return verdict.sentence


def _clean(work: Path, job: Job) -> None:
    """Remove what only served the way: base set, checkpoints, unaveraged weights, the second seed's model."""
    leftovers = [work / "base", *folders(job)[1:], *work.glob("seed-*"), *work.glob(".seed-*")]
    for folder in leftovers:
        shutil.rmtree(folder, ignore_errors=True)
