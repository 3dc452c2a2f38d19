"""What can be counted on the names of a whole batch, beyond single scores.

    python -m training.batch_figures out/results.jsonl

Validity, rows with as many names as asked, labels that two rows share, the commonest affix, length, constraints kept,
and whether names belong to their own description (area under the ROC curve of cosine similarity between the sentence
embeddings of a description and of a name's words, own rows against another's).
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import numpy as np

from domaingen.brief import ConstraintError, brief_from_cells
from domaingen.encoder import SentenceEncoder, bundled_encoder
from domaingen.generation.text import ENDINGS, SOFT_ENDINGS
from domaingen.names.domain import InvalidDomainError, broken_constraint, parse_domain
from domaingen.names.quality import read_label
from training.statistics import roc_auc

AFFIXES = tuple(
    sorted(
        {*ENDINGS, *SOFT_ENDINGS, "ify", "ly", "io", "hub", "ster", "able", "nest"},
        key=lambda affix: (-len(affix), affix),
    )
)
"""Endings counted as affixes, longest first."""
PREFIXES = ("get", "go", "my", "pro", "the", "up", "neo", "omni", "ever")


def affix_of(label: str, segments: Sequence[str]) -> str | None:
    """The affix that a label wears: a part of its own, or the end of a label of one part (real words such as «brewery»
    are counted too, so the figure errs on the high side)."""
    for affix in AFFIXES:
        if label.endswith(affix) and len(label) > len(affix) + 2 and (segments[-1] == affix or len(segments) == 1):
            return f"-{affix}"
    return next((f"{prefix}-" for prefix in PREFIXES if segments[0] == prefix and len(segments) > 1), None)


def figures_of(
    records: Sequence[Mapping[str, Any]], *, count: int = 5, encoder: SentenceEncoder | None = None
) -> dict[str, Any]:
    """The figures of rows in the shape of `results.jsonl`; rows that were refused or rejected are counted apart.

    `count` is how many names a row without a constraint of its own asked for.
    """
    named = [record for record in records if record["status"] == "suggested"]
    domains = [name["domain"] for record in named for name in record["suggestions"]]
    labels = [domain.split(".", 1)[0] for domain in domains]
    rows_of: dict[str, set[int]] = {}
    for record in named:
        for name in record["suggestions"]:
            rows_of.setdefault(name["domain"].split(".", 1)[0], set()).add(record["row"])
    affixes = Counter(affix for label in labels if (affix := affix_of(label, read_label(label))))
    return {
        "rows": dict(Counter(record["status"] for record in records)),
        "names": len(domains),
        "valid_names": _share(sum(map(_valid, domains)), len(domains)),
        "full_rows": _share(sum(len(record["suggestions"]) >= count for record in named), len(named)),
        "labels_of_one_row": _share(sum(len(rows) == 1 for rows in rows_of.values()), len(rows_of)),
        "median_label": median(map(len, labels)) if labels else None,
        "com_share": _share(sum(domain.endswith(".com") for domain in domains), len(domains)),
        "commonest_affixes": {affix: _share(many, len(labels)) for affix, many in affixes.most_common(5)},
        "model_share": _share(
            sum(name["source"] == "model" for record in named for name in record["suggestions"]), len(domains)
        ),
        "own_against_other_auc": _relevance_auc(named, encoder or bundled_encoder()),
    }


def constraints_kept(cells: Mapping[str, str], record: Mapping[str, Any]) -> bool:
    """Whether every name of a row keeps the constraints that its cells ask for; unreadable ones keep themselves."""
    try:
        brief = brief_from_cells(1, "1", record["description"], cells)
    except ConstraintError:
        return bool(record["status"] == "rejected")
    names = [parse_domain(name["domain"]) for name in record["suggestions"]]
    kept = not any(broken_constraint(name, brief.constraints) for name in names)
    return kept and len(names) <= brief.constraints.count


def _valid(domain: str) -> bool:
    try:
        parse_domain(domain)
    except InvalidDomainError:
        return False
    return True


def _share(hits: int, count: int) -> float | None:
    return round(hits / count, 4) if count else None


def _relevance_auc(named: Sequence[Mapping[str, Any]], encoder: SentenceEncoder) -> float | None:
    """Each row's best name against its own description and against one other row's, drawn with a fixed seed."""
    if len(named) < 2:
        return None
    random = Random(0)
    texts = encoder.encode([record["description"] for record in named])
    names = encoder.encode(
        [" ".join(read_label(record["suggestions"][0]["domain"].split(".", 1)[0])) for record in named]
    )
    others = [random.choice([*range(at), *range(at + 1, len(named))]) for at in range(len(named))]
    own = (texts * names).sum(axis=1)
    other = (texts[others] * names).sum(axis=1)
    truth = np.concatenate([np.ones(len(own)), np.zeros(len(other))])
    return round(roc_auc(truth, np.concatenate([own, other])), 4)


def main() -> None:
    """Print the figures of a results file as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument(
        "--encoder",
        type=Path,
        help="measure relevance with the encoder of this folder, e.g. the published one that "
        "`python -m training.moderator_encoder --untuned --out DIR` writes; default: the one that ships",
    )
    flags = parser.parse_args()
    encoder = SentenceEncoder(flags.encoder) if flags.encoder else None
    records = [json.loads(line) for line in flags.results.read_text(encoding="utf-8").splitlines()]
    print(json.dumps(figures_of(records, count=flags.count, encoder=encoder), indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
