"""Reads the encoder back from CTranslate2's int8 form into torch, to go on tuning what ships.

`domaingen.ct2_file` has the layout.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from domaingen.ct2_file import variables
from domaingen.errors import ModelError


def read_variables(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All variables of a `model.bin` by name, as stored.

    Raises:
        ModelError: It is missing or of another version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error})") from error
    try:
        return {name: variable.array(content) for name, variable in variables(content).items()}
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def load_layers(model: Any, folder: Path, first: int) -> None:
    """Put the weights of the layers from `first` on into a BertModel; those below, never tuned, keep theirs.

    Raises:
        ModelError: `folder` holds no encoder of this shape.
    """
    stored = read_variables(folder / "model.bin")

    def linear(name: str) -> tuple[torch.Tensor, torch.Tensor]:
        weight = stored[f"{name}/weight"].astype(np.float32)
        if f"{name}/weight_scale" in stored:
            weight /= stored[f"{name}/weight_scale"][:, None]
        return torch.from_numpy(weight), torch.from_numpy(stored[f"{name}/bias"].copy())

    def put(module: Any, weight: torch.Tensor, bias: torch.Tensor) -> None:
        module.weight.copy_(weight)
        module.bias.copy_(bias)

    def norm(module: Any, name: str) -> None:
        put(
            module,
            torch.from_numpy(stored[f"{name}/gamma"].copy()),
            torch.from_numpy(stored[f"{name}/beta"].copy()),
        )

    try:
        with torch.no_grad():
            for at in range(first, len(model.encoder.layer)):
                layer, name = model.encoder.layer[at], f"encoder/layer_{at}"
                attention = layer.attention
                weights, biases = linear(f"{name}/self_attention/linear_0")
                parts = (attention.self.query, attention.self.key, attention.self.value)
                for part, weight, bias in zip(parts, weights.chunk(3), biases.chunk(3), strict=True):
                    put(part, weight, bias)
                put(attention.output.dense, *linear(f"{name}/self_attention/linear_1"))
                norm(attention.output.LayerNorm, f"{name}/self_attention/layer_norm")
                put(layer.intermediate.dense, *linear(f"{name}/ffn/linear_0"))
                put(layer.output.dense, *linear(f"{name}/ffn/linear_1"))
                norm(layer.output.LayerNorm, f"{name}/ffn/layer_norm")
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{folder} holds no encoder of this shape ({error})") from error
