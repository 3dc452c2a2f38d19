"""Generation rows/s in one run on one machine: transformers one row at a time (the prototype's way), transformers in
batches, bare CTranslate2, and the whole pipeline, with the same weights.

python -m tests.benchmarks.bench_generation [--rows 96] [--shape shipped|flan-t5-base] [--ways all|pipeline]

`shipped` is the bundled model on its own prompts; `flan-t5-base` a model of exactly that shape with random weights
(the hub can't be assumed), of which the speed means something and the names do not. Every way decodes the same
prompts greedily to at most 32 new tokens. Each way's figure goes to stderr as soon as it is known, for one row at a time
may take minutes; the line of JSON at the end holds them all. `--ways pipeline` measures the engine alone and the
pipeline around it and nothing else. Needs the train extra.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ctranslate2
import torch
from tokenizers import Tokenizer
from transformers import T5Config, T5ForConditionalGeneration

from domaingen.assembly import Assembly
from domaingen.assets import asset
from domaingen.brief import Brief
from domaingen.generation.engine import Prompt
from domaingen.generation.model_files import bundled_model_path, read_model
from domaingen.generation.text import prompts_for
from domaingen.lexicon import bundled_lexicon
from domaingen.pipeline import Options, Row, name_rows
from domaingen.processor import open_model
from domaingen.settings import load_settings

NEW_TOKENS = 32


def descriptions(rows: int) -> list[str]:
    """Descriptions of the example file."""
    with asset("examples", "businesses.csv").open(encoding="utf-8-sig", newline="") as file:
        texts = [row["description"] for row in csv.DictReader(file) if len(row["description"]) > 12]
    return (texts * (rows // len(texts) + 1))[:rows]


def clock(way: str, rows: int, work: Callable[[], object]) -> float:
    """Rows per second of one call, after a short warm-up call was made by the caller; said at once, with the CPU time
    that a row took."""
    start, start_cpu = time.perf_counter(), time.process_time()
    work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"{way}: {rows / seconds:.2f}/s, {1000 * cpu / rows:.2f} ms of CPU each", file=sys.stderr, flush=True)
    return rows / seconds


def transformers_generate(model: T5ForConditionalGeneration, sources: Sequence[list[int]], batch: int) -> None:
    """Greedy decoding in batches of `batch` sources."""
    for start in range(0, len(sources), batch):
        part = sources[start : start + batch]
        width = max(map(len, part))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in part])
        with torch.inference_mode():
            model.generate(
                input_ids=ids,
                attention_mask=(ids != 0).long(),
                max_new_tokens=NEW_TOKENS,
                min_new_tokens=NEW_TOKENS,
                do_sample=False,
                num_beams=1,
            )


def translate(translator: ctranslate2.Translator, tokens: Sequence[list[str]]) -> None:
    """The same with CTranslate2."""
    translator.translate_batch(
        list(tokens),
        beam_size=1,
        max_batch_size=64,
        max_decoding_length=NEW_TOKENS,
        min_decoding_length=NEW_TOKENS,
    )


def compare(
    model: T5ForConditionalGeneration, folder: Path, tokenizer: Tokenizer, prompts: Sequence[Prompt], cores: int
) -> dict[str, float]:
    """Sequences per second of the three bare ways; one prompt is one sequence."""
    encoded = [tokenizer.encode(prompt.source, add_special_tokens=False) for prompt in prompts]
    ids = [[*row.ids[:96], 1] for row in encoded]
    tokens = [[*row.tokens[:96], "</s>"] for row in encoded]
    torch.set_num_threads(cores)
    transformers_generate(model, ids[:2], 1)
    few = min(len(ids), max(4, len(ids) // 16))
    one = clock("transformers, one at a time", few, lambda: transformers_generate(model, ids[:few], 1))
    half = min(len(ids), max(32, len(ids) // 4))
    batched = clock("transformers, batches of 32", half, lambda: transformers_generate(model, ids[:half], 32))
    translator = open_model(ctranslate2.Translator, folder, inter_threads=cores, intra_threads=1)
    translate(translator, tokens[:8])
    fast = clock("CTranslate2 int8", len(tokens), lambda: translate(translator, tokens))
    return {
        "transformers_one_row": round(one, 2),
        "transformers_batch_32": round(batched, 2),
        "ctranslate2_int8": round(fast, 2),
        "times_one_row": round(fast / one, 1),
        "times_batch_32": round(fast / batched, 1),
    }


def shipped(rows: int, cores: int, *, bare: bool) -> dict[str, object]:
    """The bundled model, and the pipeline around it; with `bare`, the three bare ways too."""
    files = read_model(bundled_model_path())
    lexicon = bundled_lexicon()
    texts = descriptions(rows)
    prompts = [
        prompt
        for number, text in enumerate(texts)
        for prompt in prompts_for(Brief(number, str(number), text), lexicon.match(text), 0)
    ]
    settings = load_settings(home=Path(tempfile.gettempdir()), threads=cores)
    parts = Assembly(settings).parts(files.name, "local")
    table = [Row(number, str(number), text, {}) for number, text in enumerate(texts)]
    name_rows(table[:8], parts, Options())  # lists and encoder are read on first use
    engine = clock("engine alone, rows", rows, lambda: parts.engine.complete(prompts))
    chunks = [table[start : start + 48] for start in range(0, rows, 48)]
    with ThreadPoolExecutor(3) as pool:  # as a worker's default pool: while one thread writes, others generate
        pipeline = clock(
            "pipeline, rows",
            rows,
            lambda: list(pool.map(lambda chunk: name_rows(chunk, parts, Options()), chunks)),
        )
    again = clock("engine alone again, rows", rows, lambda: parts.engine.complete(prompts))
    engine = (engine + again) / 2  # before and after, since other programs of the machine come and go
    sequences = None
    if bare:
        tokenizer = Tokenizer.from_file(str(files.tokenizer_path))
        model = T5ForConditionalGeneration.from_pretrained(files.weights_path, dtype=torch.float32).eval()
        sequences = compare(model, files.ct2_path, tokenizer, prompts, cores)
    return {
        "shape": "shipped",
        "model": files.name,
        "rows": rows,
        "prompts_per_row": round(len(prompts) / rows, 2),
        "sequences_per_s": sequences,
        "engine_rows_per_s": round(engine, 1),
        "pipeline_rows_per_s": round(pipeline, 1),
        "pipeline_of_engine": round(pipeline / engine, 3),
    }


def flan_t5_base(rows: int, cores: int) -> dict[str, object]:
    """Random weights in the shape of google/flan-t5-base (223M parameters)."""
    from training.convert import convert

    config = T5Config(
        vocab_size=32128,
        d_model=768,
        d_kv=64,
        d_ff=2048,
        num_layers=12,
        num_decoder_layers=12,
        num_heads=12,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    model = T5ForConditionalGeneration(config).eval()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer = _numbered_tokenizer(config.vocab_size)
        prompts = [
            Prompt(" ".join(str(7 + (number * 31 + place) % 999) for place in range(24))) for number in range(rows)
        ]
        convert(model, tokenizer, folder / "ct2", [("7 8 9 10", "11 12 13"), ("100 200 300", "400 5")])
        return {
            "shape": "flan-t5-base",
            "rows": rows,
            "sequences_per_s": compare(model, folder / "ct2", tokenizer, prompts, cores),
        }


def _numbered_tokenizer(size: int) -> Tokenizer:
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    names = ["<pad>", "</s>", "<unk>"] + [str(number) for number in range(3, size)]
    tokenizer = Tokenizer(WordLevel({name: number for number, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--shape", choices=["shipped", "flan-t5-base", "both"], default="both")
    parser.add_argument("--ways", choices=["all", "pipeline"], default="all", help="what is measured of `shipped`")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.shape in {"shipped", "both"}:
        print(json.dumps(shipped(arguments.rows, arguments.cores, bare=arguments.ways == "all")), flush=True)
    if arguments.shape in {"flan-t5-base", "both"}:
        print(json.dumps(flan_t5_base(arguments.rows, arguments.cores)), flush=True)


if __name__ == "__main__":
    main()
