"""A model version on disk: one folder with its description, tokenizer and weights.

model.json      name, architecture, digest, file digests, flags, data digest, metrics, parent
tokenizer.json  for the `tokenizers` package
ct2/            CTranslate2, int8: what workers generate with
weights/        config.json and model.safetensors in float16: what fine-tuning starts from, and the torch engine
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Literal, get_args

from domaingen.assets import asset
from domaingen.errors import DomaingenError, ModelError

FORMAT_VERSION = 1
"""Raised when a folder of an older form can no longer be read."""
Architecture = Literal["seq2seq", "causal"]
"""seq2seq: an encoder reads the source and a decoder writes the target (T5). causal: one decoder goes on with the
source (GPT-2)."""
BUNDLED_MODEL = "domaingen-t5-small-5"
MANIFEST = "model.json"
TOKENIZER = "tokenizer.json"
CT2_FOLDER = "ct2"
WEIGHTS_FOLDER = "weights"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model folder that was read; `files` maps relative paths to SHA-256, `digest` is the SHA-256 of that map.

    `flags` are the settings that it was trained with, `data_digest` the SHA-256 of its training data, `metrics` what
    was measured at the end of training, `parent` the name of the model that training began from, if any. A manifest
    without `architecture` is from before there were causal models.
    """

    path: Path
    name: str
    digest: str
    created_at: str
    files: Mapping[str, str]
    flags: Mapping[str, Any] = field(default_factory=dict)
    data_digest: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    format_version: int = FORMAT_VERSION
    architecture: Architecture = "seq2seq"

    @property
    def tokenizer_path(self) -> Path:
        """The `tokenizers` file."""
        return self.path / TOKENIZER

    @property
    def ct2_path(self) -> Path:
        """Folder of the CTranslate2 model."""
        return self.path / CT2_FOLDER

    @property
    def weights_path(self) -> Path:
        """Folder of the float16 weights; it may be missing where only workers run."""
        return self.path / WEIGHTS_FOLDER


def bundled_model_path() -> Path:
    """Folder of the model that ships with domaingen.

    Raises:
        ModelError: It is not there.
    """
    try:
        return asset("models", BUNDLED_MODEL)
    except DomaingenError as error:
        raise ModelError(f"the bundled model {BUNDLED_MODEL} is missing; reinstall domaingen") from error


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256 over the file digests, hexadecimal: it names the version's content whatever folder it lies in."""
    return sha256(json.dumps(dict(sorted(files.items())), sort_keys=True).encode()).hexdigest()


def digest_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file under `folder` but the manifest, by path relative to it."""
    digests: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != MANIFEST:
            with path.open("rb") as file:
                digests[path.relative_to(folder).as_posix()] = file_digest(file, "sha256").hexdigest()
    return digests


def read_model(folder: Path, *, verify: bool = True) -> ModelFiles:
    """Read `model.json` and, if `verify`, compare every file with its digest (about 50 ms for a small model).

    Raises:
        ModelError: The folder is no model, is of another format, lacks files or was changed; says what to do.
    """
    manifest = folder / MANIFEST
    try:
        values = json.loads(manifest.read_text(encoding="utf-8"))
        version = values["format_version"]
        if version != FORMAT_VERSION:
            raise ModelError(
                f"{folder} holds a model of format {version}; this program reads {FORMAT_VERSION}. "
                "Train it again, or use the release of domaingen that made it."
            )
        files = ModelFiles(path=folder, **values)
        if files.architecture not in get_args(Architecture):
            raise ModelError(
                f"{folder} holds a model of the architecture {files.architecture!r}, which this release of domaingen "
                "does not know; use the release that made it"
            )
    except FileNotFoundError as error:
        raise ModelError(
            f"{folder} holds no model ({MANIFEST} is missing); give the folder that `domaingen train --out` wrote"
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{manifest} can't be read ({error}); copy or train the model again") from error
    if digest_of(files.files) != files.digest:
        raise ModelError(f"{manifest} was changed after it was written; copy or train the model again")
    if verify:
        _verify(files)
    return files


def _verify(files: ModelFiles) -> None:
    for relative, expected in files.files.items():
        path = files.path / relative
        if not path.exists():
            # Images for workers may leave the training weights out.
            if relative.startswith(WEIGHTS_FOLDER + "/"):
                continue
            raise ModelError(f"{path} is missing; copy or train the model again")
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise ModelError(f"{path} does not match its digest in {MANIFEST}; copy or train the model again")


def write_manifest(
    folder: Path,
    *,
    name: str,
    flags: Mapping[str, Any],
    data_digest: str | None,
    metrics: Mapping[str, Any],
    parent: str | None,
    architecture: Architecture = "seq2seq",
) -> ModelFiles:
    """Digest the finished files of `folder` and write its `model.json`."""
    files = digest_files(folder)
    values: dict[str, Any] = {
        "name": name,
        "architecture": architecture,
        "digest": digest_of(files),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "format_version": FORMAT_VERSION,
        "parent": parent,
        "data_digest": data_digest,
        "metrics": dict(metrics),
        "flags": dict(flags),
        "files": files,
    }
    write_atomically(folder / MANIFEST, json.dumps(values, indent=2, sort_keys=False) + "\n")
    return ModelFiles(path=folder, **values)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name and rename it, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


@contextmanager
def folder_in_the_making(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its place when the block ends well; on an error it is removed
    and `target` stays as it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    making.chmod(0o755)  # mkdtemp makes it readable for its owner alone
    try:
        yield making
        if target.exists():
            # A folder can't be renamed over a full one; the old one goes aside first.
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".old", dir=target.parent))
            target.replace(old / target.name)
            making.replace(target)
            shutil.rmtree(old)
        else:
            making.replace(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
