"""The walls around the tests: nothing leaves this machine, and no key of the person who runs them is seen."""

import asyncio
import os
import socket

import pytest

from domaingen.judging.openai_judge import JudgeRequest, OpenAIJudge, Speech
from domaingen.settings import load_settings
from tests.conftest import BeyondLoopbackError


def test_a_connection_to_another_host_fails_the_test() -> None:
    with pytest.raises(BeyondLoopbackError), socket.socket() as outside:
        outside.connect(("192.0.2.1", 443))
    with pytest.raises(BeyondLoopbackError):
        socket.getaddrinfo("api.openai.com", 443)


def test_a_judge_with_a_key_and_no_fake_server_is_stopped_at_the_wall() -> None:
    settings = load_settings(OPENAI_API_KEY="sk-fake", judge_timeout_s=2.0)
    judge = OpenAIJudge(settings, Speech(may_fall_back=False))
    with pytest.raises(BeyondLoopbackError):
        asyncio.run(judge.judge(JudgeRequest("a bakery", ("crumb.com",))))


def test_no_key_of_the_environment_is_seen() -> None:
    assert not [name for name in os.environ if name.startswith("OPENAI_")]
    assert load_settings().openai_api_key is None
