"""The encoder's numbers depend on the text alone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from domaingen.encoder import SentenceEncoder, bundled_encoder
from domaingen.errors import ModelError

TEXTS = [
    "organic coffee shop",
    "a",
    "penetration testers for small banks, evenings too",
    "organic coffee shop",
    "",
]


def test_a_text_has_the_same_numbers_in_any_batch() -> None:
    encoder = bundled_encoder()
    together = encoder.features(TEXTS)
    for number, text in enumerate(TEXTS):
        assert np.array_equal(together[number], encoder.features([text])[0])


def test_vectors_have_length_one_and_know_what_is_near() -> None:
    coffee, cafe, tyres = bundled_encoder().encode(
        ["coffee shop downtown", "downtown brew", "truck tyre wholesale"]
    )
    assert np.linalg.norm(coffee) == pytest.approx(1.0, abs=1e-5)
    assert coffee @ cafe > coffee @ tyres + 0.1


def test_an_altered_file_is_noticed(tmp_path: Path) -> None:
    encoder = bundled_encoder()
    encoder.check()
    copy = tmp_path / "encoder"
    shutil.copytree(encoder.folder, copy)
    card = json.loads((copy / "card.json").read_text(encoding="utf-8"))
    assert card["licence"] == "Apache-2.0"
    (copy / "tokenizer.json").write_text(
        (copy / "tokenizer.json").read_text(encoding="utf-8") + " ", encoding="utf-8"
    )
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing or altered"):
        SentenceEncoder(copy).check()


def test_a_missing_encoder_says_how_to_rebuild_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"training\.moderator_encoder"):
        SentenceEncoder(tmp_path)
