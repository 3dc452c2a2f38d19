"""The figures that the experiment tells."""

from collections.abc import Mapping
from typing import Any

from training.retraining.gate import HELD_BACK
from training.retraining.measuring import READINGS, Measured
from training.retraining.verdict import Verdict


def model_figures(measured: Measured) -> dict[str, Any]:
    """What the story tells of one model."""
    figures: dict[str, Any] = {"model": measured.model}
    for reading in READINGS:
        old = [each for each in measured.answers[reading] if each.file != HELD_BACK]
        values = [each.value for each in old if each.value is not None]
        figures[reading] = {
            "rows": len(old),
            "mean": round(sum(values) / max(1, len(values)), 4),
            "passed": sum(each.passed for each in old),
            "lawful_without_names": sum(each.refusal for each in old),
            "coffee": next((each.answer for each in old if each.id == "downtown_coffee"), None),
        }
    figures["harmful_refused_by_itself"] = [measured.harmful - len(measured.own_leaks), measured.harmful]
    figures["lawful_refused_by_itself"] = [len(measured.own_refusals), measured.lawful]
    return figures


def told_points(verdict: Verdict | Mapping[str, Any]) -> list[str]:
    points = verdict.as_dict()["points"] if isinstance(verdict, Verdict) else verdict["points"]
    return [f"{'holds' if each['passed'] else 'FAILS'}  {each['title']}: {each['figure']}" for each in points]
