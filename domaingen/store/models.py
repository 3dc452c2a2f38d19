"""The registry of model versions: which there are, which one is active, what was active before.

A version is a folder (domaingen.generation.model_files) that the database knows by name and digest. The bundled
model is not in the table: it is the implicit first version, active while no other one is. At most one version is
active, which a unique index promises; every change is one transaction of the caller, so that nobody ever sees half
of one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from domaingen.errors import ModelError, StoreError
from domaingen.generation.model_files import BUNDLED_MODEL, ModelFiles, bundled_model_path, read_model
from domaingen.store.database import now_s
from domaingen.store.model_changes import current_canary, end_canary, log_change, past_versions
from domaingen.store.named_locks import require_fence
from domaingen.store.schema import ModelVersion

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_TAKEN = frozenset({BUNDLED_MODEL, "active"})
"""Names that mean something else: the bundled model, and the setting that follows promotions."""


@dataclass(frozen=True, slots=True)
class Version:
    """A model version. `state` is candidate (never active, may become it), active, retired (was active) or rejected
    (the gate refused it); times are Unix seconds; `bundled` marks the one that ships with the program."""

    name: str
    digest: str
    path: Path
    parent: str | None
    state: str
    card: Mapping[str, Any]
    created_at: float | None
    promoted_at: float | None
    bundled: bool = False


def check_name(name: str) -> str:
    """The name, if a version may be called so: it becomes a folder's name and a repository's.

    Raises:
        StoreError: It may not; says what may.
    """
    if name in _TAKEN or not _NAME.fullmatch(name):
        raise StoreError(
            f"a model version can't be named {name!r}; use up to 120 letters, digits, dots, dashes and underlines "
            f"that begin with a letter or digit, and none of {', '.join(sorted(_TAKEN))}"
        )
    return name


def register_version(
    connection: Connection,
    files: ModelFiles,
    *,
    card: Mapping[str, Any] | None = None,
    parent: str | None = None,
    state: str = "candidate",
) -> None:
    """Make a model folder known. The same name and digest again is no change, so that a crashed caller may repeat.

    `card` is added to what the folder's own description says (flags, metrics, data digest). `parent` is the version
    that training began from; by default the one that the folder names.

    Raises:
        StoreError: The name is taken by other content or can't be one; the state is not candidate or rejected.
    """
    check_name(files.name)
    if state not in {"candidate", "rejected"}:
        raise StoreError(
            f"a version is registered as candidate or rejected, not as {state}; promote it afterwards"
        )
    known = connection.scalar(select(ModelVersion.digest).where(ModelVersion.name == files.name))
    if known is not None:
        if known != files.digest:
            raise StoreError(
                f"there is another model named {files.name} (digest {known[:12]}, not {files.digest[:12]}); "
                "give this one a name of its own"
            )
        return
    ancestor = parent or files.parent
    registered = connection.scalar(select(ModelVersion.name).where(ModelVersion.name == ancestor))
    connection.execute(
        insert(ModelVersion).values(
            name=files.name,
            digest=files.digest,
            path=str(files.path.resolve()),
            # Only a registered version can be pointed at; the card keeps the name of any other ancestor.
            parent=registered,
            state=state,
            card={**_card(files, ancestor), **(card or {})},
            created_at=now_s(),
        )
    )


def _card(files: ModelFiles, parent: str | None) -> dict[str, Any]:
    return {
        "parent": parent,
        "created_at": files.created_at,
        "data_digest": files.data_digest,
        "architecture": files.architecture,
        "flags": dict(files.flags),
        "metrics": dict(files.metrics),
    }


def active_version(connection: Connection) -> str | None:
    """Name of the promoted version; None while the bundled model is active."""
    return connection.scalar(select(ModelVersion.name).where(ModelVersion.state == "active"))


def promote(
    connection: Connection, name: str, *, fence: tuple[str, int] | None = None, rejected_too: bool = False
) -> str | None:
    """Make a version the active one, and return the name of the earlier one (None for the bundled model).

    All in the caller's one transaction: either the earlier one is retired and this one active, or nothing changed.
    The files are read and compared with the registered digest first. `fence` is the name and the fence of a lock
    (domaingen.store.named_locks) that must still be held; the lock's row stays locked until the transaction ends,
    so nobody takes it over in between. The bundled model is promoted by its name as well. A version that is active
    stays so. A promotion ends a canary.

    Raises:
        StoreError: It is unknown, changed, missing or rejected by the gate (unless `rejected_too`), or the fence no
            longer holds.
    """
    if fence is not None:
        require_fence(connection, *fence)
    versions = lock_versions(connection)
    earlier = next((each.name for each in versions.values() if each.state == "active"), None)
    if name == BUNDLED_MODEL:
        if earlier is None:
            return None
        _bundled()
    else:
        if name == earlier:
            return earlier
        usable_version(versions, name, rejected_too=rejected_too)
    _activate(connection, earlier, name)
    log_change(connection, "promote", name)
    return earlier


def rollback(connection: Connection) -> str:
    """Go one step back to what was active before, and return its name; again goes back one more step.

    Raises:
        StoreError: There is nothing before, or its files are missing or changed.
    """
    versions = lock_versions(connection)
    past = past_versions(connection)
    if len(past) < 2:
        raise StoreError(
            "there is nothing to go back to: no version was active before this one; "
            "promote another one by name (`domaingen models list`)"
        )
    target = past[-2]
    if target == BUNDLED_MODEL:
        _bundled()
    else:
        usable_version(versions, target, rejected_too=True)
    earlier = next((each.name for each in versions.values() if each.state == "active"), None)
    _activate(connection, earlier, target)
    log_change(connection, "rollback", target)
    return target


def reject(connection: Connection, name: str, report: Mapping[str, Any]) -> None:
    """Mark a candidate as refused; the gate's report is kept in its card under `gate`. Ends its canary.

    Raises:
        StoreError: It is unknown, or was active already, which only a rollback undoes.
    """
    version = _known(lock_versions(connection), name)
    if version.state in {"active", "retired"}:
        raise StoreError(f"{name} is {version.state} and no candidate; use `domaingen models rollback`")
    connection.execute(
        update(ModelVersion)
        .where(ModelVersion.name == name)
        .values(state="rejected", card={**version.card, "gate": dict(report)})
    )
    current = current_canary(connection)
    if current and current[0] == name:
        end_canary(connection)


def list_versions(connection: Connection) -> list[Version]:
    """All versions, the bundled one first and then as they were registered."""
    rows = connection.execute(select(ModelVersion.__table__).order_by(ModelVersion.created_at, ModelVersion.name))
    registered = [_version(row) for row in rows]
    try:
        bundled = _bundled(active=all(version.state != "active" for version in registered))
    except StoreError:
        return registered
    return [bundled, *registered]


def read_version(connection: Connection, name: str) -> Version:
    """One version by name.

    Raises:
        StoreError: There is none of this name.
    """
    if name == BUNDLED_MODEL:
        return _bundled(active=active_version(connection) is None)
    row = connection.execute(select(ModelVersion.__table__).where(ModelVersion.name == name)).one_or_none()
    if row is None:
        raise _unknown(name)
    return _version(row)


def find_files(connection: Connection, name: str) -> tuple[str, str] | None:
    """Folder and digest of a registered version; None for a name that was not registered."""
    row = connection.execute(
        select(ModelVersion.path, ModelVersion.digest).where(ModelVersion.name == name)
    ).one_or_none()
    return (row.path, row.digest) if row else None


def _unknown(name: str) -> StoreError:
    return StoreError(f"there is no model version {name}; `domaingen models list` shows the registered ones")


def _version(row: Row[Any]) -> Version:
    return Version(
        name=row.name,
        digest=row.digest,
        path=Path(row.path),
        parent=row.parent or row.card.get("parent"),
        state=row.state,
        card=row.card,
        created_at=row.created_at,
        promoted_at=row.promoted_at,
    )


def _bundled(*, active: bool = False) -> Version:
    try:
        files = read_model(bundled_model_path(), verify=False)
    except ModelError as error:
        raise StoreError(str(error)) from error
    state = "active" if active else "retired"
    card = _card(files, files.parent)
    return Version(files.name, files.digest, files.path, files.parent, state, card, None, None, bundled=True)


def lock_versions(connection: Connection) -> dict[str, Version]:
    """All registered versions, their rows locked, so that of two promotions one waits and sees the other's result.
    SQLite, which has no row locks, lets one writing transaction in at a time anyway."""
    rows = connection.execute(
        select(ModelVersion.__table__).order_by(ModelVersion.name).with_for_update(key_share=True)
    )
    return {row.name: _version(row) for row in rows}


def _known(versions: Mapping[str, Version], name: str) -> Version:
    if name not in versions:
        raise _unknown(name)
    return versions[name]


def usable_version(versions: Mapping[str, Version], name: str, *, rejected_too: bool = False) -> Version:
    """One of `versions` whose files are there and as they were registered.

    Raises:
        StoreError: It is unknown, changed, missing or rejected by the gate (unless `rejected_too`).
    """
    version = _known(versions, name)
    if version.state == "rejected" and not rejected_too:
        raise StoreError(f"{name} was rejected by the gate; `domaingen models show {name}` says why")
    try:
        digest = read_model(version.path).digest
    except ModelError as error:
        raise StoreError(f"{name} can't be used: {error}") from error
    if digest != version.digest:
        raise StoreError(
            f"{version.path} holds another model (digest {digest[:12]}) than the one that was registered as "
            f"{name} ({version.digest[:12]}); bring its files back, or register this one under a new name"
        )
    return version


def _activate(connection: Connection, earlier: str | None, name: str) -> None:
    # The earlier one first: the unique index allows one active version at every moment.
    connection.execute(update(ModelVersion).where(ModelVersion.name == earlier).values(state="retired"))
    connection.execute(
        update(ModelVersion).where(ModelVersion.name == name).values(state="active", promoted_at=now_s())
    )
    end_canary(connection)
