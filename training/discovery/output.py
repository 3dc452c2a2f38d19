"""The files that `domaingen discover` writes."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaingen.reports.artefact import Artefact
from training.discovery.findings import Group, group_finds
from training.discovery.oracles import ORACLES
from training.discovery.page import discovery_page
from training.discovery.proposals import propose
from training.discovery.search import Search
from training.discovery.subject import Subject
from training.statistics import share_interval

FAILURES, GROUPS, PROPOSALS, PAGE, SUMMARY = (
    "failures.jsonl",
    "groups.json",
    "must_pass_proposals.jsonl",
    "report.html",
    "summary.json",
)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run was asked for and how it went. `seeds` counts them by expectation, `digest` is a SHA-256 over their
    texts and labels (other seeds, other finds), `seconds` is wall time, `stopped_by` cases, minutes, seeds or interrupted, or None while it goes on."""

    seed: int
    limit: int
    seeds: Mapping[str, int]
    digest: str
    seeds_file: str | None
    seconds: float
    stopped_by: str | None


def write_all(folder: Path, search: Search, subject: Subject, run: Run) -> dict[str, Any]:
    """Write the five files, each whole or not at all; returns the summary."""
    engine = subject.parts.engine
    groups = group_finds(search.finds, search.tallies)
    proposals = propose(groups, subject, search.pool.measured)
    summary = _summary(search, subject, run, groups, len(proposals))
    records = [find.record(engine.name).as_dict() for find in search.finds]
    _write(folder / FAILURES, _lines(records))
    _write(folder / GROUPS, json.dumps([group.as_dict() for group in groups], ensure_ascii=False, indent=1) + "\n")
    _write(folder / PROPOSALS, _lines(proposals))
    _write(folder / PAGE, discovery_page(summary, groups, proposals))
    _write(folder / SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    return summary


def _summary(
    search: Search, subject: Subject, run: Run, groups: Sequence[Group], proposals: int
) -> dict[str, Any]:
    engine = subject.parts.engine
    by_type = Counter(find.broken.failure_type for find in search.finds)
    by_severity: Counter[str] = Counter()
    for group in groups:
        by_severity[group.severity.value] += len(group.finds)
    by_oracle = Counter(find.oracle.name for find in search.finds)
    return {
        "model": engine.name,
        "model_digest": engine.digest,
        "seed": run.seed,
        "cases": search.cases,
        "cases_asked": run.limit,
        "rounds": search.rounds,
        "stopped_by": run.stopped_by,
        "repeat": f"domaingen discover --seed {run.seed} --cases {search.cases}",
        "seeds": dict(run.seeds),
        "seeds_digest": run.digest,
        "seeds_file": run.seeds_file,
        "seeds_tried": search.tallies["as_is"].cases if "as_is" in search.tallies else 0,
        "chained": search.chained,
        "unusable_draws": search.unusable,
        "rows_run": subject.rows,
        "seconds": round(run.seconds, 1),
        "cases_per_s": round(search.cases / run.seconds, 2) if run.seconds else None,
        "finds": len(search.finds),
        "groups": len(groups),
        "proposals": proposals,
        "by_failure_type": dict(by_type.most_common()),
        "by_severity": dict(by_severity.most_common()),
        "by_mutator": {name: search.tallies[name].as_dict() for name in sorted(search.tallies)},
        "by_oracle": {
            name: {
                "kind": oracle.kind,
                "checked": search.checked[name],
                "failed": by_oracle[name],
                "interval": [
                    round(bound, 4)
                    for bound in share_interval(min(by_oracle[name], search.checked[name]), search.checked[name])
                ],
            }
            for name, oracle in ORACLES.items()
            if search.checked[name]
        },
    }


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write(path: Path, text: str) -> None:
    with Artefact(path) as artefact:
        artefact.write(text)
        artefact.publish()
