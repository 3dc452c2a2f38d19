"""What the processor does with 8-bit weights.

Without VNNI instructions, oneDNN's int8 kernels on x86 add pairs of products in 16 bits and saturate
(https://uxlfoundation.github.io/oneDNN/dev_guide_int8_computations.html). On an AMD processor with AVX2 alone 44 % of
the bundled model's completions became senseless repetitions by it; float32 is right there and as fast (docs/benchmarks.md).
The weights stay int8 on disk either way.
"""

import platform
from functools import lru_cache
from pathlib import Path

_EXACT = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
_CPUINFO = Path("/proc/cpuinfo")


@lru_cache(maxsize=1)
def suited_compute_type() -> str:
    """What CTranslate2 computes in: "int8" where its sums are exact, else "float32". An x86 that does not tell its
    instructions counts as one without VNNI; other processors (ARM) add in 32 bits."""
    if platform.machine().lower() not in {"x86_64", "amd64", "i686", "x86"}:
        return "int8"
    return "int8" if _EXACT & _instructions(_CPUINFO) else "float32"


def _instructions(cpuinfo: Path) -> frozenset[str]:
    """The flags of the first processor in Linux's list; none where there is no such list."""
    try:
        with cpuinfo.open(encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:
        return frozenset()
    return frozenset(flags.partition(":")[2].split())
