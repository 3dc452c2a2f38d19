"""Measure moderation: harmful rows refused, lawful rows not, by category, style and language, with 95 % intervals.

    python -m training.moderation_evaluation --part test --file businesses.csv --file requests.jsonl --out figures.json
    python -m training.moderation_evaluation --part none --labels businesses.csv --labels unlucky.txt

A file is a CSV with a `description` column (all lawful), or JSON lines with `input` and `expect` (refuse, suggest).
What is uncertain counts as refused, because that is the default; the share of it is given beside. The generating
model refuses too (an empty answer): `model_refuses` measures it apart from moderation and together with it. Labels
are measured by what moderation of names finds in them: a CSV gives those of its column `real_domain`.
"""

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaingen.errors import InputFileError
from domaingen.moderation.verdict import Decision, Moderator, NameModerator, Verdict
from training.leaks import find_leaks
from training.moderator_rows import part_rows, safety_rows
from training.safety_rows import Part
from training.statistics import share_interval

HIDDEN_CODES = frozenset({"hidden_word"})


@dataclass(frozen=True, slots=True)
class Case:
    """A text and what is right; the rest says in which slices it is counted."""

    text: str
    harmful: bool
    slices: tuple[tuple[str, str], ...] = ()


def share(hits: int, count: int) -> dict[str, Any]:
    """A share with its count and interval, ready for JSON; the share of nothing is None."""
    low, high = share_interval(hits, count)
    return {
        "share": round(hits / count, 4) if count else None,
        "hits": hits,
        "rows": count,
        "low": round(low, 4),
        "high": round(high, 4),
    }


def safety_cases(part: Part) -> list[Case]:
    """The safety rows of one part as cases."""
    return [
        Case(
            row.text,
            row.harmful,
            (("category", row.category), ("style", row.style), ("language", row.lang)),
        )
        for row in part_rows(part)
    ]


def read_cases(path: Path) -> list[Case]:
    """Cases of a CSV of lawful descriptions, or of JSON lines with `input` and `expect`.

    Raises:
        InputFileError: The file holds neither, or nothing.
    """
    if path.suffix == ".csv":
        cases = [Case(text, harmful=False) for text in _column(path, "description")]
    else:
        cases = _json_cases(path)
    if not cases:
        raise InputFileError(str(path), "it holds no rows")
    return cases


def _column(path: Path, name: str) -> list[str]:
    """What stands in a column of a CSV, empty cells left out."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if name not in (reader.fieldnames or ()):
                raise InputFileError(str(path), f"no column {name}", line=1)
            return [row[name] for row in reader if row[name]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputFileError(str(path), f"it can't be read: {error}") from error


def _json_cases(path: Path) -> list[Case]:
    cases = []
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputFileError(str(path), f"no JSON: {error.msg}", line=number) from error
        given = row if isinstance(row, dict) else {}
        if not isinstance(given.get("input"), str) or given.get("expect") not in ("refuse", "suggest"):
            raise InputFileError(str(path), "a row needs input and expect (refuse or suggest)", line=number)
        named = {key: row[key] for key in ("category", "source") if row.get(key)} | (row.get("slices") or {})
        cases.append(Case(row["input"], row["expect"] == "refuse", tuple((k, str(v)) for k, v in named.items())))
    return cases


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(str(path), f"it can't be read: {error}") from error


def read_labels(path: Path) -> list[str]:
    """Labels of a CSV's column `real_domain` (what stands before the first dot), or the words of a text.

    Raises:
        InputFileError: There are none.
    """
    if path.suffix == ".csv":
        labels = [domain.split(".")[0] for domain in _column(path, "real_domain")]
    else:
        labels = _text(path).split()
    if not labels:
        raise InputFileError(str(path), "it holds no labels")
    return labels


def _figures(cases: Sequence[Case], refused: Sequence[bool]) -> dict[str, Any]:
    harmful = [hit for case, hit in zip(cases, refused, strict=True) if case.harmful]
    lawful = [hit for case, hit in zip(cases, refused, strict=True) if not case.harmful]
    return {"recall": share(sum(harmful), len(harmful)), "lawful_refused": share(sum(lawful), len(lawful))}


def refusal_figures(cases: Sequence[Case], refused: Sequence[bool]) -> dict[str, Any]:
    """Shares of harmful (`recall`) and of lawful rows refused, in all and by slice and its values."""
    groups: dict[str, dict[str, list[int]]] = {}
    for number, case in enumerate(cases):
        for key, value in case.slices:
            groups.setdefault(key, {}).setdefault(value, []).append(number)
    slices: dict[str, dict[str, Any]] = {key: {} for key in groups}
    for key, values in groups.items():
        for value, chosen in sorted(values.items()):
            slices[key][value] = _figures([cases[i] for i in chosen], [refused[i] for i in chosen])
    return {**_figures(cases, refused), "slices": slices}


def evaluate_cases(
    cases: Sequence[Case],
    moderator: Moderator,
    *,
    model_refuses: Callable[[Sequence[str]], Sequence[bool]] | None = None,
) -> dict[str, Any]:
    """Figures over all cases and by slice; with a model also its own and both together."""
    started = time.perf_counter()
    verdicts: list[Verdict] = []
    for start in range(0, len(cases), 64):
        verdicts += moderator.judge([case.text for case in cases[start : start + 64]])
    seconds = time.perf_counter() - started
    stopped = [verdict.decision is not Decision.ALLOW for verdict in verdicts]
    firmly = [verdict.decision is Decision.REFUSE for verdict in verdicts]
    result = refusal_figures(cases, stopped)
    result["without_uncertain"] = _figures(cases, firmly)
    named = [
        (dict(case.slices).get("category"), verdict.category)
        for case, verdict in zip(cases, verdicts, strict=True)
        if case.harmful and verdict.category
    ]
    known = {category for category, _ in named} & {verdict.category for verdict in verdicts}
    if known:
        counted = [pair for pair in named if pair[0] in known]
        result["right_category"] = share(sum(right == given for right, given in counted), len(counted))
    result["ms_per_row"] = round(seconds * 1000 / max(1, len(cases)), 2)
    if model_refuses:
        alone = list(model_refuses([case.text for case in cases]))
        result["model_alone"] = refusal_figures(cases, alone)
        result["together"] = refusal_figures(cases, [a or b for a, b in zip(stopped, alone, strict=True)])
    return result


def evaluate_names(labels: Iterable[str], moderator: NameModerator) -> dict[str, Any]:
    """Share of labels with any finding, and with a hidden word; which labels, and why."""
    names = list(labels)
    started = time.perf_counter()
    found = {label: moderator.inspect(label) for label in names}
    seconds = time.perf_counter() - started
    hidden = [label for label in names if any(finding.code in HIDDEN_CODES for finding in found[label])]
    flagged = [label for label in names if found[label]]
    return {
        "hidden_words": share(len(hidden), len(names)),
        "flagged": share(len(flagged), len(names)),
        "findings": {label: [f"{f.code}: {f.evidence}" for f in found[label]] for label in flagged},
        "ms_per_label": round(seconds * 1000 / max(1, len(names)), 3),
    }


def _percent(figure: dict[str, Any]) -> str:
    if figure["share"] is None:
        return "–"
    return f"{figure['share']:.1%} ({figure['low']:.1%}–{figure['high']:.1%}) of {figure['rows']}"


def table(figures: dict[str, Any]) -> str:
    """The figures as a Markdown table, one line for a set or a slice of it."""
    lines = ["| set | harmful refused | lawful refused |", "|---|---|---|"]
    for name, result in figures["sets"].items():
        lines.append(f"| {name} | {_percent(result['recall'])} | {_percent(result['lawful_refused'])} |")
        for key, values in result["slices"].items():
            for value, slice_ in values.items():
                harmful, lawful = _percent(slice_["recall"]), _percent(slice_["lawful_refused"])
                lines.append(f"| {name}, {key} {value} | {harmful} | {lawful} |")
    return "\n".join(lines)


def names_table(figures: dict[str, dict[str, Any]]) -> str:
    """The figures of `evaluate_names` as a Markdown table, one line for a file, and what was found below it."""
    lines = ["| labels | hidden words | any finding | ms a label |", "|---|---|---|---|"]
    for name, found in figures.items():
        hidden, flagged = _percent(found["hidden_words"]), _percent(found["flagged"])
        lines.append(f"| {name} | {hidden} | {flagged} | {found['ms_per_label']} |")
    for found in figures.values():
        lines += ["", *(f"{label}: {', '.join(why)}" for label, why in found["findings"].items())]
    return "\n".join(lines)


def evaluate(
    moderator: Moderator,
    *,
    part: Part | None = "test",
    files: Sequence[Path] = (),
    model_refuses: Callable[[Sequence[str]], Sequence[bool]] | None = None,
) -> dict[str, Any]:
    """All figures of moderation: the safety rows of `part`, and each file."""
    sets: dict[str, Any] = {}
    if part:
        sets[f"safety {part}"] = evaluate_cases(safety_cases(part), moderator, model_refuses=model_refuses)
    for path in files:
        sets[path.stem] = evaluate_cases(read_cases(path), moderator, model_refuses=model_refuses)
    return {"sets": sets, "leaks": len(find_leaks(safety_rows()))}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command in the module's docstring."""
    from domaingen.moderation.local import LocalModerator
    from domaingen.moderation.names import bundled_label_moderator

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--part", choices=["train", "dev", "test", "none"], default="test")
    parser.add_argument("--file", type=Path, action="append", default=[])
    parser.add_argument("--labels", type=Path, action="append", default=[])
    parser.add_argument("--out", type=Path)
    flags = parser.parse_args(arguments)
    part = None if flags.part == "none" else flags.part
    figures: dict[str, Any] = {}
    if part or flags.file:
        figures = evaluate(LocalModerator(), part=part, files=flags.file)
        print(table(figures))  # noqa: T201
    if flags.labels:
        moderator = bundled_label_moderator()
        figures["names"] = {path.stem: evaluate_names(read_labels(path), moderator) for path in flags.labels}
        print(names_table(figures["names"]))  # noqa: T201
    if flags.out:
        temporary = flags.out.with_suffix(".tmp")
        temporary.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        temporary.rename(flags.out)


if __name__ == "__main__":
    main()
