"""A judge as a function, for the commands that examine it."""

import asyncio
import random
from collections.abc import Sequence

import click

from domaingen.errors import ProviderError
from domaingen.judging.judge import Named
from domaingen.settings import JudgeChoice, Settings
from domaingen.suggestion import Judgement
from training.judge_validation import Rate

_IN_FLIGHT = 8
_ATTEMPTS = 10
_LONGEST_PAUSE_S = 8.0

judge_option = click.option(
    "--judge",
    "kind",
    type=click.Choice(["auto", "openai", "local"]),
    default="auto",
    show_default=True,
    help="Which judge to examine.",
)


def rater(settings: Settings, kind: JudgeChoice) -> tuple[Rate, str]:
    """The judge as a function, and its name with everything that may change its answers."""
    if settings.resolve_judge(kind) == "local":
        from domaingen.judging.local import LocalJudge

        return LocalJudge().rate, "local"
    from domaingen.judging.prompt import PROMPT_VERSION

    return lambda names: asyncio.run(_ask(settings, names)), f"{settings.judge_model} prompt {PROMPT_VERSION}"


async def _ask(settings: Settings, names: Sequence[Named]) -> list[Judgement | None]:
    """One name a request, each tried a few times; None where there was no answer."""
    from domaingen.judging.openai_judge import JudgeRequest, OpenAIJudge, Speech
    from domaingen.judging.replies import Treatment

    judge = OpenAIJudge(settings, Speech(may_fall_back=settings.openai_base_url is not None))
    gate = asyncio.Semaphore(_IN_FLIGHT)

    async def ask(name: Named) -> Judgement | None:
        async with gate:
            for attempt in range(_ATTEMPTS):
                reply = await judge.judge(JudgeRequest(name.description, (name.domain,)))
                if reply.judgements is not None:
                    return reply.judgements[0]
                if reply.treatment is Treatment.STOP:
                    raise ProviderError(f"the provider refuses to judge: {reply.cause} {reply.detail}")
                # Eight ask at once: what the provider asks to wait is too short for most of them, so pauses grow.
                pause_s = min(0.2 * 2**attempt, _LONGEST_PAUSE_S) * (0.5 + random.random())
                await asyncio.sleep(max(reply.retry_after_s or 0.0, pause_s))
        return None

    try:
        return list(await asyncio.gather(*(ask(name) for name in names)))
    finally:
        await judge.close()
