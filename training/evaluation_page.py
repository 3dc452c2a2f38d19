"""The page that shows an evaluation: figures, slices, and the worst twenty rows. One file, no network."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from training.samples import Scored

WORST = 20


def evaluation_page(records: Sequence[Mapping[str, Any]], scored: Sequence[Scored]) -> str:
    """The page as HTML; everything that a row or a model wrote is escaped."""
    # Not scored is not worst: such rows are counted in the head, not shown as failures.
    known = [each for each in scored if each.score.value is not None]
    worst = sorted(known, key=lambda each: (each.score.value or 0.0, each.sample.id))[:WORST]
    environment = Environment(
        loader=PackageLoader("training", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("evaluation.html.j2").render(records=records, worst=worst)
