"""A real worker process with an instant generator: python -m tests.support.instant_worker [celery worker args]."""

import sys

from domaingen.settings import load_settings
from tests.support.fakes import InstantSource
from worker.app import create_app, log_through_structlog

if __name__ == "__main__":
    settings = load_settings()
    log_through_structlog(settings, "instant")
    app = create_app(settings, make_source=InstantSource)
    app.worker_main(["worker", "--without-mingle", "--without-gossip", "--loglevel", "warning", *sys.argv[1:]])
