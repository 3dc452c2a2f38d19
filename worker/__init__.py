"""The worker room: Celery tasks, the beat schedule, the local stack."""
