"""Commands that keep running: worker, beat, Flower, and the local stack of all of them."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import click
from celery.signals import worker_ready

from domaingen import metrics
from domaingen.errors import SettingsError
from domaingen.logs import configure_logging
from domaingen.queueing import QUEUES, SCORE
from domaingen.settings import Settings, load_settings
from domaingen.store.database import Database
from domaingen.store.migrate import ensure_ready
from worker.app import create_app, log_through_structlog
from worker.stack import Stack, flower_password, free_port, up_children

FLOWER_PORT = 5555


def _end_with_parent() -> None:
    """Stop this process when the stack that started it is gone, even killed: nobody else would."""
    parent = int(os.environ.get("DOMAINGEN_PARENT_PID") or 0)
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _check_database(settings: Settings) -> None:
    database = Database(settings.database)
    ensure_ready(database)
    database.close()


@click.command()
@click.option(
    "--queues", default=",".join(QUEUES), show_default=True, help="Queues to take work from, separated by commas."
)
@click.option("--name", default="worker", show_default=True, help="Node name, as Flower shows it.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    help="Chunks in hand at once. Default: 3 threads, which keep the model busy while others write, and one for scoring; 1 child for prefork.",
)
def worker(queues: str, name: str, concurrency: int | None) -> None:
    """Run one worker: it claims rows, names them and writes their outcomes.

    Start as many as you like on as many hosts as you like, with the same DOMAINGEN_DATABASE_URL and
    DOMAINGEN_BROKER_URL. One process holds the model once and generates with every core of DOMAINGEN_THREADS.
    """
    settings = load_settings()
    unknown = set(queues.split(",")) - set(QUEUES)
    if unknown:
        raise click.BadParameter(f"unknown queue {', '.join(sorted(unknown))}; there are {', '.join(QUEUES)}")
    log_through_structlog(settings, name)
    _check_database(settings)
    _end_with_parent()
    app = create_app(settings)

    @worker_ready.connect(weak=False)
    def _serve(**_: object) -> None:
        metrics.serve_metrics(settings)

    # One thread more where a drain of the scorer may hold one for minutes.
    default = 3 + (SCORE in queues.split(",")) if settings.pool == "threads" else 1
    arguments = [
        "worker",
        "--queues",
        queues,
        "--hostname",
        f"{name}@%h",
        "--pool",
        settings.pool,
        "--loglevel",
        settings.log_level,
        "--without-mingle",
        "--without-gossip",
    ]
    if settings.pool != "solo":
        arguments += ["--concurrency", str(concurrency or default)]
    app.worker_main(arguments)


@click.command()
def beat() -> None:
    """Run beat: the clock of the reaper and of retraining. Several may run; one of them is active."""
    settings = load_settings()
    log_through_structlog(settings, "beat")
    _check_database(settings)
    _end_with_parent()
    create_app(settings).start(["beat", "--loglevel", settings.log_level, "--pidfile="])


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=FLOWER_PORT, show_default=True, type=int)
@click.option("--user", default="domaingen", show_default=True, help="User name of the login.")
def flower(address: str, port: int, user: str) -> None:
    """Run Flower, Celery's dashboard, behind a password.

    The password comes from DOMAINGEN_FLOWER_PASSWORD, else from a file that is made once under DOMAINGEN_HOME.
    /metrics and /healthcheck are open, as Flower has them.
    """
    settings = load_settings()
    configure_logging(settings, process="flower")
    _end_with_parent()
    password = flower_password(settings)
    if "," in password or not password:
        raise SettingsError(
            "DOMAINGEN_FLOWER_PASSWORD must not be empty or hold a comma (Flower's list separator)"
        )
    # Through the environment: arguments are visible to every user of the machine.
    os.environ["FLOWER_BASIC_AUTH"] = f"{user}:{password}"
    sys.argv[1:] = ["flower"]
    create_app(settings).start(
        [
            "--quiet",
            "flower",
            f"--address={address}",
            f"--port={port}",
            f"--conf={os.devnull}",
            "--logging=warning",
        ]
    )


@click.command()
@click.option("--flower-port", default=FLOWER_PORT, show_default=True, type=int, help="Taken if it is free.")
@click.option(
    "--log",
    "log_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Log to this file instead of the terminal.",
)
def up(flower_port: int, log_path: Path | None) -> None:
    """Run the whole system on this machine: broker, workers, beat and Flower. Ctrl-C stops it.

    In another terminal: domaingen submit FILE.csv, domaingen status BATCH --watch, domaingen results BATCH --out DIR.
    """
    settings = load_settings()
    configure_logging(settings, process="up")
    _check_database(settings)
    port = free_port(flower_port)
    log_file = log_path.open("ab") if log_path else None
    stack = Stack(settings, log_file=log_file)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        stack.start_broker()
        for child in up_children(settings, flower_port=port):
            stack.start(child)
        click.echo(
            f"domaingen is up\n"
            f"  home      {settings.home}\n"
            f"  database  {Database(settings.database).url.render_as_string(hide_password=True)}\n"
            f"  broker    {stack.broker}\n"
            f"  Flower    http://127.0.0.1:{port}  user domaingen  password {flower_password(settings)}\n"
            f"Ctrl-C stops it.",
            err=True,
        )
        while not stop.wait(0.5):
            stack.tend()
        click.echo("stopping…", err=True)
    finally:
        stack.stop()
        if log_file:
            log_file.close()
    click.echo("stopped", err=True)
