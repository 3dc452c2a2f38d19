"""Scoring with a judge behind an API: claimed from the database, paced over all processes, paid for, never lost."""
