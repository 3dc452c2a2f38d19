"""Schema versions, applied by alembic; see domaingen.store.migrate."""
