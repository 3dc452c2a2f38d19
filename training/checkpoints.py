"""Checkpoints of a training run: everything that a resumed run needs to go on as if it had never stopped."""

from pathlib import Path
from typing import Any, Protocol

import torch

from domaingen.errors import ModelError

_FORMAT = 1


class Run(Protocol):
    """What of a run is saved."""

    model: Any
    optimizer: Any
    curriculum: Any
    step: int
    elapsed_s: float
    waited: int
    best: dict[str, float]
    best_step: int
    best_state: Any


def save_checkpoint(path: Path, run: Run) -> None:
    """Write under a temporary name and rename: a kill leaves the old one or the new one."""
    temporary = path.with_suffix(".tmp")
    torch.save(
        {
            "format": _FORMAT,
            "model": run.model.state_dict(),
            "optimizer": run.optimizer.state_dict(),
            "curriculum": run.curriculum.state(),
            "rng": torch.get_rng_state(),
            "step": run.step,
            "elapsed_s": run.elapsed_s,
            "waited": run.waited,
            "best": run.best,
            "best_step": run.best_step,
            "best_state": dict(run.best_state),
        },
        temporary,
    )
    temporary.replace(path)


def load_checkpoint(path: Path, run: Run) -> None:
    """Put a checkpoint back into a run that was set up with the same options and data.

    Raises:
        ModelError: It can't be read or belongs to another model; says what to do.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        run.model.load_state_dict(saved["model"])
        run.optimizer.load_state_dict(saved["optimizer"])
    except (RuntimeError, KeyError, ValueError, OSError) as error:
        raise ModelError(f"{path} can't be resumed ({error}); train without --resume to begin anew") from error
    run.curriculum.restore(saved["curriculum"])
    torch.set_rng_state(saved["rng"])
    run.step, run.elapsed_s, run.waited = saved["step"], saved["elapsed_s"], saved["waited"]
    run.best, run.best_step, run.best_state = saved["best"], saved["best_step"], saved["best_state"]
