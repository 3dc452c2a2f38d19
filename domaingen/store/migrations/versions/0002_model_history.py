"""What was done with model versions: promotions, steps back, canaries.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("model", sa.String(length=120), nullable=True),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.CheckConstraint("kind IN ('promote', 'rollback', 'canary')", name=op.f("ck_model_changes_kind")),
        sa.CheckConstraint(
            "(kind = 'canary') = (share IS NOT NULL)", name=op.f("ck_model_changes_canary_with_share")
        ),
        sa.CheckConstraint("share IS NULL OR (share >= 0 AND share < 1)", name=op.f("ck_model_changes_share")),
        sa.ForeignKeyConstraint(["model"], ["model_versions.name"], name=op.f("fk_model_changes_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_changes")),
    )


def downgrade() -> None:
    op.drop_table("model_changes")
