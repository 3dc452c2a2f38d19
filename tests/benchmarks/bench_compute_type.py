"""The bundled model in int8, in int8 with weights of seven bits and in float32: what is right here, and what is fast?

python -m tests.benchmarks.bench_compute_type [--rows 150]

The same prompts in one process for each way; a completion stutters where a word stands three times in a row. What
domaingen chooses by itself is marked (domaingen.processor).
"""

import argparse
import multiprocessing
import time

import psutil

from domaingen import processor
from domaingen.brief import brief_from_cells
from domaingen.generation.ctranslate2_engine import Ctranslate2Engine
from domaingen.generation.model_files import bundled_model_path, read_model
from domaingen.generation.text import prompts_for
from domaingen.generation.text_format import parse_completion
from domaingen.lexicon import bundled_lexicon
from tests.benchmarks.bench_generation import descriptions


def stutters(text: str) -> bool:
    """Whether a word stands three times in a row."""
    words = text.split()
    return any(a == b == c for a, b, c in zip(words, words[1:], words[2:], strict=False))


WAYS = {"int8": ("int8", True), "int8, seven bits": ("int8", False), "float32": ("float32", True)}
"""By title: what CTranslate2 computes in, and whether int8 is taken to be exact."""


def measure(rows: int, way: str) -> str:
    """One line of figures for one way."""
    compute_type, exact = WAYS[way]
    chosen = " (chosen here)" if compute_type == "int8" and exact == processor.has_exact_int8() else ""
    processor.has_exact_int8 = lambda: exact  # type: ignore[assignment]
    lexicon = bundled_lexicon()
    briefs = [brief_from_cells(at, str(at), text, {}, 5) for at, text in enumerate(descriptions(rows))]
    prompts = [prompt for brief in briefs for prompt in prompts_for(brief, lexicon.match(brief.description), 0)]
    before = psutil.Process().memory_info().rss
    engine = Ctranslate2Engine(read_model(bundled_model_path()), threads=1, compute_type=compute_type)
    engine.complete(prompts[:64])
    start = time.process_time()
    texts = [completion.text for completion in engine.complete(prompts)]
    seconds = time.process_time() - start
    names = sum(len(parse_completion(text)) for text in texts)
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    return (
        f"{way}{chosen}: {len(texts)} completions, {sum(map(stutters, texts))} stutter, "
        f"{names / len(texts):.2f} names each, {seconds:.1f} s of CPU, {grown:.0f} MB more"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=150)
    flags = parser.parse_args()
    for way in WAYS:
        # A process of its own, so that memory is its own too.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(measure, (flags.rows, way)))
