"""Typed tables. Times are Unix seconds (UTC) as floats, taken from the database's own clock where hosts could
disagree; both SQLite and Postgres keep them exactly enough and compare them cheaply.

Constraints carry the promises: one outcome per item (primary key), states and statuses from their enums, a
failure type exactly where there are no names.
"""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from domaingen.outcomes import BatchState, FailureType, ItemState, Judge, Severity, Source, Status

# SQLite gives row ids only to INTEGER PRIMARY KEY; Postgres needs 64 bits for years of million-row batches.
Id = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, values: type[StrEnum], *, nullable: bool = False) -> str:
    listed = f"{column} IN ({', '.join(repr(value.value) for value in values)})"
    return f"{column} IS NULL OR {listed}" if nullable else listed


class Table(DeclarativeBase):
    """Root of all tables; names constraints so that migrations can find them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        float: Double(),
        dict[str, Any]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
    }


class ModelVersion(Table):
    """A generating model: where its files are, what made it, and whether it is the active one."""

    __tablename__ = "model_versions"
    __table_args__ = (
        CheckConstraint("state IN ('candidate', 'active', 'retired', 'rejected')", name="state"),
        Index(
            "uq_model_versions_active",
            "state",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
    )

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(Text)
    parent: Mapped[str | None] = mapped_column(ForeignKey("model_versions.name"))
    state: Mapped[str] = mapped_column(String(16))
    card: Mapped[dict[str, Any]]
    created_at: Mapped[float]
    promoted_at: Mapped[float | None]


class Batch(Table):
    """One submitted file. `fingerprint` covers the file and every setting that changes the result."""

    __tablename__ = "batches"
    __table_args__ = (
        CheckConstraint(_one_of("state", BatchState), name="state"),
        CheckConstraint("received_rows >= 0", name="received_rows"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    source_name: Mapped[str] = mapped_column(Text)
    source_digest: Mapped[str] = mapped_column(String(64), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    columns: Mapped[list[str]]
    """The input's header, in order."""
    settings: Mapped[dict[str, Any]]
    """count, judge, seed, model and whatever else was fixed when the batch was submitted."""
    model: Mapped[str | None] = mapped_column(Text)
    """The model version that the batch began with and keeps."""
    expected_rows: Mapped[int]
    received_rows: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[float]
    finished_at: Mapped[float | None]


class Item(Table):
    """One row of a batch, with its place in the queue: state, attempts, lease and token."""

    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("batch_id", "row"),
        CheckConstraint(_one_of("state", ItemState), name="state"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(state = 'claimed') = (token IS NOT NULL)", name="claimed_by_token"),
        CheckConstraint("(state = 'claimed') = (lease_until IS NOT NULL)", name="claimed_with_lease"),
        # Rows that still need work: few, whatever the table's size. «Is it finished?», and the reaper's questions.
        Index(
            "ix_items_unfinished",
            "batch_id",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
        Index(
            "ix_items_queue",
            "state",
            "published_at",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    row: Mapped[int]
    external_id: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    cells: Mapped[dict[str, Any]]
    """The input row as it was, by column; beyond-header cells under the key of an empty string."""
    state: Mapped[str] = mapped_column(String(8), default=ItemState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[float | None]
    published_at: Mapped[float]
    """When a message that names this row was last due. Written before the message is sent, so that a crash
    between the two looks like a lost message, which the reaper heals anyway."""


class OutcomeRow(Table):
    """How a row ended. The primary key is the promise that it ends once."""

    __tablename__ = "outcomes"
    __table_args__ = (
        CheckConstraint(_one_of("status", Status), name="status"),
        CheckConstraint(_one_of("failure_type", FailureType, nullable=True), name="failure_type"),
        CheckConstraint("(status = 'suggested') = (failure_type IS NULL)", name="names_or_one_failure"),
        Index("ix_outcomes_batch_id_status", "batch_id", "status"),
    )

    item_id: Mapped[int] = mapped_column(
        Id, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(16))
    failure_type: Mapped[str | None] = mapped_column(String(40))
    category: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int]
    recorded_at: Mapped[float]


class SuggestionRow(Table):
    """One suggested name of a row; `rank` counts from 1, best first, as generated."""

    __tablename__ = "suggestions"
    __table_args__ = (
        CheckConstraint(_one_of("judge", Judge), name="judge"),
        CheckConstraint(_one_of("source", Source), name="source"),
        CheckConstraint("score >= 0 AND score <= 1", name="score"),
        CheckConstraint("(judge IN ('local', 'openai')) = (judge_score IS NOT NULL)", name="judged_or_not"),
        UniqueConstraint("item_id", "domain"),
        Index(
            "ix_suggestions_unjudged",
            "item_id",
            sqlite_where=text("judge = 'pending'"),
            postgresql_where=text("judge = 'pending'"),
        ),
    )

    item_id: Mapped[int] = mapped_column(
        Id, ForeignKey("outcomes.item_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    domain: Mapped[str] = mapped_column(String(253))
    score: Mapped[float]
    rule_score: Mapped[float]
    judge: Mapped[str] = mapped_column(String(8))
    judge_score: Mapped[float | None]
    relevance: Mapped[int | None]
    memorability: Mapped[int | None]
    brandability: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(8))
    checks: Mapped[dict[str, Any]]


class FailureRow(Table):
    """Something that went wrong (or was rightly refused), in the shape that reports and retraining read."""

    __tablename__ = "failures"
    __table_args__ = (
        CheckConstraint(_one_of("severity", Severity), name="severity"),
        CheckConstraint("review IN ('open', 'corrected', 'accepted', 'discarded')", name="review"),
        UniqueConstraint("item_id", "failure_type"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    item_id: Mapped[int | None] = mapped_column(Id, ForeignKey("items.id", ondelete="SET NULL"))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.id", ondelete="SET NULL"), index=True)
    source: Mapped[str] = mapped_column(String(24))
    """Who found it: batch, discovery, evaluation or feedback."""
    input: Mapped[str] = mapped_column(Text)
    failure_type: Mapped[str] = mapped_column(String(40), index=True)
    severity: Mapped[str] = mapped_column(String(8))
    category: Mapped[str | None] = mapped_column(String(40))
    root_cause: Mapped[str] = mapped_column(String(40))
    improvement_strategy: Mapped[str] = mapped_column(String(40))
    original_output: Mapped[dict[str, Any]]
    model: Mapped[str | None] = mapped_column(Text)
    oracle: Mapped[str] = mapped_column(String(40))
    """What noticed it: a check, the moderator, the judge, a mutation's oracle, a person."""
    review: Mapped[str] = mapped_column(String(12), default="open")
    correction: Mapped[dict[str, Any] | None]
    reviewed_by: Mapped[str | None] = mapped_column(String(120))
    reviewed_at: Mapped[float | None]
    recorded_at: Mapped[float]


class Run(Table):
    """A long job that must not run twice at once: training, retraining, evaluation, discovery."""

    __tablename__ = "runs"
    __table_args__ = (CheckConstraint("state IN ('running', 'done', 'failed', 'dead')", name="state"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    state: Mapped[str] = mapped_column(String(8))
    flags: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    started_at: Mapped[float]
    heartbeat_at: Mapped[float]
    finished_at: Mapped[float | None]


class Lock(Table):
    """A named lease with a fencing token: one beat, one retraining. Taken over once it has run out."""

    __tablename__ = "locks"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    fence: Mapped[int]
    """Grows with every holder; a write that carries an older one is refused."""
    until: Mapped[float]


class ProviderUsage(Table):
    """What one request to an outside provider used and cost, kept per batch."""

    __tablename__ = "provider_usage"
    __table_args__ = (CheckConstraint("purpose IN ('judge', 'moderation', 'other')", name="purpose"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.id", ondelete="SET NULL"), index=True)
    purpose: Mapped[str] = mapped_column(String(12))
    provider_model: Mapped[str] = mapped_column(String(80))
    requests: Mapped[int]
    input_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cost_usd_micro: Mapped[int] = mapped_column(BigInteger)
    """Millionths of a US dollar, so that sums are exact."""
    at: Mapped[float] = mapped_column(index=True)


# The tables of scoring and of the registry are part of the schema; they import `Table` from here, so they come last.
from domaingen.store import model_schema, scoring_schema  # noqa: E402, F401
