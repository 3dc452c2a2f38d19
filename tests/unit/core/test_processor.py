"""int8 weights have seven bits where the processor would lose what eight add up to."""

import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from domaingen import processor
from domaingen.assets import asset
from domaingen.ct2_file import in_seven_bits, variables
from domaingen.encoder import SentenceEncoder
from domaingen.errors import ModelError
from domaingen.generation.ctranslate2_engine import Ctranslate2Engine
from domaingen.generation.engine import Prompt
from domaingen.generation.model_files import bundled_model_path
from domaingen.generation.text_format import STRATEGY_TOKENS, Controls, source_text
from domaingen.processor import has_exact_int8


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    has_exact_int8.cache_clear()
    yield
    has_exact_int8.cache_clear()


@pytest.mark.parametrize(
    ("machine", "flags", "exact"),
    [
        ("x86_64", "fpu sse4_1 avx avx2 fma", False),
        ("x86_64", "fpu avx2 avx512f avx512bw", False),
        ("x86_64", "fpu avx2 avx512f avx512_vnni", True),
        ("AMD64", "fpu avx2 avx_vnni", True),
        ("x86_64", None, False),
        ("arm64", None, True),
        ("aarch64", "fp asimd asimddp", True),
    ],
)
def test_an_x86_without_vnni_has_no_exact_int8(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, machine: str, flags: str | None, exact: bool
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor\t: 0\nmodel name\t: some\nflags\t\t: {flags}\n", encoding="utf-8")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(processor, "_CPUINFO", cpuinfo)
    assert has_exact_int8() is exact


def test_in_seven_bits_every_value_stays_near_and_no_two_products_saturate() -> None:
    content = (asset("encoder") / "model.bin").read_bytes()
    rounded = in_seven_bits(content)
    assert len(rounded) == len(content)
    before, after = variables(content), variables(rounded)
    assert list(before) == list(after)
    name = "encoder/layer_0/ffn/linear_0/weight"
    old, new = before[name].array(content), after[name].array(rounded)
    scales = before[name + "_scale"].array(content), after[name + "_scale"].array(rounded)
    assert np.abs(old).max() == 127
    assert np.abs(new.astype(int)).max() <= 64
    assert 2 * 255 * 64 < 2**15
    values = old / scales[0][:, None], new / scales[1][:, None]
    assert np.abs(values[0] - values[1]).max() <= 0.51 / scales[1].min()
    untouched = "encoder/layer_0/ffn/linear_0/bias"
    assert (before[untouched].array(content) == after[untouched].array(rounded)).all()


@pytest.mark.parametrize("content", [b"", b"\x05\0\0\0", b"\x06\0\0\0\x01\0a", b"no model at all"])
def test_what_is_no_model_says_so(content: bytes) -> None:
    with pytest.raises(ModelError, match="CTranslate2"):
        in_seven_bits(content)


@pytest.mark.parametrize("exact", [True, False])
def test_either_way_a_text_has_the_same_vector_in_any_batch(monkeypatch: pytest.MonkeyPatch, exact: bool) -> None:
    monkeypatch.setattr(processor, "has_exact_int8", lambda: exact)
    encoder = SentenceEncoder(asset("encoder"))
    texts = [
        f"{thing} {what} in the old town" for thing in ("bread", "boats", "books") for what in ("shop", "repairs")
    ]
    together = encoder.features(texts)
    assert all((encoder.features([text])[0] == row).all() for text, row in zip(texts, together, strict=True))


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
