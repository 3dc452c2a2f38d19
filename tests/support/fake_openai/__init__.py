"""A server that speaks the OpenAI API on a loopback port: `python -m tests.support.fake_openai` starts it.

It answers responses, chat completions, moderations, files and batches, enforces request and token limits, plays
faults by script or by seeded rate, and keeps a journal of everything it was asked.
"""

from tests.support.fake_openai.faults import Fault, FaultPlan
from tests.support.fake_openai.limits import Limits
from tests.support.fake_openai.server import FakeOpenAI

__all__ = ["FakeOpenAI", "Fault", "FaultPlan", "Limits"]
