"""A second opinion from OpenAI's moderation endpoint, beside the local moderator.

The stricter verdict wins on clear harm. What the service does not flag it makes no stricter: its silence clears an
uncertain row whose kind of harm it covers (it knows no fraud, counterfeits or piracy), and else the local verdict
stands. A weak flag refuses where the local moderator doubts the row too, and makes others uncertain. If the service is
down, the local verdicts stand, and rows that are uncertain are refused or wait, as `when_down` says. A row that it will
not read does not wait, since no better answer would come.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal

import structlog
from openai import APIStatusError, OpenAI, OpenAIError

from domaingen.errors import ModerationUnavailableError
from domaingen.moderation.policy import Policy, bundled_policy
from domaingen.moderation.verdict import Decision, Moderator, Verdict

MODEL = "omni-moderation-latest"
ROWS_PER_REQUEST = 32
CLEAR_HARM = 0.6
"""Score (0-1) of a flagged category from which the service's word alone refuses a row."""
CLEARLY_CLEAN = 0.1
"""Highest score of any category under which the service clears an uncertain row."""
_UNREADABLE_STATUS = frozenset({400, 413, 422})
"""Answers that blame what was sent (bad request, too large, unprocessable): the same rows would get them again."""

_CATEGORIES = {
    "sexual/minors": "minors",
    "self-harm/instructions": "selfharm",
    "self-harm/intent": "selfharm",
    "self-harm": "selfharm",
    "hate/threatening": "hate",
    "hate": "hate",
    "illicit/violent": "weapons",
    "harassment/threatening": "harassment",
    "harassment": "harassment",
    "violence/graphic": "violence",
    "violence": "violence",
    "sexual": "sexual",
    "illicit": "drugs",
}
"""The service's category -> the policy's, the gravest first (decides between equal scores)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the service says of one row: whether it flagged it, the policy's category, and the highest score (0-1)."""

    flagged: bool
    category: str | None
    score: float


class Silence(Enum):
    """Why the service says nothing about a row."""

    DOWN = "down"
    """It can't be reached or gives no usable answer; it may later."""
    UNREADABLE = "unreadable"
    """It answers, and refuses to read this very row."""


@dataclass(frozen=True, slots=True)
class Consultation:
    """One row's verdicts. `remote` is None where the service gave none; `pending` means that the row should wait."""

    verdict: Verdict
    local: Verdict
    remote: Opinion | None
    pending: bool = False

    @property
    def disagreement(self) -> bool:
        """Whether one side refuses what the other does not object to."""
        if self.remote is None:
            return False
        return self.local.decision is (Decision.ALLOW if self.remote.flagged else Decision.REFUSE)

    @property
    def in_words(self) -> str | None:
        """Both opinions, where they differ; never the text that they are about."""
        if self.remote is None or not self.disagreement:
            return None
        local = f"local {self.local.decision} {self.local.category or ''}".rstrip()
        flag = f"flags {self.remote.category}" if self.remote.flagged else "flags nothing"
        return f"{local} ({self.local.risk:.2f}), service {flag} ({self.remote.score:.2f})"


class OpenAIModerator:
    """Implements `Moderator` over a local one and a client of the OpenAI API, both given from outside.

    `pace` is called with the number of characters before each request and may sleep. After a failure the service is
    left alone for `pause_s` seconds.
    """

    def __init__(
        self,
        local: Moderator,
        client: OpenAI,
        *,
        policy: Policy | None = None,
        when_down: Literal["refuse", "wait"] = "refuse",
        model: str = MODEL,
        timeout_s: float = 20.0,
        pause_s: float = 30.0,
        pace: Callable[[int], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local, self._client, self._policy = local, client, policy or bundled_policy()
        self._when_down, self._model, self._timeout_s, self._pause_s = when_down, model, timeout_s, pause_s
        self._pace, self._clock = pace, clock
        self._silent_until = float("-inf")

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        """One verdict for each description, in order; see `consult` for how it came about.

        Raises:
            ModerationUnavailableError: The service is down, and rows that the local moderator is unsure about are to
                wait for it.
        """
        consultations = self.consult(descriptions)
        waiting = sum(consultation.pending for consultation in consultations)
        if waiting:
            raise ModerationUnavailableError(f"the moderation service gives no answer; {waiting} rows wait for it")
        return [replace(each.verdict, disagreement=each.in_words) for each in consultations]

    def consult(self, descriptions: Sequence[str]) -> list[Consultation]:
        """Ask both; disagreements are in the result and counted in the log."""
        locals_ = self._local.judge(descriptions)
        opinions: list[Opinion | Silence] = []
        for start in range(0, len(descriptions), ROWS_PER_REQUEST):
            opinions += self._ask(descriptions[start : start + ROWS_PER_REQUEST])
        consultations = [self._weigh(local, remote) for local, remote in zip(locals_, opinions, strict=True)]
        disagreements = sum(consultation.disagreement for consultation in consultations)
        if disagreements:
            log.info("moderators disagree", rows=len(descriptions), disagreements=disagreements)
        return consultations

    def _ask(self, descriptions: Sequence[str]) -> list[Opinion | Silence]:
        """One opinion for each row. A list that the service will not read is halved, down to the row that is to blame,
        so that its neighbours keep their second opinion."""
        nothing: list[Opinion | Silence] = [Silence.DOWN] * len(descriptions)
        if self._clock() < self._silent_until:
            return nothing
        if self._pace:
            self._pace(sum(len(text) for text in descriptions))
        try:
            answer = self._client.with_options(timeout=self._timeout_s).moderations.create(
                model=self._model, input=list(descriptions)
            )
            opinions: list[Opinion | Silence] = [_opinion(result) for result in answer.results]
        except (OpenAIError, ValueError, TypeError, AttributeError) as error:  # a malformed 200 is no OpenAIError
            if isinstance(error, APIStatusError) and error.status_code in _UNREADABLE_STATUS:
                return self._ask_halves(descriptions)
            self._silent_until = self._clock() + self._pause_s
            log.warning("moderation service gave no answer", error=type(error).__name__, rows=len(descriptions))
            return nothing
        if len(opinions) != len(descriptions):
            log.warning("moderation service answered for another number of rows", rows=len(descriptions))
            return nothing
        return opinions

    def _ask_halves(self, descriptions: Sequence[str]) -> list[Opinion | Silence]:
        if len(descriptions) == 1:
            log.warning("moderation service does not read a row; the local verdict stands")
            return [Silence.UNREADABLE]
        middle = len(descriptions) // 2
        return self._ask(descriptions[:middle]) + self._ask(descriptions[middle:])

    def _weigh(self, local: Verdict, remote: Opinion | Silence) -> Consultation:
        if isinstance(remote, Silence):
            return self._without(local, remote)
        if local.decision is Decision.REFUSE:
            return Consultation(local, local, remote)
        if remote.flagged:
            doubted = local.decision is Decision.UNCERTAIN or local.doubt is not None
            decision = Decision.REFUSE if doubted or remote.score >= CLEAR_HARM else Decision.UNCERTAIN
            risk = max(local.risk, remote.score)
            return Consultation(self._verdict(decision, remote.category, risk), local, remote)
        if local.category in _CATEGORIES.values() and remote.score < CLEARLY_CLEAN:
            return Consultation(Verdict(Decision.ALLOW, risk=local.risk), local, remote)
        return Consultation(local, local, remote)

    def _without(self, local: Verdict, silence: Silence) -> Consultation:
        """What the local verdict alone amounts to."""
        if local.decision is not Decision.UNCERTAIN:
            return Consultation(local, local, None)
        if silence is Silence.DOWN and self._when_down == "wait":
            return Consultation(local, local, None, pending=True)
        return Consultation(self._verdict(Decision.REFUSE, local.category, local.risk), local, None)

    def _verdict(self, decision: Decision, category: str | None, risk: float) -> Verdict:
        known = self._policy.refused.get(category or "")
        return Verdict(decision, category, known.reason if known else None, risk)


def _opinion(result: Any) -> Opinion:
    scores: dict[str, Any] = result.category_scores.model_dump(by_alias=True)
    flags: dict[str, Any] = result.categories.model_dump(by_alias=True)
    known = [(float(scores.get(name) or 0.0), name) for name in _CATEGORIES]
    order = {name: -number for number, name in enumerate(_CATEGORIES)}
    marked = [pair for pair in known if flags.get(pair[1])] or known
    score, name = max(marked, key=lambda pair: (pair[0], order[pair[1]]))
    return Opinion(bool(result.flagged), _CATEGORIES[name] if result.flagged else None, score)
