"""Prometheus metrics of a worker: rows by outcome, seconds by stage, queue depth, lease expiries."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess, start_http_server

from domaingen.settings import Settings

ROWS = Counter("domaingen_rows", "Rows that ended, by outcome.", ["status", "failure_type"])
STAGE_SECONDS = Histogram(
    "domaingen_stage_seconds",
    "Seconds that one chunk spent in a stage.",
    ["stage"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120),
)
LOST_CLAIMS = Counter("domaingen_lost_claims", "Rows whose lease was taken over before they were written.")
EXPIRED_LEASES = Counter("domaingen_expired_leases", "Claims that ran out and were queued again.")
REPUBLISHED = Counter("domaingen_republished_rows", "Rows published again because their message was lost.")
QUEUE_DEPTH = Gauge(
    "domaingen_queue_depth", "Messages waiting, by queue.", ["queue"], multiprocess_mode="mostrecent"
)

JUDGE_REQUESTS = Counter("domaingen_judge_requests", "Requests to the judge's provider, by result.", ["result"])
JUDGE_IN_FLIGHT = Gauge(
    "domaingen_judge_in_flight", "Requests to the judge that are open.", multiprocess_mode="livesum"
)
JUDGED_NAMES = Counter("domaingen_judged_names", "Names that were judged by the provider or from the cache.")
JUDGE_ROWS = Gauge(
    "domaingen_judge_rows",
    "Rows of all batches that wait for the judge, or are parked until a person does something.",
    ["state"],
    multiprocess_mode="mostrecent",
)
JUDGE_SPENT_TODAY = Gauge(
    "domaingen_judge_spent_today_usd",
    "US dollars that judging has cost since midnight UTC, over all processes.",
    multiprocess_mode="mostrecent",
)
FEEDBACK = Gauge(
    "domaingen_feedback", "Opinions of people about names, by kind.", ["kind"], multiprocess_mode="mostrecent"
)
JUDGE_COST = Counter("domaingen_judge_cost_usd", "US dollars that judging has cost.")


@contextmanager
def timed_stage(name: str) -> Iterator[None]:
    """Observe how long a stage takes."""
    start = perf_counter()
    try:
        yield
    finally:
        STAGE_SECONDS.labels(name).observe(perf_counter() - start)


def serve_metrics(settings: Settings) -> int | None:
    """Start the metrics page where a port is set; returns the port. With PROMETHEUS_MULTIPROC_DIR set (prefork
    pools) the page adds up the children."""
    if not settings.metrics_port:
        return None
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        start_http_server(settings.metrics_port, settings.metrics_host, registry=registry)
    else:
        start_http_server(settings.metrics_port, settings.metrics_host)
    return settings.metrics_port
