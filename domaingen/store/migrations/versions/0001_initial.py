"""All tables of the first release.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "allowances",
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("requests_per_s", sa.Double(), nullable=True),
        sa.Column("tokens_per_s", sa.Double(), nullable=True),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("requests", sa.Double(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("open_until", sa.Double(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.CheckConstraint("factor > 0 AND factor <= 1", name=op.f("ck_allowances_factor")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_allowances")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("expected_rows", sa.Integer(), nullable=False),
        sa.Column("received_rows", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.CheckConstraint("state IN ('receiving', 'open', 'finished')", name=op.f("ck_batches_state")),
        sa.CheckConstraint("received_rows >= 0", name=op.f("ck_batches_received_rows")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batches_fingerprint"), ["fingerprint"], unique=False)
        batch_op.create_index(batch_op.f("ix_batches_source_digest"), ["source_digest"], unique=False)

    op.create_table(
        "cached_judgements",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("provider_model", sa.String(length=80), nullable=False),
        sa.Column("prompt_version", sa.String(length=8), nullable=False),
        sa.Column("relevance", sa.Integer(), nullable=False),
        sa.Column("memorability", sa.Integer(), nullable=False),
        sa.Column("brandability", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_cached_judgements")),
    )
    op.create_table(
        "locks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_locks")),
    )
    op.create_table(
        "model_versions",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("parent", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("card", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("promoted_at", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "state IN ('candidate', 'active', 'retired', 'rejected')", name=op.f("ck_model_versions_state")
        ),
        sa.ForeignKeyConstraint(["parent"], ["model_versions.name"], name=op.f("fk_model_versions_parent")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_model_versions")),
    )
    with op.batch_alter_table("model_versions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_model_versions_active",
            ["state"],
            unique=True,
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )

    op.create_table(
        "provider_batches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("provider_id", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "state IN ('preparing', 'submitted', 'done', 'lost')", name=op.f("ck_provider_batches_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_batches")),
    )
    with op.batch_alter_table("provider_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_batches_state"), ["state"], unique=False)

    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("flags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("result", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("heartbeat_at", sa.Double(), nullable=False),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.CheckConstraint("state IN ('running', 'done', 'failed', 'dead')", name=op.f("ck_runs_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_runs_kind"), ["kind"], unique=False)

    op.create_table(
        "items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cells", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("published_at", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "(state = 'claimed') = (lease_until IS NOT NULL)", name=op.f("ck_items_claimed_with_lease")
        ),
        sa.CheckConstraint("(state = 'claimed') = (token IS NOT NULL)", name=op.f("ck_items_claimed_by_token")),
        sa.CheckConstraint("state IN ('queued', 'claimed', 'done')", name=op.f("ck_items_state")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_items_attempts")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_items_batch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("batch_id", "row", name=op.f("uq_items_batch_id_row")),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index(
            "ix_items_queue",
            ["state", "published_at"],
            unique=False,
            sqlite_where=sa.text("state <> 'done'"),
            postgresql_where=sa.text("state <> 'done'"),
        )
        batch_op.create_index(
            "ix_items_unfinished",
            ["batch_id"],
            unique=False,
            sqlite_where=sa.text("state <> 'done'"),
            postgresql_where=sa.text("state <> 'done'"),
        )

    op.create_table(
        "provider_usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("provider_model", sa.String(length=80), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd_micro", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.CheckConstraint("purpose IN ('judge', 'moderation', 'other')", name=op.f("ck_provider_usage_purpose")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_provider_usage_batch_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_usage")),
    )
    with op.batch_alter_table("provider_usage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_usage_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_provider_usage_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "failures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("batch_id", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("failure_type", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("root_cause", sa.String(length=40), nullable=False),
        sa.Column("improvement_strategy", sa.String(length=40), nullable=False),
        sa.Column("original_output", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("oracle", sa.String(length=40), nullable=False),
        sa.Column("review", sa.String(length=12), nullable=False),
        sa.Column("correction", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=120), nullable=True),
        sa.Column("reviewed_at", sa.Double(), nullable=True),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "review IN ('open', 'corrected', 'accepted', 'discarded')", name=op.f("ck_failures_review")
        ),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name=op.f("ck_failures_severity")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_failures_batch_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_failures_item_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failures")),
        sa.UniqueConstraint("item_id", "failure_type", name=op.f("uq_failures_item_id_failure_type")),
    )
    with op.batch_alter_table("failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failures_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_failures_failure_type"), ["failure_type"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("vote", sa.String(length=4), nullable=True),
        sa.Column("edit", sa.String(length=253), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.CheckConstraint("vote IS NULL OR vote IN ('up', 'down')", name=op.f("ck_feedback_vote")),
        sa.CheckConstraint("vote IS NOT NULL OR edit IS NOT NULL", name=op.f("ck_feedback_says_something")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_feedback_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_feedback_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("item_id", "domain", "person", name=op.f("uq_feedback_item_id_domain_person")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feedback_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "outcomes",
        sa.Column(
            "item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("failure_type", sa.String(length=40), nullable=True),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "(status = 'suggested') = (failure_type IS NULL)", name=op.f("ck_outcomes_names_or_one_failure")
        ),
        sa.CheckConstraint(
            "failure_type IS NULL OR failure_type IN ('safety_issue', 'empty_input', 'short_input', 'long_input', 'gibberish_input', 'repeated_input', 'numeric_input', 'symbol_input', 'control_input', 'url_input', 'invalid_constraint', 'malformed_row', 'too_few_suggestions', 'constraint_unsatisfiable', 'provider_error', 'engine_error', 'poison')",
            name=op.f("ck_outcomes_failure_type"),
        ),
        sa.CheckConstraint(
            "status IN ('suggested', 'refused', 'rejected', 'failed')", name=op.f("ck_outcomes_status")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_outcomes_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_outcomes_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_outcomes")),
    )
    with op.batch_alter_table("outcomes", schema=None) as batch_op:
        batch_op.create_index("ix_outcomes_batch_id_status", ["batch_id", "status"], unique=False)

    op.create_table(
        "pending_scores",
        sa.Column(
            "item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=True),
        sa.Column("provider_batch_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("mode IN ('live', 'batch')", name=op.f("ck_pending_scores_mode")),
        sa.CheckConstraint(
            "(token IS NULL) = (lease_until IS NULL)", name=op.f("ck_pending_scores_token_with_lease")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_pending_scores_attempts")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_pending_scores_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["outcomes.item_id"], name=op.f("fk_pending_scores_item_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["provider_batch_id"],
            ["provider_batches.id"],
            name=op.f("fk_pending_scores_provider_batch_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_pending_scores")),
    )
    with op.batch_alter_table("pending_scores", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_scores_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index("ix_pending_scores_mode_due_at", ["mode", "due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_pending_scores_provider_batch_id"), ["provider_batch_id"], unique=False
        )

    op.create_table(
        "suggestions",
        sa.Column(
            "item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("rule_score", sa.Double(), nullable=False),
        sa.Column("judge", sa.String(length=8), nullable=False),
        sa.Column("judge_score", sa.Double(), nullable=True),
        sa.Column("relevance", sa.Integer(), nullable=True),
        sa.Column("memorability", sa.Integer(), nullable=True),
        sa.Column("brandability", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("checks", sa.JSON(none_as_null=True), nullable=False),
        sa.CheckConstraint(
            "(judge IN ('local', 'openai')) = (judge_score IS NOT NULL)", name=op.f("ck_suggestions_judged_or_not")
        ),
        sa.CheckConstraint("judge IN ('local', 'openai', 'pending', 'none')", name=op.f("ck_suggestions_judge")),
        sa.CheckConstraint("source IN ('model', 'composed')", name=op.f("ck_suggestions_source")),
        sa.CheckConstraint("score >= 0 AND score <= 1", name=op.f("ck_suggestions_score")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["outcomes.item_id"], name=op.f("fk_suggestions_item_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "rank", name=op.f("pk_suggestions")),
        sa.UniqueConstraint("item_id", "domain", name=op.f("uq_suggestions_item_id_domain")),
    )
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_suggestions_unjudged",
            ["item_id"],
            unique=False,
            sqlite_where=sa.text("judge = 'pending'"),
            postgresql_where=sa.text("judge = 'pending'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("suggestions", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_suggestions_unjudged",
            sqlite_where=sa.text("judge = 'pending'"),
            postgresql_where=sa.text("judge = 'pending'"),
        )

    op.drop_table("suggestions")
    with op.batch_alter_table("pending_scores", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pending_scores_provider_batch_id"))
        batch_op.drop_index("ix_pending_scores_mode_due_at")
        batch_op.drop_index(batch_op.f("ix_pending_scores_batch_id"))

    op.drop_table("pending_scores")
    with op.batch_alter_table("outcomes", schema=None) as batch_op:
        batch_op.drop_index("ix_outcomes_batch_id_status")

    op.drop_table("outcomes")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feedback_batch_id"))

    op.drop_table("feedback")
    with op.batch_alter_table("failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failures_failure_type"))
        batch_op.drop_index(batch_op.f("ix_failures_batch_id"))

    op.drop_table("failures")
    with op.batch_alter_table("provider_usage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_usage_batch_id"))
        batch_op.drop_index(batch_op.f("ix_provider_usage_at"))

    op.drop_table("provider_usage")
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_items_unfinished",
            sqlite_where=sa.text("state <> 'done'"),
            postgresql_where=sa.text("state <> 'done'"),
        )
        batch_op.drop_index(
            "ix_items_queue", sqlite_where=sa.text("state <> 'done'"), postgresql_where=sa.text("state <> 'done'")
        )

    op.drop_table("items")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_runs_kind"))

    op.drop_table("runs")
    with op.batch_alter_table("provider_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_batches_state"))

    op.drop_table("provider_batches")
    with op.batch_alter_table("model_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_model_versions_active",
            sqlite_where=sa.text("state = 'active'"),
            postgresql_where=sa.text("state = 'active'"),
        )

    op.drop_table("model_versions")
    op.drop_table("locks")
    op.drop_table("cached_judgements")
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batches_source_digest"))
        batch_op.drop_index(batch_op.f("ix_batches_fingerprint"))

    op.drop_table("batches")
    op.drop_table("allowances")
