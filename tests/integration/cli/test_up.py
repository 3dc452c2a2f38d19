"""`domaingen up`: the whole stack on this machine, used from another terminal."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from domaingen.private_broker import is_running
from tests.support.servers import free_port, wait_until


def domaingen(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "domaingen", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def answer(url: str, *, user: str | None = None) -> int:
    request = urllib.request.Request(url)
    if user:
        request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.timeout(180)
def test_up_serves_submit_status_and_results_and_ctrl_c_stops_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = os.environ | {"DOMAINGEN_HOME": str(home)}
    log = tmp_path / "up.log"
    port = free_port()
    with log.open("wb") as file:
        stack = subprocess.Popen(
            [sys.executable, "-m", "domaingen", "up", "--flower-port", str(port)],
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        wait_until(lambda: "domaingen is up" in log.read_text(), timeout_s=60, what="the stack")
        csv = tmp_path / "in.csv"
        csv.write_text("description\n" + "".join(f"bakery number {number} by the river\n" for number in range(60)))
        submitted = domaingen(environment, "submit", str(csv), "--json")
        assert submitted.returncode == 0, submitted.stderr
        batch = json.loads(submitted.stdout)["batch"]
        watched = domaingen(environment, "status", batch, "--watch", "--json")
        assert json.loads(watched.stdout.splitlines()[-1])["suggested"] == 60
        out = tmp_path / "out"
        assert domaingen(environment, "results", batch, "--out", str(out)).returncode == 0
        assert len((out / "results.jsonl").read_text().splitlines()) == 60
        password = re.search(r"password (\S+)", log.read_text())
        assert password
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: answer(base + "/healthcheck") == 200, timeout_s=40, what="Flower")
        assert answer(base + "/workers") == 401
        assert answer(base + "/workers", user=f"domaingen:{password[1]}") == 200
        family = psutil.Process(stack.pid).children(recursive=True)
        listening = [
            connection.laddr.ip
            for process in family
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening
        assert set(listening) <= {"127.0.0.1", "::1"}
    finally:
        stack.send_signal(signal.SIGINT)
        status = stack.wait(timeout=60)
    assert status == 0
    assert "stopped" in log.read_text()
    assert not is_running(home)
    assert password[1] not in (home / "domaingen.sqlite3").read_bytes().decode("latin-1")


def test_results_of_an_unfinished_or_unknown_batch_say_what_to_do(tmp_path: Path) -> None:
    environment = os.environ | {"DOMAINGEN_HOME": str(tmp_path)}
    unknown = domaingen(environment, "results", "nobody", "--out", str(tmp_path / "out"))
    assert unknown.returncode == 1
    assert "no batch nobody" in unknown.stderr
