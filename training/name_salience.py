"""Fit which words of a description a naming agency would take up: `data/names/salience.json`.

    python -m training.name_salience

Every content word of the curated descriptions is an example; it is positive where one of the row's five names shows
its stem. Logistic regression on what `names.reading` knows of a word (meaning, rarity, length, endings, place, trade),
held-out industries left out. Prints the area under the ROC curve on a fifth of the other industries that the fit that
is measured did not see; the weights that are written are fitted on all of them.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from domaingen.lexicon import bundled_lexicon
from domaingen.names.reading import likely_trades
from domaingen.names.salience import features_in_place, features_of_word
from domaingen.names.vocabulary import content_words, stem
from training.curated import CuratedRow
from training.held_out import teaching_rows
from training.statistics import fit_logistic, roc_auc

Array = npt.NDArray[np.float64]
DECAY = 3.0
Flags = npt.NDArray[np.bool_]


def is_dev(industry: str) -> bool:
    """Whether an industry measures the fit (one in five, by a hash of its id)."""
    return hashlib.blake2b(f"dev {industry}".encode(), digest_size=1).digest()[0] % 5 == 0


def examples(rows: list[CuratedRow]) -> tuple[Array, Array, Flags]:
    """Features, labels (1 where the word was taken up), and whether the example measures rather than fits."""
    lexicon = bundled_lexicon()
    features: list[list[float]] = []
    labels: list[int] = []
    dev: list[bool] = []
    for row in rows:
        tokens, language = content_words(row.description)
        _, trade_words, _ = likely_trades(tokens, language, lexicon.match(row.description))
        labels_of_names = [name.label for name in row.names]
        for place, token in enumerate(tokens):
            if len(token) < 3:
                continue
            root = stem(token)
            if len(root) >= 4:
                taken = any(root[:6] in label for label in labels_of_names)
            else:
                taken = any(token in name.segments for name in row.names)
            features.append(
                [*features_of_word(token, language), *features_in_place(place, trade_words.get(root, 0.0))]
            )
            labels.append(int(taken))
            dev.append(is_dev(row.industry))
    return np.array(features), np.array(labels), np.array(dev, dtype=np.bool_)


def main() -> None:
    """Fit, measure, write."""
    data = Path(__file__).parents[1] / "data"
    rows = teaching_rows(data)
    features, labels, dev = examples(rows)
    weights, _ = fit_logistic(features[~dev], labels[~dev], decay=DECAY)
    auc = roc_auc(labels[dev], features[dev] @ weights)
    print(f"{len(labels)} words, {labels.mean():.2f} taken up; AUC on unseen industries {auc:.3f}")  # noqa: T201
    weights, intercept = fit_logistic(features, labels, decay=DECAY)
    content = {
        "made_by": "python -m training.name_salience",
        "auc_unseen_industries": round(float(auc), 3),
        "intercept": round(intercept, 4),
        "weights": [round(float(weight), 4) for weight in weights],
    }
    target = data / "names" / "salience.json"
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    temporary.rename(target)


if __name__ == "__main__":
    main()
