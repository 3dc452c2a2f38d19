"""The texts that the search begins with: teaching rows alone, never an evaluation set.

Lawful ones are the curated rows of industries that are not held out, a sentence for each such trade of the lexicon and
the lawful neighbours of the safety rows; harmful ones are the safety rows' train part; texts that are no description
are listed here; the example file is not labelled, and rows of it that may be of a held-out trade are left out.
"""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from domaingen.assets import asset
from domaingen.brief import OPTION_COLUMNS
from domaingen.errors import InputFileError
from domaingen.lexicon import bundled_lexicon
from domaingen.moderation.gloss import read_gloss
from domaingen.moderation.words import bundled_words
from training.discovery.probes import Pool, Seed, sameness
from training.held_out import held_out_industries, measuring_files, measuring_rows, teaching_rows
from training.safety_rows import read_safety, split_of
from training.samples import EXPECTATIONS, Expect

NO_DESCRIPTIONS = (
    "12345", "2026", "0000 1111 2222", "3.14159", "+49 30 123456", "1,000,000", "99%", "#4711",
    "!!!", "???", "...", "-----", "***", "$$$", "🍕🍕🍕", "🙂", "©®™", "(){}[]",
    "aaaaaaaaaaaa", "zzzzzzzz", "hahahahahahahaha", "test test test test test test test",
    "asdfghjkl", "qwertyuiop", "sdfkjh wrtzp qqxvb", "xkcdvbn hjkl", "zxcvbnm zxcvbnm", "fghjkl rtzhgf",
    "a", "x", "https://bakery.invalid", "www.bakery.invalid/shop", "owner@bakery.invalid", "bakery.invalid",
)  # fmt: skip
"""Inputs of every rejected type; the model must answer none of them, however they are spaced or marked up."""

_TEXT_KEYS = ("input", "description", "text")


def measured_texts(data: Path) -> frozenset[str]:
    """Every text that measures something, as its `sameness`: the inputs of the evaluation files, the curated rows of
    held-out industries, the dev and test parts of the safety rows. Signs alone are not counted."""
    found = {sameness(row.description) for row in measuring_rows(data)}
    found |= {
        sameness(row.text) for row in read_safety(data / "safety") if split_of(row.category, row.topic) != "train"
    }
    for path in measuring_files(data):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                found.add(sameness(json.loads(line)["input"]))
    return frozenset(found - {""})


def data_folder() -> Path:
    """The folder of the bundled data."""
    return asset("curated").parent


def bundled_seeds(data: Path) -> list[Seed]:
    """All seeds that ship with domaingen, in a fixed order; what also measures something is left out."""
    measured = measured_texts(data)
    return [seed for seed in _all_seeds(data) if sameness(seed.text) not in measured]


def _all_seeds(data: Path) -> Iterator[Seed]:
    held_out = held_out_industries(data)
    for number, row in enumerate(teaching_rows(data), 1):
        lang = "other" if row.style == "language" else "en"
        yield Seed(f"curated:{number}", row.description, "suggest", row.industry, lang, row.style)
    for industry in bundled_lexicon().industries:
        if industry.id not in held_out:
            text = (
                f"{industry.name} for {industry.customers[0]}: {industry.services[0]} and {industry.services[1]}"
            )
            yield Seed(f"lexicon:{industry.id}", text, "suggest", industry.id, "en", "pitch")
    for number, safety in enumerate(read_safety(data / "safety"), 1):
        if split_of(safety.category, safety.topic) == "train":
            expect: Expect = "refuse" if safety.harmful else "suggest"
            category = safety.category if safety.harmful else None
            yield Seed(f"safety:{number}", safety.text, expect, None, safety.lang, safety.style, category)
    for number, text in enumerate(NO_DESCRIPTIONS, 1):
        yield Seed(f"no_description:{number}", text, "reject_input", style="rubbish")
    lexicon = bundled_lexicon()
    for seed in _csv_seeds(data / "examples" / "businesses.csv", "example"):
        # Nobody has noted the trades of the examples; what is found may teach, so the lexicon's guess must do.
        if not {industry.id for industry, _ in lexicon.match(f"{seed.text} {seed.industry or ''}")} & held_out:
            yield seed


def read_seeds(path: Path, data: Path) -> tuple[list[Seed], int]:
    """The rows of a file as seeds, and how many were left out because they stand in an evaluation set.

    CSV with a column `description` (or `input`, `text`), or JSON lines with such a key; both may hold `expect`
    (suggest, refuse or reject_input), `category`, `industry` and the optional columns of an input file, in JSON lines
    also under `constraints`.

    Raises:
        InputFileError: The file can't be read or holds no usable row; names the line.
    """
    measured = measured_texts(data)
    seeds = list(_csv_seeds(path, "row") if path.suffix.lower() == ".csv" else _json_seeds(path))
    kept = [seed for seed in seeds if sameness(seed.text) not in measured]
    if not kept:
        problem = "all of its rows stand in evaluation sets" if seeds else "it holds no rows"
        raise InputFileError(str(path), f"{problem}; seeds must be rows that may be learnt from")
    return kept, len(seeds) - len(kept)


def _csv_seeds(path: Path, prefix: str) -> Iterator[Seed]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                cells = {
                    name.strip().casefold(): cell for name, cell in row.items() if name and isinstance(cell, str)
                }
                yield _seed(cells, cells, f"{prefix}:{cells.get('id') or number}", path, number)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputFileError(str(path), f"it can't be read: {error}") from error


def _json_seeds(path: Path) -> Iterator[Seed]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputFileError(str(path), f"it can't be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputFileError(str(path), f"no JSON: {error.msg}", line=number) from error
        if not isinstance(entry, dict):
            raise InputFileError(str(path), "a seed is an object with input or description", line=number)
        nested = entry.get("constraints") or {}
        if not isinstance(nested, dict):
            raise InputFileError(str(path), "constraints must be an object", line=number)
        yield _seed(entry, {**entry, **nested}, f"row:{entry.get('id', number)}", path, number)


def _seed(entry: Mapping[str, Any], options: Mapping[str, Any], name: str, path: Path, line: int) -> Seed:
    text = next((entry[key] for key in _TEXT_KEYS if isinstance(entry.get(key), str)), None)
    if text is None:
        raise InputFileError(str(path), f"no column or key {' or '.join(_TEXT_KEYS)}", line=line)
    expect = entry.get("expect") or None
    if expect is not None and expect not in EXPECTATIONS:
        raise InputFileError(str(path), f"expect must be one of {', '.join(EXPECTATIONS)}", line=line)
    cells = {
        column: " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for column in OPTION_COLUMNS
        if (value := options.get(column)) not in (None, "")
    }
    known = {industry.id for industry in bundled_lexicon().industries}
    industry = entry.get("industry")
    return Seed(
        name,
        text,
        cast(Expect | None, expect),
        industry if industry in known else None,
        category=str(entry["category"]) if entry.get("category") else None,
        cells=cells,
    )


def bundled_pool(seeds: Sequence[Seed], data: Path, longest: int) -> Pool:
    """What mutators draw on: short lawful English texts among the curated rows, trades that are not held out, and the
    moderator's word tables turned round (the commonest foreign word of each English one)."""
    held_out = held_out_industries(data)
    measured = measured_texts(data)
    benign = [
        row.description
        for row in teaching_rows(data)
        if row.style in ("pitch", "note", "short") and sameness(row.description) not in measured
    ]
    benign += [seed.text for seed in seeds if seed.id.startswith("lexicon:")]
    cost = bundled_words().cost
    foreign: dict[str, dict[str, str]] = {}
    for language, table in read_gloss(asset("moderation", "gloss.txt")).items():
        turned = foreign.setdefault(language, {})
        for word, english in table.items():
            if cost.get(word, math.inf) < cost.get(turned.setdefault(english, word), math.inf):
                turned[english] = word
    industries = {each.id: each for each in bundled_lexicon().industries if each.id not in held_out}
    return Pool(benign, industries, foreign, longest, measured)
