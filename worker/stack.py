"""The local stack: private Redis, workers, beat and Flower on this machine, started in order, stopped in reverse.

Each child is `python -m domaingen ...` in a session of its own, so that Ctrl-C reaches this process alone, which
then ends them one after the other: those who take work first, the broker last.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

import structlog

from domaingen.errors import BrokerError, DomaingenError
from domaingen.private_broker import PrivateRedis, redis_binary
from domaingen.queueing import GENERATE, MAINTENANCE, SCORE, TRAIN
from domaingen.settings import Settings

log = structlog.get_logger(__name__)

_STOP_TIMEOUT_S = 30.0


@dataclass
class Child:
    """A process of the stack. `arguments` follow `python -m domaingen`."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started_at: float = 0.0


class Stack:
    """Starts children, restarts those that die, stops all."""

    def __init__(self, settings: Settings, *, log_file: IO[bytes] | None = None) -> None:
        self._settings = settings
        self._log_file = log_file
        self._redis: PrivateRedis | None = None
        self.children: list[Child] = []

    @property
    def broker(self) -> str:
        """The broker in words, for the user."""
        if self._settings.broker_url:
            return "the broker of DOMAINGEN_BROKER_URL"
        return f"private Redis ({redis_binary()})"

    def start_broker(self) -> None:
        """Start or join the private Redis, unless a broker is configured."""
        if self._settings.broker_url is None:
            self._redis = PrivateRedis(self._settings.home)
            self._redis.start()

    def start(self, child: Child) -> None:
        """Start one child."""
        child.process = subprocess.Popen(
            [sys.executable, "-m", "domaingen", *child.arguments],
            env=os.environ
            | {"DOMAINGEN_HOME": str(self._settings.home), "DOMAINGEN_PARENT_PID": str(os.getpid())}
            | dict(child.environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log_file or None,
            stderr=self._log_file or None,
            start_new_session=True,
        )
        child.started_at = time.monotonic()
        if child not in self.children:
            self.children.append(child)

    def tend(self) -> None:
        """Restart children that died.

        Raises:
            DomaingenError: One dies again and again; the stack can't work.
        """
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                # Hours of good work wipe the slate clean.
                child.restarts = 1 if time.monotonic() - child.started_at > 300 else child.restarts + 1
                code = child.process.returncode
                if child.restarts > 5:
                    raise DomaingenError(
                        f"{child.name} ended {child.restarts} times (last with status {code}); see its log"
                    )
                log.warning("restarting", child=child.name, status=code, restarts=child.restarts)
                time.sleep(min(0.2 * 2**child.restarts, 5.0))
                self.start(child)

    def stop(self) -> None:
        """End the children in reverse order, then the broker if it was started here."""
        for child in reversed(self.children):
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        for child in reversed(self.children):
            if child.process is None:
                continue
            try:
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("killing", child=child.name)
                # The whole session: a prefork worker has children of its own.
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
        if self._redis is not None:
            self._redis.stop()


def worker_child(queues: Sequence[str], *, name: str = "worker", concurrency: int | None = None) -> Child:
    """A worker on some queues."""
    arguments = ["worker", "--queues", ",".join(queues), "--name", name]
    if concurrency:
        arguments += ["--concurrency", str(concurrency)]
    return Child(name, arguments)


def run_children() -> list[Child]:
    """What `domaingen run` needs: one worker for everything. Reaping is done by `run` itself."""
    return [worker_child([GENERATE, SCORE, MAINTENANCE])]


def free_port(preferred: int) -> int:
    """`preferred` on loopback if it is free, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise BrokerError("no free port on 127.0.0.1")


def flower_password(settings: Settings) -> str:
    """The password for Flower: the setting's, else one made once and kept readable for this user alone."""
    if settings.flower_password is not None:
        return settings.flower_password.get_secret_value()
    path = settings.home / "flower-password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(12))
    return path.read_text().strip()


def up_children(settings: Settings, *, flower_port: int) -> list[Child]:
    """The whole stack of `domaingen up`: a generating worker, a scoring worker, one for maintenance and training
    (so that neither slow scoring nor training keeps the reaper waiting), beat, Flower."""
    workers = [
        worker_child([GENERATE], name="generate"),
        worker_child([SCORE], name="score"),
        worker_child([MAINTENANCE, TRAIN], name="maintenance"),
    ]
    if settings.metrics_port:
        for number, child in enumerate(workers):
            child.environment = {"DOMAINGEN_METRICS_PORT": str(settings.metrics_port + number)}
    return [
        *workers,
        # The whole stack learns by itself, unless the user says otherwise.
        Child("beat", ["beat"], {"DOMAINGEN_RETRAIN": os.environ.get("DOMAINGEN_RETRAIN", "on")}),
        Child(
            "flower",
            ["flower", "--port", str(flower_port)],
            {"DOMAINGEN_FLOWER_PASSWORD": flower_password(settings)},
        ),
    ]
