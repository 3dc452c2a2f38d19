"""Model folders that hold a few bytes: enough for the registry, which reads manifests and digests alone."""

from pathlib import Path

from sqlalchemy import select

from domaingen.generation.model_files import CT2_FOLDER, TOKENIZER, ModelFiles, write_manifest
from domaingen.store.database import Database
from domaingen.store.models import register_version
from domaingen.store.schema import ModelVersion


def make_model(folder: Path, name: str, *, content: str | None = None, parent: str | None = None) -> ModelFiles:
    """Write a folder `name` in `folder`; its digest depends on `content` (by default the name)."""
    target = folder / name
    (target / CT2_FOLDER).mkdir(parents=True)
    (target / CT2_FOLDER / "model.bin").write_text(content or name)
    (target / TOKENIZER).write_text("{}")
    return write_manifest(
        target, name=name, flags={"seed": 1}, data_digest="d" * 64, metrics={"loss": 2.5}, parent=parent
    )


def register(database: Database, folder: Path, *names: str) -> list[ModelFiles]:
    """Make and register some candidates."""
    made = [make_model(folder, name) for name in names]
    for files in made:
        with database.begin() as connection:
            register_version(connection, files)
    return made


def states(database: Database) -> dict[str, str]:
    """State by name, as the table has it."""
    with database.read() as connection:
        rows = connection.execute(select(ModelVersion.name, ModelVersion.state)).all()
    return {row.name: row.state for row in rows}
