"""docker-compose.yml, Dockerfile and the wheel, as far as they can be checked without an engine.

What a schema or a linter sees is left to them; here stands what they can't know: our commands, our ports, our secrets.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from domaingen.cli import root
from domaingen.queueing import QUEUES

REPOSITORY = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if str(service["image"]).startswith("domaingen")}
ONE_SHOT = {"migrate", "cli"}
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")

each_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", sorted(OURS))


def test_all_parts_of_the_system_are_services() -> None:
    assert set(SERVICES) >= {"redis", "postgres", "migrate", "generate", "score", "beat", "flower"}


@each_of_ours
def test_commands_are_real_and_their_options_are_understood(name: str) -> None:
    words = list(SERVICES[name]["command"])
    command: click.Command = root
    context = click.Context(root, info_name="domaingen")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    command.make_parser(context).parse_args(words)


def test_every_queue_that_work_goes_to_has_a_reader_without_profiles() -> None:
    read = set()
    for name in OURS:
        words = SERVICES[name]["command"]
        if "--queues" in words:
            queues = words[words.index("--queues") + 1].split(",")
            assert set(queues) <= set(QUEUES)
            read |= set(queues) if "profiles" not in SERVICES[name] else set()
    assert read >= set(QUEUES) - {"train"}


@each_service
def test_ports_are_published_on_loopback_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert isinstance(port, str), "write ports as text with their address"
        assert port.startswith("127.0.0.1:")
    assert SERVICES[name].get("network_mode") is None


def test_only_the_dashboard_is_published() -> None:
    assert {name for name, service in SERVICES.items() if service.get("ports")} == {"flower"}


@each_service
def test_services_restart_and_have_a_health_check(name: str) -> None:
    service = SERVICES[name]
    if name in ONE_SHOT:
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(service["healthcheck"])


@each_service
def test_health_checks_are_code_that_compiles(name: str) -> None:
    test = SERVICES[name].get("healthcheck", {}).get("test", [])
    if test[:3] == ["CMD", "python", "-c"]:
        ast.parse(test[3])


@each_service
def test_containers_may_do_as_little_as_possible(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert "stop_grace_period" in service
    # Ours get their user from the image, see below.
    assert name in OURS or service["user"] not in {"root", "0"}


@each_service
def test_volumes_are_named_and_nothing_of_the_host_is_mounted(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


def _secrets(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for variable, value in service.get("environment", {}).items():
        if re.search("PASSWORD|SECRET|TOKEN|KEY|AUTH$", variable):
            yield variable, str(value)


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in _secrets(SERVICES[name]):
        assert re.fullmatch(r"\$\{[A-Z_]+:[?-][^}]*\}", value), f"{variable} must come from the environment"
    # A literal password in a URL: user:password@ with anything but a variable between.
    text = yaml.safe_dump(SERVICES[name])
    assert not re.search(r"://[^:/@\s$]*:(?!\$\{)[^@\s/]+@", text)
    assert not re.search(r"sk-[A-Za-z0-9]{8}", text)


def test_every_required_variable_is_in_the_example_and_has_no_value_there() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{([A-Z_]+)", text))
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    example = dict(
        line.split("=", 1)
        for line in (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert set(example) == used
    assert {example[name] for name in required} == {""}


def test_database_and_broker_are_reachable_from_the_inside_alone() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("redis", "postgres"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_every_stage_that_is_run_has_an_unprivileged_user() -> None:
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)
    bases = {stage: base for base, stage in stages}
    targets = {SERVICES[name]["build"]["target"] for name in OURS}
    assert targets <= set(bases)
    for target in targets:
        assert bases[target] == "runtime"
    runtime = DOCKERFILE.split(" AS runtime\n")[1].split("\nFROM ")[0]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", runtime, re.MULTILINE)
    # What follows must not go back to root.
    assert DOCKERFILE.count("\nUSER ") == 1


def test_the_image_without_training_holds_no_torch() -> None:
    stage = DOCKERFILE.split(" AS build\n")[1].split("\nFROM ")[0]
    assert "torch" not in stage
    assert "optional-dependencies" not in stage


def test_a_wheel_holds_every_data_file_that_the_code_asks_for() -> None:
    asked = set()
    for room in ("domaingen", "producer", "worker"):
        for path in (REPOSITORY / room).rglob("*.py"):
            asked |= set(re.findall(r'(?<![\w.])asset\("([^"]+)"', path.read_text(encoding="utf-8")))
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"data": "domaingen/_data"}
    assert asked
    assert {name for name in asked if not (REPOSITORY / "data" / name).exists()} == set()
