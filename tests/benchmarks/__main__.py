"""All benchmarks that finish in minutes: python -m tests.benchmarks. Results go into docs/benchmarks.md by hand."""

import platform
import subprocess
import sys

import psutil

COMMANDS = (
    ("tests.benchmarks.bench_pipeline", "--rows", "20000", "--memory-rows", "1000000"),
    ("tests.benchmarks.bench_generation", "--rows", "192"),
)

if __name__ == "__main__":
    print(
        f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"
    )
    for module, *arguments in COMMANDS:
        print(f"$ python -m {module} {' '.join(arguments)}", flush=True)
        subprocess.run([sys.executable, "-m", module, *arguments], check=True)
