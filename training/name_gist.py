"""Fit which sentences of a long description say what the business is: `data/names/gist.json`.

    python -m training.name_gist

`data/names/paragraphs.txt` holds long descriptions, a sentence a line, each marked by its author: `+` tells the trade, `-`
does not. Short curated descriptions tell it in other manners (notes, questions, requests). Logistic regression on the sentence's meaning, the lexicon's trades and its frequent words. Prints, for
paragraphs that the fit did not see, the area under the ROC curve and how often the first choice is a telling one; the
weights that are written are fitted on all.
"""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from domaingen.names.gist import PLAIN, features, frequent_words
from training.held_out import teaching_rows
from training.statistics import fit_logistic, roc_auc

Array = npt.NDArray[np.float64]
DECAY = 3.0
FOLDS = 4
SHORT = 20
"""Words of a curated description, at most."""
CURATED = 400
"""Curated descriptions, about so many; they never measure."""
LEAST_USES = 6
"""Sentences that a word must stand in to have a weight of its own."""


def read_paragraphs(path: Path) -> list[list[tuple[bool, str]]]:
    """Paragraphs of marked sentences.

    Raises:
        ValueError: A line has no mark; names the line.
    """
    paragraphs: list[list[tuple[bool, str]]] = [[]]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            paragraphs.append([])
        elif line[:2] in ("+ ", "- "):
            paragraphs[-1].append((line[0] == "+", line[2:].strip()))
        else:
            raise ValueError(f"{path}, line {number}: no mark")
    return [each for each in paragraphs if each]


def matrix(sentences: list[str], words: list[str]) -> Array:
    """One row a sentence: plain numbers, meaning, and which of the frequent words it holds."""
    rows = []
    for sentence in sentences:
        plain, meaning = features(sentence)
        held = frequent_words(sentence)
        rows.append([*plain, *meaning.tolist(), *(float(word in held) for word in words)])
    return np.array(rows)


def main() -> None:
    """Fit, measure, write."""
    folder = Path(__file__).parents[1] / "data" / "names"
    paragraphs = read_paragraphs(folder / "paragraphs.txt")
    curated = [row.description for row in teaching_rows(folder.parent) if len(row.description.split()) <= SHORT]
    curated = curated[:: max(1, len(curated) // CURATED)]
    sentences = [sentence for each in paragraphs for _, sentence in each] + curated
    labels = np.array([int(tells) for each in paragraphs for tells, _ in each] + [1] * len(curated))
    number = np.array([at for at, each in enumerate(paragraphs) for _ in each] + [-1] * len(curated))
    marked = number >= 0
    uses = Counter(word for sentence in sentences for word in frequent_words(sentence))
    words = sorted(word for word, count in uses.items() if count >= LEAST_USES)
    values = matrix(sentences, words)
    scores = np.zeros(len(labels))
    for fold in range(FOLDS):
        unseen = marked & (number % FOLDS == fold)
        weights, _ = fit_logistic(values[~unseen], labels[~unseen], decay=DECAY)
        scores[unseen] = values[unseen] @ weights
    mixed = [at for at in range(len(paragraphs)) if 0 < labels[number == at].mean() < 1]
    first = [labels[number == at][scores[number == at].argmax()] for at in mixed]
    by_chance = [labels[number == at].mean() for at in mixed]
    auc = roc_auc(labels[marked], scores[marked])
    print(  # noqa: T201
        f"{marked.sum()} sentences of {len(paragraphs)} paragraphs, {len(words)} words; unseen paragraphs: AUC {auc:.3f}, "
        f"the first choice tells the trade in {np.mean(first):.3f} (by chance {np.mean(by_chance):.3f})"
    )
    weights, intercept = fit_logistic(values, labels, decay=DECAY)
    split = PLAIN + features("")[1].size
    content = {
        "made_by": "python -m training.name_gist",
        "auc_unseen_paragraphs": round(float(auc), 3),
        "intercept": round(intercept, 4),
        "plain": [round(float(weight), 4) for weight in weights[:PLAIN]],
        "meaning": [round(float(weight), 4) for weight in weights[PLAIN:split]],
        "words": {word: round(float(weight), 3) for word, weight in zip(words, weights[split:], strict=True)},
    }
    target = folder / "gist.json"
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.rename(target)


if __name__ == "__main__":
    main()
