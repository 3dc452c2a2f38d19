"""Opening CTranslate2 models so that int8 is right on this processor.

Without VNNI instructions, oneDNN's int8 kernels on x86 add pairs of products in 16 bits and saturate
(https://uxlfoundation.github.io/oneDNN/dev_guide_int8_computations.html). On an AMD processor with AVX2 alone half of the
bundled model's completions became senseless repetitions by it. There the weights are rounded to seven bits while they
are loaded, so that no sum can saturate. float32 would be right too, but then a text's numbers depend, in the last bits,
on the texts beside it, and the same input would not always give the same bytes (docs/benchmarks.md).
"""

import platform
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from domaingen.ct2_file import in_seven_bits

_EXACT = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
_CPUINFO = Path("/proc/cpuinfo")
_WEIGHTS = "model.bin"


@lru_cache(maxsize=1)
def has_exact_int8() -> bool:
    """Whether int8 products of eight bits are added without loss. An x86 that does not tell its instructions counts as
    one without VNNI; other processors (ARM) add in 32 bits."""
    if platform.machine().lower() not in {"x86_64", "amd64", "i686", "x86"}:
        return True
    return bool(_EXACT & _instructions(_CPUINFO))


def open_model(kind: Callable[..., Any], folder: Path, *, compute_type: str = "int8", **options: Any) -> Any:
    """A model of a CTranslate2 class (Translator, Generator, Encoder) on the CPU, from its folder.

    Raises:
        ModelError: The weights can't be read.
        RuntimeError: CTranslate2 can't load it.
    """
    if compute_type == "int8" and not has_exact_int8():
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        if _WEIGHTS in files:
            options["files"] = {**files, _WEIGHTS: in_seven_bits(files[_WEIGHTS])}
    return kind(str(folder), device="cpu", compute_type=compute_type, **options)


def _instructions(cpuinfo: Path) -> frozenset[str]:
    """The flags of the first processor in Linux's list; none where there is no such list."""
    try:
        with cpuinfo.open(encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    return frozenset(flags.partition(":")[2].split())
