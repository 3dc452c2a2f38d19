"""Secrets reach no log."""

import io
import json
import logging
import sys

import pytest
import structlog

from domaingen.logs import configure_logging, mask
from domaingen.settings import load_settings


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key sk-proj-abcdefghijklmnop used", "key sk-proj***" + " used"),
        ("postgresql://user:secret@host/db", "postgresql://user:***@host/db"),
        ("redis://:secret@host:6379/0", "redis://:***@host:6379/0"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_credentials_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_both_kinds_of_loggers_write_one_json_line_with_bound_ids_and_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = logging.getLogger().handlers[:]
    try:
        configure_logging(load_settings(log_format="json"), process="test")
        with structlog.contextvars.bound_contextvars(batch="b1"):
            structlog.get_logger("domaingen.x").info("connected", url="redis://:hunter2@h")
            logging.getLogger("celery.worker").warning("broker %s", "amqp://u:hunter2@h")
    finally:
        logging.getLogger().handlers[:] = before
        structlog.contextvars.clear_contextvars()
        structlog.reset_defaults()
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["event"], first["batch"], first["process"], first["level"]) == (
        "connected",
        "b1",
        "test",
        "info",
    )
    assert second["event"] == "broker amqp://u:***@h"
    assert "hunter2" not in stream.getvalue()


def test_settings_show_no_key() -> None:
    settings = load_settings(OPENAI_API_KEY="sk-very-secret")
    assert settings.openai_api_key is not None
    assert "very-secret" not in repr(settings)
    assert settings.resolve_judge() == "openai"
    assert load_settings().resolve_judge() == "local"
