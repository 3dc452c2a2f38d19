"""Everything but the model: rows/s from CSV to results.jsonl with an instant generator and judge, and peak memory.

python -m tests.benchmarks.bench_pipeline [--rows 20000] [--database sqlite|postgres|both] [--memory-rows 1000000]

Real processes: a Redis of its own, two workers, this process as producer. Times are split into submitting (read,
store, publish), working (until the last outcome; workers work while rows are still being stored) and exporting.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil
from sqlalchemy import create_engine, make_url, text

from domaingen.queueing import CeleryPublisher, make_app
from domaingen.reports.export import export_batch
from domaingen.settings import load_settings
from domaingen.store.database import Database
from domaingen.store.migrate import upgrade
from producer.following import follow
from producer.submission import BatchOptions, plan_submission, submit
from tests.support.servers import RedisServer, WorkerProcess

POSTGRES_URL = os.environ.get(
    "DOMAINGEN_TEST_DATABASE_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
)


def write_csv(path: Path, rows: int) -> None:
    """Rows of ordinary length, all different."""
    with path.open("w", encoding="utf-8") as file:
        file.write("id,description,client\n")
        for row in range(rows):
            file.write(
                f'{row},"Family bakery number {row} with sourdough bread, pastries and coffee, near the harbour",c{row % 97}\n'
            )


def children_memory_mb(processes: list[WorkerProcess]) -> float:
    """Largest resident size among the workers, in MB."""
    sizes = [psutil.Process(worker.process.pid).memory_info().rss for worker in processes if worker.process]
    return max(sizes) / 2**20


def measure(database_url: str, rows: int, workers: int, folder: Path) -> dict[str, object]:
    """One pass."""
    upgrade(Database(database_url))
    redis = RedisServer(folder / "redis")
    redis.start()
    environment = {
        "DOMAINGEN_HOME": str(folder),
        "DOMAINGEN_DATABASE_URL": database_url,
        "DOMAINGEN_BROKER_URL": redis.url,
        "DOMAINGEN_LOG_LEVEL": "warning",
    }
    settings = load_settings(home=folder, database_url=database_url, broker_url=redis.url)
    csv = folder / "rows.csv"
    write_csv(csv, rows)
    running = [
        WorkerProcess(environment, "--pool", "threads", "--concurrency", "2").start() for _ in range(workers)
    ]
    try:
        database = Database(database_url)
        publisher = CeleryPublisher(make_app(settings, redis.url))
        time.sleep(4)  # workers are up; starting them is not what is measured
        start = time.perf_counter()
        plan = plan_submission(csv, BatchOptions(), settings, database, "instant")
        batch_id = submit(plan, database, publisher, chunk_size=settings.chunk_size)
        submitted = time.perf_counter()
        for _ in follow(database, batch_id, interval_s=0.2):
            pass
        worked = time.perf_counter()
        export_batch(database, batch_id, folder / "out", {})
        exported = time.perf_counter()
        return {
            "database": database.url.get_backend_name(),
            "rows": rows,
            "workers": workers,
            "submit_s": round(submitted - start, 2),
            "work_s": round(worked - submitted, 2),
            "export_s": round(exported - worked, 2),
            "rows_per_s": round(rows / (worked - start)),
            "rows_per_s_with_export": round(rows / (exported - start)),
            "worker_peak_mb": round(children_memory_mb(running)),
        }
    finally:
        for worker in running:
            worker.kill()
        redis.stop()


def measure_producer_memory(rows: int, folder: Path) -> dict[str, object]:
    """Peak resident size of `submit` alone on a large file; no workers take part."""
    csv = folder / "large.csv"
    write_csv(csv, rows)
    redis = RedisServer(folder / "redis-large")
    redis.start()
    code = (
        "import resource,sys,time;from pathlib import Path;from domaingen.settings import load_settings;"
        "from domaingen.store.database import Database;from domaingen.store.migrate import ensure_ready;"
        "from domaingen.queueing import CeleryPublisher,make_app;"
        "from producer.submission import *;s=load_settings();d=Database(s.database);ensure_ready(d);t=time.perf_counter();"
        "p=plan_submission(Path(sys.argv[1]),BatchOptions(),s,d,'instant');"
        "submit(p,d,CeleryPublisher(make_app(s,s.broker_url)),chunk_size=s.chunk_size);"
        "print(time.perf_counter()-t,resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)"
    )
    environment = os.environ | {"DOMAINGEN_HOME": str(folder / "large-home"), "DOMAINGEN_BROKER_URL": redis.url}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(csv)], env=environment, check=True, capture_output=True, text=True
        )
    finally:
        redis.stop()
    seconds, peak = map(float, done.stdout.split())
    return {
        "producer_rows": rows,
        "seconds": round(seconds, 1),
        "rows_per_s": round(rows / seconds),
        "peak_mb": round(peak),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument(
        "--memory-rows", type=int, default=0, help="also submit this many rows and report peak memory"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="domaingen-bench-") as name:
        folder = Path(name)
        if arguments.database in {"sqlite", "both"}:
            (folder / "a").mkdir()
            print(
                json.dumps(
                    measure(
                        f"sqlite:///{folder / 'a' / 'bench.sqlite3'}",
                        arguments.rows,
                        arguments.workers,
                        folder / "a",
                    )
                )
            )
        if arguments.database in {"postgres", "both"}:
            (folder / "b").mkdir()
            database = f"domaingen_bench_{uuid.uuid4().hex[:8]}"
            admin = create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {database}"))
            try:
                url = make_url(POSTGRES_URL).set(database=database).render_as_string(hide_password=False)
                print(json.dumps(measure(url, arguments.rows, arguments.workers, folder / "b")))
            finally:
                with admin.connect() as connection:
                    connection.execute(text(f"DROP DATABASE {database} WITH (FORCE)"))
        if arguments.memory_rows:
            print(json.dumps(measure_producer_memory(arguments.memory_rows, folder)))
    print(json.dumps({"this_process_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}))


if __name__ == "__main__":
    main()
