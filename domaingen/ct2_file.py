"""CTranslate2's `model.bin`: where each variable lies, and the same weights in seven bits.

The layout is that of `ctranslate2.specs.model_spec.ModelSpec.save`: a version, a name, a revision, then for each variable
name, rank, shape, type and bytes. Linear weights are int8 with one scale a row (value = stored / scale).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from domaingen.errors import ModelError

_VERSION = 6
_TYPES: tuple[Any, ...] = (np.float32, np.int8, np.int16, np.int32, np.float16)
"""By CTranslate2's number of a type."""
_SCALE = "_scale"
_EIGHT_BITS, _SEVEN_BITS = 127, 64
"""The largest weight that is stored, and that of seven bits: two products of 64 and an unsigned byte, 2 x 64 x 255, stay
below 2^15."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable's place in the file."""

    kind: Any
    shape: tuple[int, ...]
    start: int
    size: int

    def array(self, content: bytes | bytearray) -> npt.NDArray[Any]:
        """Its values, a view of `content`."""
        return np.frombuffer(
            content, dtype=self.kind, count=self.size // self.kind().itemsize, offset=self.start
        ).reshape(self.shape)


def variables(content: bytes) -> Mapping[str, Variable]:
    """All variables by name.

    Raises:
        ModelError: The content is no such file, or of another version.
    """
    at = 0

    def number(code: str) -> int:
        nonlocal at
        value = struct.unpack_from("<" + code, content, at)[0]
        at += struct.calcsize(code)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return content[at - length : at].rstrip(b"\0").decode("utf-8")

    try:
        if (version := number("I")) != _VERSION:
            raise ModelError(f"CTranslate2's binary version is {version}, {_VERSION} can be read")
        text(), number("I")
        found = {}
        for _ in range(number("I")):
            name = text()
            shape = tuple(number("I") for _ in range(number("B")))
            kind = _TYPES[number("B")]
            size = number("I")
            found[name] = Variable(kind, shape, at, size)
            at += size
        if at > len(content):
            raise ModelError("the file ends early")
    except (struct.error, IndexError, ValueError) as error:
        raise ModelError(f"no CTranslate2 model ({error})") from error
    return found


def in_seven_bits(content: bytes) -> bytes:
    """The same model with every scaled int8 weight rounded to -64…64, so that int8 products add up in 16 bits.

    Raises:
        ModelError: As `variables`.
    """
    found = variables(content)
    rounded = bytearray(content)
    shrink = np.float32(_SEVEN_BITS / _EIGHT_BITS)
    for name, weight in found.items():
        scale = found.get(name + _SCALE)
        if weight.kind is np.int8 and scale is not None:
            weight.array(rounded)[...] = np.rint(weight.array(content) * shrink).astype(np.int8)
            scale.array(rounded)[...] = scale.array(content) * shrink
    return bytes(rounded)
