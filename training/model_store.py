"""The folder of registered models: one folder for each version, under its name, complete or not there."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from domaingen.errors import ModelError
from domaingen.generation.model_files import (
    MANIFEST,
    ModelFiles,
    folder_in_the_making,
    read_model,
    write_atomically,
)
from domaingen.store.models import check_name


def copy_model(
    files: ModelFiles, store: Path, *, name: str | None = None, on_bytes: Callable[[int], None] = lambda _: None
) -> ModelFiles:
    """Copy a model into `store` under its name, or under another one, and return the copy, read and verified.

    Only files that its manifest lists are copied. A copy that is there already is kept; one that is interrupted
    leaves nothing. `on_bytes` hears how many bytes were copied since it was last called.

    Raises:
        ModelError: A file is missing or changed, or the name holds another model.
        StoreError: The name can't be one.
    """
    name = check_name(name or files.name)
    target = store / name
    if target.exists():
        present = read_model(target)
        if present.digest != files.digest:
            raise ModelError(
                f"{target} holds another model (digest {present.digest[:12]}, not {files.digest[:12]}); "
                "give this one a name of its own with --name"
            )
        return present
    with folder_in_the_making(target) as making:
        for relative in files.files:
            source = files.path / checked_path(relative)
            # Training weights may be left out; read_model below complains of anything else.
            if source.exists():
                (making / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, making / relative)
                on_bytes(source.stat().st_size)
        manifest = json.loads((files.path / MANIFEST).read_text(encoding="utf-8")) | {"name": name}
        write_atomically(making / MANIFEST, json.dumps(manifest, indent=2) + "\n")
        read_model(making)
    return replace(files, path=target, name=name)


def checked_path(relative: str) -> str:
    """A manifest's path, if it stays within the model's folder; a manifest that was pulled is not to be trusted.

    Raises:
        ModelError: It leads out of the folder.
    """
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts or "\\" in relative or not path.parts:
        raise ModelError(f"the model's {MANIFEST} names a file outside its folder: {relative!r}")
    return relative


def size_of(files: ModelFiles) -> int:
    """Bytes of the files that are there."""
    paths = (files.path / checked_path(relative) for relative in files.files)
    return sum(path.stat().st_size for path in paths if path.exists())
