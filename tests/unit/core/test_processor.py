"""CTranslate2 computes in int8 only where the processor's sums are exact."""

import platform
from collections.abc import Iterator
from pathlib import Path

import pytest

from domaingen import processor
from domaingen.generation.ctranslate2_engine import Ctranslate2Engine
from domaingen.generation.engine import Prompt
from domaingen.generation.model_files import bundled_model_path
from domaingen.generation.text_format import STRATEGY_TOKENS, Controls, source_text
from domaingen.processor import suited_compute_type


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    suited_compute_type.cache_clear()
    yield
    suited_compute_type.cache_clear()


@pytest.mark.parametrize(
    ("machine", "flags", "expected"),
    [
        ("x86_64", "fpu sse4_1 avx avx2 fma", "float32"),
        ("x86_64", "fpu avx2 avx512f avx512bw", "float32"),
        ("x86_64", "fpu avx2 avx512f avx512_vnni", "int8"),
        ("AMD64", "fpu avx2 avx_vnni", "int8"),
        ("x86_64", None, "float32"),
        ("arm64", None, "int8"),
        ("aarch64", "fp asimd asimddp", "int8"),
    ],
)
def test_without_vnni_an_x86_computes_in_float32(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: str, flags: str | None, expected: str
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor\t: 0\nmodel name\t: some\nflags\t\t: {flags}\n", encoding="utf-8")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(processor, "_CPUINFO", cpuinfo)
    assert suited_compute_type() == expected


def test_the_bundled_model_does_not_stutter_on_this_processor() -> None:
    engine = Ctranslate2Engine.open(bundled_model_path(), threads=1)
    texts = [
        "family bakery with fresh sourdough bread",
        "bicycle repairs at your door",
        "design studio for small games",
    ]
    prompts = [
        Prompt(source_text(text, Controls(names=3, hints=(hint,))), strategy)
        for text in texts
        for strategy in STRATEGY_TOKENS
        for hint in ("lantern", "comet", "village")
    ]
    stuttering = [
        written.text
        for written in engine.complete(prompts)
        if any(a == b == c for a, b, c in zip(*(written.text.split()[at:] for at in range(3)), strict=False))
    ]
    assert len(stuttering) <= len(prompts) // 20, stuttering
