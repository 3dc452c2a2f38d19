"""The local moderator with OpenAI's behind it, paced over all processes.

The service is free and allows 10,000 tokens a minute on the lowest tier, which a bulk batch exceeds at once; a
refused request would leave rows to the local moderator alone. So requests wait for their share of the same kind of
allowance that judging uses (domaingen.scoring.allowance), which learns from the service's headers.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import openai
from openai import OpenAI

from domaingen.errors import SettingsError
from domaingen.judging.openai_judge import read_limits
from domaingen.judging.replies import RateLimits
from domaingen.moderation.local import LocalModerator
from domaingen.moderation.openai_moderator import MODEL, OpenAIModerator
from domaingen.scoring.allowance import Allowance, Feedback
from domaingen.settings import Settings
from domaingen.store.database import Database

LOWEST_TIER_TOKENS = 10_000.0
"""Tokens a minute of omni-moderation-latest on tier 1; assumed until headers say more."""
_LONGEST_WAIT_S = 1.0
_CHARACTERS_PER_TOKEN = 4


class ModerationPace:
    """Called with a number of characters before a request, it sleeps until all processes together may send them."""

    def __init__(self, allowance: Allowance, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._allowance, self._sleep = allowance, sleep
        self._limits = RateLimits(tokens_per_minute=LOWEST_TIER_TOKENS)
        self._refused = 0
        self._lock = threading.Lock()

    def __call__(self, characters: int) -> None:
        """Wait for the permission to send one request."""
        tokens = max(1.0, characters / _CHARACTERS_PER_TOKEN)
        while True:
            with self._lock:
                feedback = Feedback(limits=self._limits, refused=self._refused)
                self._refused = 0
            grant = self._allowance.take(1, tokens, feedback)
            if grant.requests:
                return
            self._sleep(min(max(grant.wait_s, 0.02), _LONGEST_WAIT_S))

    def learn(self, response: Any) -> None:
        """Read an answer's headers; hangs on the client."""
        with self._lock:
            self._limits = read_limits(response.headers) or self._limits
            self._refused += response.status_code == 429


def make_moderator(settings: Settings, database: Database | None, local: LocalModerator) -> OpenAIModerator:
    """`local` with a second opinion. Without a database (a single description) nothing needs to be paced.

    Raises:
        SettingsError: The settings ask for OpenAI's moderation and there is no key.
    """
    if settings.openai_api_key is None:
        raise SettingsError("DOMAINGEN_MODERATION=openai needs OPENAI_API_KEY; set it, or moderate locally")
    pace = None
    hooks = []
    if database is not None:
        pace = ModerationPace(
            Allowance(database, settings, model=MODEL, tokens_per_minute=settings.moderation_tokens_per_minute)
        )
        hooks = [pace.learn]
    client = OpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
        http_client=openai.DefaultHttpxClient(event_hooks={"response": hooks}),
    )
    return OpenAIModerator(local, client, when_down=settings.moderation_when_down, pace=pace)
