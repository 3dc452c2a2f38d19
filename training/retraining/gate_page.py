"""gate.html: the gate's verdict as a page that a person can read. One file, no script, no network."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from training.retraining.verdict import Verdict

_TEMPLATES = Path(__file__).parents[1] / "templates"


def gate_page(verdict: Verdict, card: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """The page as HTML; whatever a row or a model wrote is escaped. `card` is the set's, `training` tells the weights
    that were tried."""
    style = "\n" + (_TEMPLATES / "gate.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=PackageLoader("training", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["signed"] = lambda number: f"{number:+.3f}".replace("-", "−")
    environment.filters["minus"] = lambda text: str(text).replace(" -", " −").replace("(-", "(−")
    order = {"worse": 0, "kept": 1, "pooled": 2}
    slices = sorted(verdict.slices, key=lambda each: (order[each.verdict], each.low))
    return environment.get_template("gate.html.j2").render(
        verdict=verdict,
        slices=slices,
        card=card,
        training=training,
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
    )
