"""The log of promotions, steps back and canaries: what is active was led to by its last entries."""

from sqlalchemy import Connection, insert, select

from domaingen.generation.model_files import BUNDLED_MODEL
from domaingen.store.database import now_s
from domaingen.store.model_schema import ModelChange


def log_change(connection: Connection, kind: str, name: str) -> None:
    """Add a `promote` or `rollback` that led to the version `name`."""
    connection.execute(
        insert(ModelChange).values(kind=kind, model=None if name == BUNDLED_MODEL else name, at=now_s())
    )


def log_canary(connection: Connection, name: str | None, share: float) -> None:
    """Add the begin of a canary, or its end (no name, share 0)."""
    connection.execute(insert(ModelChange).values(kind="canary", model=name, share=share, at=now_s()))


def past_versions(connection: Connection) -> list[str]:
    """What is active (last) and what was before it, oldest first: promotions push, steps back pop."""
    stack = [BUNDLED_MODEL]
    changes = connection.execute(
        select(ModelChange.kind, ModelChange.model).where(ModelChange.kind != "canary").order_by(ModelChange.id)
    )
    for kind, model in changes:
        if kind == "promote":
            stack.append(model or BUNDLED_MODEL)
        else:
            stack.pop()
    return stack


def current_canary(connection: Connection) -> tuple[str, float, float] | None:
    """The candidate that gets a share of new batches, the share, and since when (Unix seconds); None for none."""
    last = connection.execute(
        select(ModelChange.model, ModelChange.share, ModelChange.at)
        .where(ModelChange.kind == "canary")
        .order_by(ModelChange.id.desc())
        .limit(1)
    ).one_or_none()
    return (last.model, last.share, last.at) if last and last.model else None


def end_canary(connection: Connection) -> str | None:
    """Give new batches to the active version alone; returns the canary's name, None where there was none."""
    current = current_canary(connection)
    if current is None:
        return None
    log_canary(connection, None, 0.0)
    return current[0]
