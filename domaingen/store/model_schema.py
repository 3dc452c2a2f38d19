"""The table of what was done with model versions; the versions themselves are in `schema.ModelVersion`."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from domaingen.store.schema import Id, Table


class ModelChange(Table):
    """One promotion, step back or canary, in the order of `id`. Rows are added and never changed, so that a step
    back finds what was active before, and a person finds what happened when."""

    __tablename__ = "model_changes"
    __table_args__ = (
        CheckConstraint("kind IN ('promote', 'rollback', 'canary')", name="kind"),
        CheckConstraint("(kind = 'canary') = (share IS NOT NULL)", name="canary_with_share"),
        CheckConstraint("share IS NULL OR (share >= 0 AND share < 1)", name="share"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(8))
    model: Mapped[str | None] = mapped_column(ForeignKey("model_versions.name"))
    """The version that it led to; empty for the bundled model, and for the end of a canary."""
    share: Mapped[float | None]
    """Share of new batches that a canary gets; 0 ends it."""
    at: Mapped[float]
