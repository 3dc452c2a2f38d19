"""Tables of scoring: rows that wait for the judge, its cache, what the provider allows, batch files, feedback."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from domaingen.store.schema import Id, Table


class ProviderBatch(Table):
    """A file of requests at OpenAI's Batch API. It is stored before it is sent, so that a crash between the two
    can be told from a batch that was never sent."""

    __tablename__ = "provider_batches"
    __table_args__ = (CheckConstraint("state IN ('preparing', 'submitted', 'done', 'lost')", name="state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    provider_id: Mapped[str | None] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12), index=True)
    requests: Mapped[int]
    created_at: Mapped[float]
    finished_at: Mapped[float | None]


class PendingScore(Table):
    """A row whose names still wait for the judge. Written with the row's outcome, deleted with its scores, so that
    the table is as long as the work that is left."""

    __tablename__ = "pending_scores"
    __table_args__ = (
        CheckConstraint("mode IN ('live', 'batch')", name="mode"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(token IS NULL) = (lease_until IS NULL)", name="token_with_lease"),
        Index("ix_pending_scores_mode_due_at", "mode", "due_at"),
    )

    item_id: Mapped[int] = mapped_column(
        Id, ForeignKey("outcomes.item_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), index=True)
    mode: Mapped[str] = mapped_column(String(8))
    """live: asked at once; batch: through the Batch API."""
    due_at: Mapped[float | None]
    """When it may be asked (again); None where it is parked: asking again would fail again."""
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[float | None]
    attempts: Mapped[int] = mapped_column(default=0)
    """Bad answers about this row; troubles of the provider don't count."""
    cause: Mapped[str | None] = mapped_column(String(16))
    """Why it was not judged when it was last tried (domaingen.judging.replies.Cause)."""
    provider_batch_id: Mapped[str | None] = mapped_column(
        ForeignKey("provider_batches.id", ondelete="SET NULL"), index=True
    )


class CachedJudgement(Table):
    """What a judge said about a name, by a digest of model, prompt version, description and domain."""

    __tablename__ = "cached_judgements"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider_model: Mapped[str] = mapped_column(String(80))
    prompt_version: Mapped[str] = mapped_column(String(8))
    relevance: Mapped[int]
    memorability: Mapped[int]
    brandability: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[float]


class Allowance(Table):
    """What the whole fleet may ask of one provider and model now: a token bucket for requests and one for tokens,
    and the circuit breaker. One row per provider and model (domaingen.scoring.allowance)."""

    __tablename__ = "allowances"
    __table_args__ = (CheckConstraint("factor > 0 AND factor <= 1", name="factor"),)

    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    requests_per_s: Mapped[float | None]
    """The limit as learned from headers or settings; None while it is not known."""
    tokens_per_s: Mapped[float | None]
    factor: Mapped[float]
    """Share of the limit that is used; falls with every 429 and recovers."""
    requests: Mapped[float]
    """Requests that may be sent now; negative after a 429."""
    tokens: Mapped[float]
    at: Mapped[float]
    """When the two buckets were last filled."""
    open_until: Mapped[float]
    """The breaker is open until then."""
    failures: Mapped[int]
    """How often in a row the breaker opened; sets how long it stays open."""
    cause: Mapped[str | None] = mapped_column(String(16))


class Feedback(Table):
    """What a person thinks of one suggested name."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint("vote IS NULL OR vote IN ('up', 'down')", name="vote"),
        CheckConstraint("vote IS NOT NULL OR edit IS NOT NULL", name="says_something"),
        UniqueConstraint("item_id", "domain", "person"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    item_id: Mapped[int] = mapped_column(Id, ForeignKey("items.id", ondelete="CASCADE"))
    batch_id: Mapped[str] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), index=True)
    domain: Mapped[str] = mapped_column(String(253))
    vote: Mapped[str | None] = mapped_column(String(4))
    edit: Mapped[str | None] = mapped_column(String(253))
    """The name that the person would have given instead."""
    comment: Mapped[str | None] = mapped_column(Text)
    person: Mapped[str] = mapped_column(String(120))
    at: Mapped[float]
