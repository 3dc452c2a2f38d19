"""Scoring at scale: python -m tests.benchmarks.bench_scoring [--names 10000] [--outage 40:60] [--faults 0.1].

Several scoring processes share one database and one allowance against the fake server, which runs in a process of
its own. Prints what became of every name, the share of the provider's allowance that was used while it was up, and
the cost beside what the server's journal says. docs/judging.md keeps the figures.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

from domaingen.judging.replies import Usage
from domaingen.scoring.prices import find_price
from domaingen.scoring.progress import scoring_state
from domaingen.scoring.scorer import Scorer
from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.migrate import upgrade
from tests.support.servers import free_port, wait_until
from tests.support.unjudged import causes_of, judges_of, store_unjudged, usage_of


def score_until(settings: Settings, batch_id: str, cpu: "multiprocessing.Queue[float]") -> None:
    """One scoring process: works when there is work, as if beat called it twice a second."""
    database = Database(settings.database)
    scorer = Scorer(database, settings)
    while scoring_state(database, batch_id).waiting:
        scorer.score()
        time.sleep(0.5)
    cpu.put(time.process_time())


def fetch(base: str, path: str) -> object:
    with urllib.request.urlopen(base + path, timeout=30) as answer:
        return json.load(answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=10_000)
    parser.add_argument("--names-per-row", type=int, default=5)
    parser.add_argument("--names-per-call", type=int, default=1)
    parser.add_argument("--requests-per-minute", type=float, default=3000)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--faults", type=float, default=0.1)
    parser.add_argument("--outage", default="60:60", help="START:LENGTH in seconds, 0:0 for none")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", action="store_true", help="print the requests of each second too")
    parser.add_argument("--database-url", help="an empty database; default: SQLite in a temporary folder")
    options = parser.parse_args()

    port = free_port()
    base = f"http://127.0.0.1:{port}"
    folder = Path(tempfile.mkdtemp(prefix="bench-scoring-"))
    settings = load_settings(
        database_url=options.database_url or f"sqlite:///{folder / 'bench.sqlite3'}",
        judge_names_per_call=options.names_per_call,
        OPENAI_API_KEY="sk-fake",
        OPENAI_BASE_URL=f"{base}/v1",
        log_level="warning",
    )
    database = Database(settings.database)
    upgrade(database)
    batch_id = store_unjudged(database, options.names // options.names_per_row, names=options.names_per_row)
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.support.fake_openai",
            "--port",
            str(port),
            "--latency",
            str(options.latency),
            "--requests-per-minute",
            str(options.requests_per_minute),
            "--faults",
            str(options.faults),
            "--outage",
            options.outage,
        ],
        stdout=subprocess.DEVNULL,
        env=os.environ,
    )
    try:
        wait_until(lambda: _answers(base), what="the fake server")
        context = multiprocessing.get_context("spawn")
        cpu: multiprocessing.Queue[float] = context.Queue()
        processes = [
            context.Process(target=score_until, args=(settings, batch_id, cpu)) for _ in range(options.processes)
        ]
        started = time.monotonic()
        for process in processes:
            process.start()
        cpu_s = sum(cpu.get(timeout=1800) for _ in processes)
        wall_s = time.monotonic() - started
        report(options, database, settings, batch_id, base, wall_s, cpu_s)
    finally:
        server.terminate()


def _answers(base: str) -> bool:
    try:
        fetch(base, "/_statistics")
    except OSError:
        return False
    return True


def report(
    options: argparse.Namespace,
    database: Database,
    settings: Settings,
    batch_id: str,
    base: str,
    wall_s: float,
    cpu_s: float,
) -> None:
    told = fetch(base, "/_statistics")
    journal = fetch(base, "/_journal")
    assert isinstance(told, dict)
    assert isinstance(journal, list)
    start_s, length_s = map(float, options.outage.split(":"))
    first, last = told["first_at"], told["last_at"]
    arrivals = [entry["at"] - first for entry in journal if entry["outcome"] != "limited"]
    up = [at for at in arrivals if not start_s <= at < start_s + length_s]
    per_s = options.requests_per_minute / 60
    up_s = last - first - length_s
    back = [
        entry["at"] - first
        for entry in journal
        if entry["outcome"] == "ok" and entry["at"] - first > start_s + length_s
    ]
    if options.seconds:
        counts = Counter(int(at) for at in arrivals)
        print(" ".join(str(counts[second]) for second in range(int(last - first) + 1)))
    price = find_price(settings)
    assert price is not None
    billed = price.cost(
        Usage(told["requests"], told["input_tokens"], told["cached_tokens"], 0, told["output_tokens"])
    )
    usage = usage_of(database, batch_id)
    print(
        json.dumps(
            {
                "names_by_judge": judges_of(database, batch_id),
                "waiting_by_cause": causes_of(database, batch_id),
                "requests": told["requests"],
                "by_outcome": told["by_outcome"],
                "answered_more_than_once": told["answered_more_than_once"],
                "peak_in_flight": told["peak_in_flight"],
                "wall_s": round(wall_s, 1),
                "share_of_allowance_while_up": round(len(up) / (up_s * per_s), 4),
                "first_answer_after_outage_s": round(min(back) - start_s - length_s, 2)
                if back and length_s
                else None,
                "cost_usd": usage["cost_usd_micro"] / 1e6,
                "journal_usd": billed / 1e6,
                "cost_per_1000_names_usd": round(usage["cost_usd_micro"] / options.names / 1000, 4),
                "cpu_ms_per_request": round(1000 * cpu_s / told["requests"], 2),
                "load_average": os.getloadavg(),
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
