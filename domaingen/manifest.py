"""What a run was made with: the settings side of summary.json."""

from typing import Any

from domaingen.assembly import find_model
from domaingen.errors import ModelError
from domaingen.settings import Settings
from domaingen.store.batches import get_batch
from domaingen.store.database import Database


def make_manifest(settings: Settings, database: Database, batch_id: str) -> dict[str, Any]:
    """The model of a batch with its digest. A model that is gone by now is named without one."""
    name = get_batch(database, batch_id)["model"]
    try:
        digest = find_model(name, settings, database).digest
    except ModelError:
        digest = None
    return {"model": {"name": name, "digest": digest, "engine": settings.engine}}
