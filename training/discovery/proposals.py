"""Rows that the must-pass suite might gain. They are only proposed: a person moves them, and what stands in an
evaluation set may no longer teach."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from training.discovery.findings import Find, Group, smallest_text
from training.discovery.probes import Probe, sameness
from training.discovery.subject import Subject
from training.samples import RuleAndJudgeScorer, Sample, Scored

MOST = 40
"""Rows proposed at most; a suite that nobody can read is not kept."""
_EACH = 2
"""Rows of one group."""


def propose(groups: Sequence[Group], subject: Subject, measured: frozenset[str]) -> list[dict[str, Any]]:
    """Evaluation rows of the shortest finds of each group, in the groups' order, that the model fails today: a row
    that passes as evaluations score it would prove nothing, and `measured` ones are in a suite already."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for group in groups:
        taken = 0
        for find in group.examples:
            text = smallest_text(find)
            if taken == _EACH or len(rows) == MOST:
                break
            if (
                not find.after.labelled
                or text in seen
                or sameness(text) in measured
                or not _fails(find, text, subject)
            ):
                continue
            seen.add(text)
            taken += 1
            rows.append(_row(find, text))
    return rows


def _fails(find: Find, text: str, subject: Subject) -> bool:
    after = find.after
    sample = Sample("proposal", text, after.expect, constraints=after.cells)
    [outcome] = subject.answers([Probe(text, after.expect, text, after.cells)])
    return not Scored(sample, outcome, RuleAndJudgeScorer().score(sample, outcome)).passed


def _row(find: Find, text: str) -> dict[str, Any]:
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
    way = re.sub(r"[^a-z]+", "_", find.way)
    row: dict[str, Any] = {"id": f"found_{way}_{digest}", "input": text, "expect": find.after.expect}
    if find.seed.category and find.after.expect == "refuse":
        row["category"] = find.seed.category
    if find.after.cells:
        row["constraints"] = dict(find.after.cells)
    row["slices"] = {"kind": "discovered", "mutator": find.way}
    return row
