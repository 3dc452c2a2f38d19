"""Fit how much readers like a name for a description: `data/names/taste.npz`.

    python -m training.name_taste

`data/names/grades.jsonl` holds names of the composer and the model for curated descriptions, graded 0 (bad) to 4
(would show it first) by language-model readers who knew neither source nor score; two readers of the same 90 rows
agreed with r = 0.92. The network learns which of two names of one row has the higher grade (RankNet, Burges et al.,
2005), and roughly the grade itself. Prints, on rows that the fit did not see, the share of pairs in the right order and
the mean grade of the five names it puts first; the weights that are written are fitted on all rows.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from domaingen.lexicon import bundled_lexicon
from domaingen.names.reading import read_description
from domaingen.names.taste import DIMENSIONS, PLAIN, describe_name

Floats = npt.NDArray[np.float32]
TURNED = 24
HIDDEN = 32
DROPOUT = 0.5
DECAY = 1.0
RATE = 2e-3
EPOCHS = 30
FOLDS = 3
SHOWN = 5
LEAST_SPREAD = 0.05
MEMBERS = 3
"""Networks of other seeds whose values are averaged; as their weights can't be, they are stacked into one."""


class Table(NamedTuple):
    """Names of all rows: plain numbers, three vectors, grade, and the row that each belongs to."""

    plain: Floats
    meaning: Floats
    begins: Floats
    ends: Floats
    grade: Floats
    row: npt.NDArray[np.int64]


def read_grades(path: Path) -> Table:
    """Read the graded names and describe them."""
    found: list[tuple[list[float], Floats, Floats, Floats, float, int]] = []
    none = np.zeros(DIMENSIONS, dtype=np.float32)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        reading = read_description(row["description"], bundled_lexicon().match(row["description"]))
        meaning = none if reading.vector is None else reading.vector
        for name, grade in zip(row["names"], row["grades"], strict=True):
            *segments, tld = name.split()
            numbers, begins, ends = describe_name(reading, segments, tld)
            found.append((numbers, meaning, begins, ends, float(grade), number))

    def column(at: int) -> Floats:
        return np.array([each[at] for each in found], dtype=np.float32)

    rows = np.array([each[5] for each in found], dtype=np.int64)
    return Table(column(0), column(1), column(2), column(3), column(4), rows)


class Network(torch.nn.Module):  # type: ignore[misc]  # torch comes without types here
    """What `domaingen.names.taste.Taste` computes, with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.D, self.F, self.L, self.F2, self.L2 = (
            torch.nn.Linear(DIMENSIONS, TURNED, bias=False) for _ in range(5)
        )
        self.hidden = torch.nn.Linear(PLAIN + 3 * DIMENSIONS + 3 * TURNED, HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, 1)
        self.drop = torch.nn.Dropout(DROPOUT)

    def forward(self, plain: Any, meaning: Any, begins: Any, ends: Any) -> Any:
        """Expected grades."""
        turned = self.D(meaning)
        products = [turned * self.F(begins), turned * self.L(ends), self.F2(begins) * self.L2(ends)]
        inputs = torch.cat([plain, 2 * meaning, 2 * begins, 2 * ends, *(4 * each for each in products)], dim=1)
        return self.out(self.drop(torch.relu(self.hidden(self.drop(inputs)))))[:, 0]


def fit(table: Table, chosen: npt.NDArray[np.bool_], seed: int) -> tuple[Network, Floats, Floats]:
    """A network fitted on the chosen names, and mean and spread of their plain numbers."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    mean = table.plain[chosen].mean(axis=0)
    # A number that hardly varies here must not count for much where it does.
    spread = np.maximum(table.plain[chosen].std(axis=0), LEAST_SPREAD)
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    places = np.nonzero(chosen)[0]
    rows = np.unique(table.row[places])
    starts = np.searchsorted(table.row[places], rows)
    ends = np.append(starts[1:], len(places))
    for epoch in range(EPOCHS):
        network.train()
        order = rng.permutation(len(rows))
        for start in range(0, len(rows), 32):
            batch = np.concatenate([places[starts[at] : ends[at]] for at in order[start : start + 32]])
            values = network(*_inputs(table, batch, mean, spread))
            grade, row = torch.tensor(table.grade[batch]), torch.tensor(table.row[batch])
            ahead = grade[:, None] - grade[None]
            pairs = (row[:, None] == row[None]) & (ahead > 0)
            gaps = (values[:, None] - values[None])[pairs]
            loss = (ahead[pairs] * functional.softplus(-gaps)).mean() + 0.3 * functional.mse_loss(values, grade)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - (epoch + 1) / EPOCHS) + 1e-5
    network.eval()
    return network, mean, spread


def _inputs(table: Table, at: npt.NDArray[Any], mean: Floats, spread: Floats) -> list[torch.Tensor]:
    return [
        torch.tensor((table.plain[at] - mean) / spread),
        *(torch.tensor(part[at]) for part in (table.meaning, table.begins, table.ends)),
    ]


def predict(fitted: tuple[Network, Floats, Floats], table: Table, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Expected grades of the chosen names."""
    network, mean, spread = fitted
    with torch.no_grad():
        values = network(*_inputs(table, np.nonzero(chosen)[0], mean, spread))
    return np.asarray(values.numpy(), dtype=np.float32)


def order_figures(table: Table, values: Floats) -> tuple[float, float, float]:
    """Over rows: the mean share of unequal pairs in the right order, the mean grade of the first five, and that of the
    five best by the grades themselves."""
    right, first, best = [], [], []
    for row in np.unique(table.row):
        at = table.row == row
        value, grade = values[at], table.grade[at]
        ahead = grade[:, None] > grade[None]
        if ahead.any():
            right.append(float((value[:, None] > value[None])[ahead].mean()))
        first.append(float(grade[np.argsort(-value, kind="stable")[:SHOWN]].mean()))
        best.append(float(np.sort(grade)[::-1][:SHOWN].mean()))
    return float(np.mean(right)), float(np.mean(first)), float(np.mean(best))


def cross_validate(table: Table) -> Floats:
    """Values of every name by a network that did not see its row."""
    values = np.zeros(len(table.grade), dtype=np.float32)
    for fold in range(FOLDS):
        unseen = table.row % FOLDS == fold
        values[unseen] = predict(fit(table, ~unseen, 0), table, unseen)
    return values


def stack(fitted: Sequence[tuple[Network, Floats, Floats]]) -> dict[str, npt.NDArray[np.float16]]:
    """One network whose value is the mean of several."""
    members = [network.state_dict() for network, _, _ in fitted]
    size = len(members)
    arrays: dict[str, Any] = {"mean": fitted[0][1], "spread": fitted[0][2]}
    for name in ("D", "F", "L", "F2", "L2"):
        arrays[name] = np.concatenate([each[f"{name}.weight"].numpy() for each in members])
    head = PLAIN + 3 * DIMENSIONS
    hidden = np.zeros((size * HIDDEN, head + 3 * size * TURNED), dtype=np.float32)
    for at, each in enumerate(members):
        weights = each["hidden.weight"].numpy()
        rows = slice(at * HIDDEN, (at + 1) * HIDDEN)
        hidden[rows, :head] = weights[:, :head]
        for product in range(3):
            left = head + product * size * TURNED + at * TURNED
            own = head + product * TURNED
            hidden[rows, left : left + TURNED] = weights[:, own : own + TURNED]
    arrays["hidden"] = hidden
    arrays["hidden_bias"] = np.concatenate([each["hidden.bias"].numpy() for each in members])
    arrays["out"] = np.concatenate([each["out.weight"][0].numpy() / size for each in members])
    arrays["out_bias"] = np.array([np.mean([float(each["out.bias"]) for each in members])])
    return {name: np.asarray(array, dtype=np.float16) for name, array in arrays.items()}


def main() -> None:
    """Measure, fit, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / "data")
    parser.add_argument("--threads", type=int, default=1)
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    folder = flags.data / "names"
    table = read_grades(folder / "grades.jsonl")
    right, first, best = order_figures(table, cross_validate(table))
    print(  # noqa: T201
        f"{len(table.grade)} names of {table.row.max() + 1} rows; unseen rows: {right:.3f} of pairs in order, "
        f"mean grade of the first {SHOWN} {first:.3f} (at random {table.grade.mean():.3f}, at best {best:.3f})"
    )
    everything = np.ones(len(table.grade), dtype=np.bool_)
    arrays = stack([fit(table, everything, seed) for seed in range(MEMBERS)])
    temporary = folder / "taste.tmp.npz"
    np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
    temporary.rename(folder / "taste.npz")


if __name__ == "__main__":
    main()
