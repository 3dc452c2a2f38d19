"""python -m tests.support.fake_openai: serve until Ctrl-C, so that `--judge openai` can be tried without a key."""

import argparse

import uvicorn

from tests.support.fake_openai.faults import TRANSIENT_MIX, FaultPlan
from tests.support.fake_openai.limits import Limits
from tests.support.fake_openai.server import FakeOpenAI


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.fake_openai", description=__doc__)
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--requests-per-minute", type=float, default=6_000)
    parser.add_argument("--tokens-per-minute", type=float, default=10_000_000)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds of every answer")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that end badly, e.g. 0.1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--outage", metavar="START:LENGTH", help="seconds after the first request, e.g. 30:60")
    options = parser.parse_args()
    whole = sum(TRANSIENT_MIX.values())
    outage = None
    if options.outage:
        start, _, length = options.outage.partition(":")
        outage = (float(start), float(length))
    server = FakeOpenAI(
        port=options.port,
        limits=Limits(options.requests_per_minute, options.tokens_per_minute),
        faults=FaultPlan(
            rates={fault: rate / whole * options.faults for fault, rate in TRANSIENT_MIX.items()},
            seed=options.seed,
            outage=outage,
        ),
        latency_s=options.latency,
    )
    print(f"export OPENAI_BASE_URL={server.url} OPENAI_API_KEY=sk-fake", flush=True)
    print(f"journal   http://127.0.0.1:{options.port}/_statistics and /_journal", flush=True)
    uvicorn.run(
        server.app(), host="127.0.0.1", port=options.port, log_level="critical", access_log=False, lifespan="off"
    )


if __name__ == "__main__":
    main()
