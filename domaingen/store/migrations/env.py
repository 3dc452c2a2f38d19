"""Alembic's entry: runs migrations on the connection that domaingen.store.migrate hands over."""

from alembic import context

from domaingen.store.schema import Table

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Table.metadata,
    # SQLite can't alter constraints in place; batch mode copies the table instead.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
