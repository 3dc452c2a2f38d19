"""Servers that a test starts on free ports and ends itself, and waiting with deadlines."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
import redis

from domaingen.private_broker import redis_binary


def wait_until(condition: Callable[[], object], *, timeout_s: float = 30.0, what: str = "the condition") -> None:
    """Poll until `condition` is true, or fail the test."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout_s:.0f} s")
        time.sleep(0.05)


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """A Redis of the test's own, with its data on disk."""

    def __init__(self, folder: Path, *, binary: str | None = None) -> None:
        self.port = free_port()
        self.folder = folder
        self._binary = binary or redis_binary() or "redis-server"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5)

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [
                self._binary,
                "--port",
                str(self.port),
                "--bind",
                "127.0.0.1",
                "--dir",
                str(self.folder),
                "--appendonly",
                "yes",
                "--appendfsync",
                "everysec",
                "--save",
                "",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, what="Redis")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process
        # A paused process does not see SIGTERM before it goes on.
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(timeout=20)


class PostgresServer:
    """A PostgreSQL cluster of the test's own; None from `create` where its programs are not installed."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries
        self.port = free_port()

    @classmethod
    def find_binaries(cls) -> Path | None:
        for candidate in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
            if (candidate / "initdb").exists():
                return candidate
        found = shutil.which("initdb")
        return Path(found).parent if found else None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def _run(self, *arguments: str) -> None:
        command: list[str] = [*arguments]
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            for parent in self.folder.parents:
                if parent.stat().st_mode & 0o001 == 0:
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._run(
            str(self._binaries / "initdb"),
            "-D",
            str(self.folder / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
        )
        self.start()

    def _control(self, *arguments: str) -> None:
        self._run(
            str(self._binaries / "pg_ctl"),
            "-D",
            str(self.folder / "data"),
            "-w",
            "-t",
            "60",
            "-l",
            str(self.folder / "server.log"),
            "-o",
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=60",
            *arguments,
        )

    def start(self) -> None:
        self._control("start")
        wait_until(self._answers, what="PostgreSQL")

    def _answers(self) -> bool:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def stop(self, mode: str = "fast") -> None:
        self._control("-m", mode, "stop")


class WorkerProcess:
    """A worker with an instant generator as a real process, in a session of its own."""

    def __init__(self, environment: Mapping[str, str], *arguments: str, log: Path | None = None) -> None:
        self._environment = os.environ | dict(environment)
        self._arguments: Sequence[str] = arguments or ("--pool", "threads", "--concurrency", "2")
        self._log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "WorkerProcess":
        log = self._log.open("ab") if self._log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.instant_worker", *self._arguments],
            env=self._environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        return self

    def kill(self) -> None:
        """SIGKILL for the whole session: the worker and its pool's children."""
        assert self.process
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self, timeout_s: float = 40) -> int:
        """SIGTERM, as an orchestrator would; returns the exit status."""
        assert self.process
        self.process.terminate()
        return self.process.wait(timeout=timeout_s)
