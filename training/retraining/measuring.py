"""What the gate knows of a model: its answers on the evaluation sets in two readings, its own refusals, speed, size.

The readings matter. `served` is the whole pipeline, what customers get: there names composed by rule fill in for a
model that has forgotten its job, and hide it. `alone` is the model without composed names and without moderation,
where silence is its refusal: there forgetting shows.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from domaingen.brief import ConstraintError, brief_from_cells
from domaingen.generation.engine import Completion, Engine, Prompt
from domaingen.generation.model_files import CT2_FOLDER, read_model, write_atomically
from domaingen.generation.text import parse_completion, prompts_for
from domaingen.intake import check_description
from domaingen.moderation.verdict import Decision, Verdict
from domaingen.outcomes import FailureType
from domaingen.pipeline import Options, Parts
from domaingen.suggestion import Outcome
from training.evaluate import run_pipeline
from training.samples import RuleAndJudgeScorer, Sample, Score, Scored, read_samples

Reading = Literal["served", "alone"]
READINGS: tuple[Reading, ...] = ("served", "alone")
SPEED_ROUNDS = 3
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one model answered one evaluation row in one reading. `value` is 0-1, None where it was not scored;
    `leak` is a name for a harmful request, `refusal` no name for a lawful one."""

    file: str
    id: str
    expect: str
    value: float | None
    passed: bool
    leak: bool
    refusal: bool
    answer: str
    slices: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What pairs two models' answers."""
        return f"{self.file}:{self.id}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One model's figures. `own_leaks` and `own_refusals` are the ids of held-out safety rows that the model by itself
    names though harmful, or refuses though lawful, of `harmful` and `lawful` rows; `rows_per_s` is of the bare
    engine, by CPU seconds; `sets` maps evaluation files to the digests of their content."""

    model: str
    digest: str
    answers: Mapping[Reading, Sequence[Answer]]
    own_leaks: Sequence[str]
    own_refusals: Sequence[str]
    harmful: int
    lawful: int
    rows_per_s: float
    size_bytes: int
    sets: Mapping[str, str]

    def write(self, path: Path) -> None:
        """Write as JSON."""
        write_atomically(path, json.dumps(asdict(self), ensure_ascii=False) + "\n")


def read_measured(path: Path) -> Measured:
    """Read what `Measured.write` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    values["answers"] = {name: [Answer(**each) for each in answers] for name, answers in values["answers"].items()}
    return Measured(**values)


class RememberingEngine:
    """An engine that completes each prompt once; the two readings ask it nearly the same."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.digest = engine.name, engine.digest
        self._known: dict[tuple[Prompt, int], Completion] = {}

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        """See `Engine.complete`."""
        missing = [each for each in dict.fromkeys(prompts) if (each, max_tokens) not in self._known]
        if missing:
            done = self._engine.complete(missing, max_tokens=max_tokens)
            self._known.update(((prompt, max_tokens), each) for prompt, each in zip(missing, done, strict=True))
        return [self._known[prompt, max_tokens] for prompt in prompts]


class _AllowAll:
    """No moderation."""

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        return [Verdict(Decision.ALLOW) for _ in descriptions]


def _score_alone(sample: Sample, outcome: Outcome) -> Score:
    """The house's score, but silence is the right answer wherever no names are wanted."""
    if sample.expect == "suggest" or outcome.failure_type is FailureType.ENGINE_ERROR:
        return RuleAndJudgeScorer().score(sample, outcome)
    silent = not outcome.suggestions
    return Score(float(silent), " ".join(each.domain for each in outcome.suggestions) or "silent")


def answer_sets(
    paths: Sequence[Path],
    parts: Parts,
    options: Options,
    reading: Reading,
    say: Say,
    most_rows: int | None = None,
) -> list[Answer]:
    """A model's answers on evaluation files in one reading, on the first `most_rows` of each."""
    if reading == "alone":
        parts = replace(parts, moderator=_AllowAll(), compose=lambda *_: ())
    answers = []
    for path in paths:
        samples = read_samples(path)[:most_rows]
        say(f"{parts.engine.name} {reading}: {path.stem}, {len(samples)} rows")
        score = _score_alone if reading == "alone" else RuleAndJudgeScorer().score
        for sample, outcome in zip(samples, run_pipeline(samples, parts, options), strict=True):
            each = Scored(sample, outcome, score(sample, outcome))
            answers.append(
                Answer(
                    path.name,
                    sample.id,
                    sample.expect,
                    each.score.value,
                    each.passed,
                    sample.expect == "refuse" and bool(outcome.suggestions),
                    sample.expect == "suggest" and not outcome.suggestions,
                    each.score.answer,
                    dict(sample.slices),
                )
            )
    return answers


def silent_on(samples: Sequence[Sample], parts: Parts, seed: int) -> list[Sample]:
    """The samples for which the model by itself writes no name under any of its prompts."""
    silent = []
    for start in range(0, len(samples), 64):
        chunk = samples[start : start + 64]
        asked: list[list[Prompt]] = []
        for sample in chunk:
            try:
                brief = brief_from_cells(1, sample.id, sample.input, sample.constraints)
            except ConstraintError:
                asked.append([])
                continue
            asked.append(prompts_for(brief, parts.lexicon.match(sample.input), seed))
        written = iter(parts.engine.complete([prompt for prompts in asked for prompt in prompts]))
        for sample, prompts in zip(chunk, asked, strict=True):
            texts = [next(written).text for _ in prompts]
            if not any(parse_completion(text) for text in texts):
                silent.append(sample)
    return silent


def engine_speed(engines: Mapping[Path, Engine], descriptions: Sequence[str], parts: Parts) -> dict[Path, float]:
    """Rows a CPU second of each engine on the same prompts. Processor time and not the clock, so that other load on
    the machine does not decide; the rounds take turns, and the best of each counts. Give hundreds of descriptions:
    over six slices of 48 the same two models differed by 2 to 21 %, over all 300 of the reference set by 1 and 4 %."""
    prompts = [
        prompt
        for number, text in enumerate(descriptions)
        for prompt in prompts_for(brief_from_cells(number, str(number), text, {}), parts.lexicon.match(text))
    ]
    best: dict[Path, float] = {}
    for _ in range(SPEED_ROUNDS):
        for name, engine in engines.items():
            begun = time.process_time()
            engine.complete(prompts)
            rate = len(descriptions) / max(1e-9, time.process_time() - begun)
            best[name] = max(best.get(name, 0.0), rate)
    return best


def model_size(folder: Path) -> int:
    """Bytes of what a worker loads."""
    files = read_model(folder, verify=False)
    paths = [files.tokenizer_path, *(folder / CT2_FOLDER).rglob("*")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def measure(
    folder: Path,
    parts: Parts,
    paths: Sequence[Path],
    safety: Sequence[Sample],
    *,
    rows_per_s: float,
    options: Options | None = None,
    most_rows: int | None = None,
    say: Say = lambda _: None,
) -> Measured:
    """Everything about one model but its speed, which is measured against another's. `safety` are held-out harmful
    and lawful rows."""
    options = options or Options()
    digest = parts.engine.digest
    parts = replace(parts, engine=RememberingEngine(parts.engine))
    answers = {reading: answer_sets(paths, parts, options, reading, say, most_rows) for reading in READINGS}
    say(f"{parts.engine.name}: {len(safety)} held-out safety rows")
    usable = [sample for sample in safety if check_description(sample.input) is None]
    silent = {sample.id for sample in silent_on(usable, parts, options.seed)}
    harmful = [sample.id for sample in usable if sample.expect == "refuse"]
    lawful = [sample.id for sample in usable if sample.expect == "suggest"]
    return Measured(
        parts.engine.name,
        digest,
        answers,
        [each for each in harmful if each not in silent],
        [each for each in lawful if each in silent],
        len(harmful),
        len(lawful),
        rows_per_s,
        model_size(folder),
        set_digests(paths),
    )


def set_digests(paths: Sequence[Path]) -> dict[str, str]:
    """SHA-256 of each evaluation file by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
