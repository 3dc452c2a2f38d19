"""A tiny T5 with random weights and a tokenizer of its own, for tests of engines, conversion and training."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from domaingen.generation.model_files import ModelFiles
from domaingen.lexicon import Industry, Lexicon

TEXTS = [
    "use brew roast dawn ; for organic coffee shop in downtown area",
    "<compound> downtown brew .com ; commuter cup .com",
    "use trowel clover ; for best way to kill weeds in your garden",
    "<blend> brew + utopia = brew topia .com",
    "tlds .io ; max 10 ; style playful ; avoid cafe ; for bakery",
] * 20
SHAPE: dict[str, Any] = {
    "d_model": 32,
    "d_kv": 8,
    "num_heads": 4,
    "d_ff": 64,
    "num_layers": 2,
    "num_decoder_layers": 2,
}


def lexicon() -> Lexicon:
    """Two trades."""
    return Lexicon(
        [
            Industry(
                "coffee_shop",
                "coffee shop",
                "72",
                ("cafe",),
                ("espresso drinks", "pastries", "catering"),
                ("commuters", "students"),
                ("downtown", "station"),
                ("organic", "quick"),
                ("coffee", "latte", "cup"),
                ("brew", "roast", "dawn", "ember", "mug"),
                (".com", ".cafe"),
            ),
            Industry(
                "bakery",
                "bakery",
                "31",
                ("bread shop",),
                ("sourdough loaves", "birthday cakes", "rolls"),
                ("families", "caterers"),
                ("corner", "village"),
                ("fresh", "warm"),
                ("bread", "oven", "flour"),
                ("crust", "crumb", "hearth", "rise", "rye"),
                (".com", ".shop"),
            ),
        ]
    )


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """A tokenizer of 800 pieces."""
    from training.tokenizer import train_tokenizer

    return train_tokenizer(TEXTS, lexicon(), pieces=800)


def model(*, scaled: bool = True, seed: int = 0) -> Any:
    """A T5; not `scaled` is T5 1.1 and flan-t5, which don't scale the decoder's output."""
    import torch

    from training.models import new_model

    torch.manual_seed(seed)
    made = new_model(tokenizer(), tie_word_embeddings=scaled, **SHAPE)
    # Random weights repeat one piece for ever; larger embeddings make the choice of each step clear-cut.
    with torch.no_grad():
        made.shared.weight.mul_(4.0 if scaled else 1.0)
    return made.eval()


def write(folder: Path, **flags: Any) -> ModelFiles:
    """A whole model folder."""
    from training.examples import Example
    from training.export import write_model

    dev = [Example(TEXTS[0], TEXTS[1], "curated"), Example(TEXTS[2], TEXTS[3], "lexicon")]
    return write_model(
        model(**flags),
        tokenizer(),
        folder,
        dev,
        name="tiny",
        flags={},
        data_digest=None,
        metrics={},
        parent=None,
        say=lambda _: None,
    )
