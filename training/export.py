"""Writes a trained model as a model folder: tokenizer, float16 weights, CTranslate2 int8, and what was measured."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from domaingen.generation.engine import Prompt
from domaingen.generation.engines import make_engine
from domaingen.generation.model_files import (
    CT2_FOLDER,
    TOKENIZER,
    WEIGHTS_FOLDER,
    ModelFiles,
    digest_files,
    digest_of,
    folder_in_the_making,
    read_model,
    write_manifest,
)
from domaingen.generation.text import parse_completion, read_source
from training.convert import convert
from training.examples import Example
from training.sequences import architecture_of
from training.tokenizer import save_tokenizer

PARITY_PAIRS = 48
"""Real prompts on which torch and CTranslate2 are compared."""
_MEASURED = 600


def write_model(
    model: Any,
    tokenizer: Tokenizer,
    out: Path,
    dev: Sequence[Example],
    *,
    name: str,
    flags: Mapping[str, Any],
    data_digest: str | None,
    metrics: Mapping[str, Any],
    parent: str | None,
    say: Callable[[str], None] = print,
) -> ModelFiles:
    """Write the folder `out`, replacing what was there only when everything is written and agrees.

    Raises:
        ModelError: The conversion disagrees with torch.
    """
    architecture = architecture_of(model)
    with folder_in_the_making(out) as making:
        # Halved first and loaded back: what workers run is what fine-tuning will start from.
        model = model.to("cpu").half().float()
        save_tokenizer(tokenizer, making / TOKENIZER)
        model.half().save_pretrained(making / WEIGHTS_FOLDER)
        model.float()
        (making / WEIGHTS_FOLDER / "generation_config.json").unlink(missing_ok=True)
        pairs = [(example.source, example.target) for example in dev[:PARITY_PAIRS]]
        difference = convert(model, tokenizer, making / CT2_FOLDER, pairs)
        say(f"converted; torch and CTranslate2 differ by at most {difference:.1e} in log-probability")
        files = digest_files(making)
        found = ModelFiles(making, name, digest_of(files), "", files, architecture=architecture)
        measured = {**metrics, "parity": float(f"{difference:.2g}"), **behaviour(found, dev[:_MEASURED])}
        write_manifest(
            making,
            name=name,
            flags=flags,
            data_digest=data_digest,
            metrics=measured,
            parent=parent,
            architecture=architecture,
        )
    say(f"wrote {out}")
    return read_model(out)


def behaviour(files: ModelFiles, examples: Sequence[Example]) -> dict[str, float]:
    """What the converted model does on held-out examples, as shares: refusals of harmful rows, names for the others,
    names that keep their constraints, and names that take up a word of the source."""
    engine = make_engine(files, threads=1)
    completions = engine.complete([Prompt(example.source, f"<{example.strategy}>") for example in examples])
    refused = harmful = named = lawful = names = obedient = rooted = 0
    for example, completion in zip(examples, completions, strict=True):
        found = parse_completion(completion.text)
        if example.kind in {"harmful", "nonsense"}:
            harmful, refused = harmful + 1, refused + (not found)
            continue
        lawful, named = lawful + 1, named + bool(found)
        controls, description = read_source(example.source)
        known = {word[:4] for word in (*description.split(), *controls.hints) if len(word) > 3}
        for candidate in found:
            names += 1
            obedient += (
                (not controls.tlds or candidate.tld in controls.tlds)
                and (controls.max_length is None or len(candidate.label) <= controls.max_length)
                and not any(word in candidate.label for word in controls.avoid)
            )
            rooted += any(root in candidate.label for root in known)
    return {
        "refused_harmful": round(refused / max(1, harmful), 4),
        "named_lawful": round(named / max(1, lawful), 4),
        "names_obedient": round(obedient / max(1, names), 4),
        "names_rooted": round(rooted / max(1, names), 4),
        "names_per_completion": round(names / max(1, named), 2),
    }


def export_checkpoint(model: Any, checkpoint: Path) -> Any:
    """The model with the best weights of a checkpoint, to try a run that has not ended."""
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["best_state"])
    return model
