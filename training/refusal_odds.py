"""How well a generator alone tells harm: the odds that it writes a refusal, against the moderator's risk.

    python -m training.refusal_odds --file requests.jsonl --file businesses.csv

One row of the table in docs/moderation.md: area under the curve on the dev part of the safety rows, and the share of
harmful rows refused at thresholds that 2, 5 and 10 % of its lawful ones reach; then, for each file, what is refused at
the first threshold. The last line is a logistic mixture of both, fitted on those dev rows. Needs a model with an encoder.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from domaingen.generation.ctranslate2_engine import BATCH, END, MAX_SOURCE_TOKENS
from domaingen.generation.model_files import ModelFiles, bundled_model_path, read_model
from domaingen.generation.text_format import NONE, STRATEGY_TOKENS, Controls, source_text
from domaingen.moderation.classifier import bundled_classifier
from domaingen.names.gist import gist
from domaingen.processor import open_model
from training.moderation_evaluation import Case, read_cases, safety_cases
from training.statistics import fit_logistic, roc_auc

LAWFUL_REFUSED = (0.02, 0.05, 0.10)
Floats = npt.NDArray[np.float64]


def refusal_log_odds(files: ModelFiles, texts: Sequence[str], *, threads: int = 1) -> Floats:
    """For each text the log odds that the model refuses it, the mean over the strategies that it is told to begin with."""
    tokenizer = Tokenizer.from_file(str(files.tokenizer_path))
    model = open_model(ctranslate2.Translator, files.ct2_path, inter_threads=threads)

    def pieces(text: str) -> list[str]:
        return list(tokenizer.encode(text, add_special_tokens=False).tokens)

    sources = [
        [*pieces(source_text(gist(text), Controls(names=3)))[: MAX_SOURCE_TOKENS - 1], END] for text in texts
    ]
    odds = np.zeros(len(texts))
    for strategy in STRATEGY_TOKENS:
        begun = pieces(strategy)
        targets = [[*begun, *pieces(NONE)]] * len(sources)
        scored = model.score_batch(sources, targets, max_batch_size=BATCH)
        told = np.array([one.log_probs[len(begun)] for one in scored])
        odds += told - np.log(-np.expm1(np.minimum(told, -1e-9)))
    return odds / len(STRATEGY_TOKENS)


def threshold_at(scores: Floats, harmful: npt.NDArray[np.bool_], share: float) -> float:
    """The score that `share` of the lawful rows reach."""
    return float(np.quantile(scores[~harmful], 1 - share))


def _line(name: str, dev: tuple[list[Case], Floats], sets: dict[str, tuple[list[Case], Floats]]) -> str:
    cases, scores = dev
    harmful = np.array([case.harmful for case in cases])
    foreign = np.array([dict(case.slices).get("language") != "en" for case in cases])
    figures = [
        f"AUC {roc_auc(harmful, scores):.3f}",
        f"not English {roc_auc(harmful[foreign], scores[foreign]):.3f}",
        *(
            f"recall at {share:.0%} {(scores[harmful] >= threshold_at(scores, harmful, share)).mean():.1%}"
            for share in LAWFUL_REFUSED
        ),
    ]
    strict = threshold_at(scores, harmful, LAWFUL_REFUSED[0])
    for file, (rows, found) in sets.items():
        figures.append(f"{file} refused {(found >= strict).mean():.1%} of {len(rows)}")
    return f"{name}: " + ", ".join(figures)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command in the module's docstring."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=None, help="a model folder; the bundled one by default")
    parser.add_argument("--file", type=Path, action="append", default=[])
    parser.add_argument("--threads", type=int, default=1)
    flags = parser.parse_args(arguments)
    files = read_model(flags.model or bundled_model_path())
    classifier = bundled_classifier()
    sets = {"dev": safety_cases("dev")} | {path.stem: read_cases(path) for path in flags.file}
    odds: dict[str, Floats] = {}
    risks: dict[str, Floats] = {}
    for name, cases in sets.items():
        texts = [case.text for case in cases]
        odds[name] = refusal_log_odds(files, texts, threads=flags.threads)
        risks[name] = np.array([risk.logit for risk in classifier.score(texts)])
    both = {name: np.stack([risks[name], odds[name]], axis=1) for name in sets}
    weights, _ = fit_logistic(both["dev"], np.array([float(case.harmful) for case in sets["dev"]]))
    mixed = {name: both[name] @ weights for name in sets}
    for title, scores in (("generator", odds), ("moderator", risks), ("both", mixed)):
        rest = {name: (sets[name], scores[name]) for name in sets if name != "dev"}
        print(_line(title, (sets["dev"], scores["dev"]), rest))  # noqa: T201


if __name__ == "__main__":
    main()
