"""Training examples: a source, a target, and what they are, as JSON lines.

`kind` says where an example comes from: curated (by hand), composed (curated description, names by rule), lexicon
(both by rule), benign and harmful (safety rows), nonsense (no description at all), replay (added by retraining).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from domaingen.errors import InputFileError, ModelError
from domaingen.generation.model_files import write_atomically
from domaingen.generation.text import Controls, parse_completion, read_source

Part = Literal["train", "dev", "test"]
PARTS: tuple[Part, ...] = ("train", "dev", "test")
KINDS = ("curated", "composed", "lexicon", "benign", "harmful", "nonsense", "replay")
REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Example:
    """`source` is what the model reads, `target` what it writes, from its strategy token on. `industry` is an id of the
    lexicon or a safety category, `style` how the description is written."""

    source: str
    target: str
    kind: str
    industry: str = ""
    style: str = ""

    @property
    def strategy(self) -> str:
        """The strategy token without its brackets."""
        return self.target.partition(">")[0].removeprefix("<")

    @property
    def description(self) -> str:
        """The plain description inside the source."""
        return read_source(self.source)[1]

    @property
    def domains(self) -> tuple[str, ...]:
        """The names that the target teaches."""
        return tuple(name.domain for name in parse_completion(self.target))


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Write JSON lines, atomically."""
    write_atomically(path, "".join(json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in examples))


def read_examples(path: Path) -> Iterator[Example]:
    """Read JSON lines.

    Raises:
        ModelError: The file is missing.
        InputFileError: A line is no example; names file and line.
    """
    try:
        lines = path.open(encoding="utf-8")
    except OSError as error:
        raise ModelError(
            f"{path} can't be read; make a training set with `domaingen synthesize --out DIR`"
        ) from error
    with lines:
        for number, line in enumerate(lines, 1):
            try:
                yield Example(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise InputFileError(str(path), f"not a training example ({error})", line=number) from error


def data_digest(folder: Path) -> str:
    """SHA-256 over the parts of a training set, hexadecimal."""
    digest = hashlib.sha256()
    for part in PARTS:
        digest.update((folder / f"{part}.jsonl").read_bytes())
    return digest.hexdigest()


def labels_of(example: Example) -> set[str]:
    """The labels, without suffixes, that an example teaches."""
    return {domain.partition(".")[0] for domain in example.domains}


def all_texts(examples: Iterable[Example]) -> Iterator[str]:
    """Sources and targets, for the tokenizer."""
    for example in examples:
        yield example.source
        yield example.target


def constraints_kept(example: Example, controls: Controls) -> bool:
    """Whether the names truly obey the control part."""
    for domain in example.domains:
        label, _, suffix = domain.partition(".")
        if controls.tlds and "." + suffix not in controls.tlds:
            return False
        if controls.max_length is not None and len(label) > controls.max_length:
            return False
        if any(word in label for word in controls.avoid):
            return False
    return True
