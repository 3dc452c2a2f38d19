"""The database: the truth about batches, rows, claims, outcomes, failures, models and runs."""
