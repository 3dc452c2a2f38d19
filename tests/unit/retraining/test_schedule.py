"""Beat looks when the settings say so, and a worker without torch says so once."""

from importlib.util import find_spec
from threading import Event

import pytest

import worker.retraining
from domaingen.errors import SettingsError
from domaingen.settings import load_settings
from worker.app import create_app
from worker.stack import up_children


def schedule(**settings):
    return create_app(load_settings(**settings), broker="memory://").conf.beat_schedule


def test_it_is_off_by_default_and_on_in_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "retrain" not in schedule()
    beat = next(child for child in up_children(load_settings(), flower_port=1) if child.name == "beat")
    assert beat.environment["DOMAINGEN_RETRAIN"] == "on"
    monkeypatch.setenv("DOMAINGEN_RETRAIN", "off")
    beat = next(child for child in up_children(load_settings(), flower_port=1) if child.name == "beat")
    assert beat.environment["DOMAINGEN_RETRAIN"] == "off"


def test_the_rule_is_the_settings_and_goes_to_the_train_queue() -> None:
    entry = schedule(retrain="on", retrain_cron="30 4 * * 0")["retrain"]
    assert entry["options"]["queue"] == "train"
    assert (entry["schedule"].hour, entry["schedule"].minute, entry["schedule"].day_of_week) == ({4}, {30}, {0})


@pytest.mark.parametrize("rule", ["nightly", "0 3 * *", "99 3 * * *"])
def test_a_rule_that_is_none_is_refused_with_its_variable(rule: str) -> None:
    with pytest.raises(SettingsError, match="DOMAINGEN_RETRAIN_CRON"):
        schedule(retrain="on", retrain_cron=rule)


def test_a_worker_without_torch_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(worker.retraining.log, "warning", lambda text, **_: said.append(text))
    monkeypatch.setattr(worker.retraining, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    worker.retraining._can_train.cache_clear()
    try:
        for _ in range(3):
            worker.retraining.retrain_if_due(None, load_settings(), Event())  # type: ignore[arg-type]
    finally:
        worker.retraining._can_train.cache_clear()
    assert len(said) == 1
    assert "domaingen[train]" in said[0]
