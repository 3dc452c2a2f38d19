"""The torch engine: any seq2seq or causal model of transformers, google/flan-t5-base and microsoft/DialoGPT-small among
them, on CPU or GPU.

It is here for comparisons and for models that CTranslate2 can't run; it needs the `train` extra, and nothing else in
domaingen imports torch.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from domaingen.errors import EngineError, ModelError
from domaingen.generation.engine import Completion, Prompt
from domaingen.generation.model_files import MANIFEST, TOKENIZER, digest_files, digest_of, read_model
from domaingen.generation.text_format import SEPARATOR

MAX_SOURCE_TOKENS = 128
_TOKENS = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
_WHAT_TO_DO = (
    "give a folder that `domaingen train` wrote, a folder with config.json and model.safetensors, or the name of a "
    "seq2seq or causal model on the Hugging Face hub (google/flan-t5-base, microsoft/DialoGPT-small)"
)


class TorchEngine:
    """A loaded model; one completion runs at a time."""

    def __init__(self, model: str | Path, *, threads: int = 0, batch: int = 32) -> None:
        """Load `model`: one of domaingen's model folders, any other local folder, or a hub name (downloaded once).
        `threads`: cores to use on CPU, 0 for torch's default. `batch`: prompts decoded at once.

        Raises:
            ModelError: torch is not installed, or the model is missing or can't be loaded.
        """
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ModelError(
                "the torch engine needs torch and transformers; install them with `pip install 'domaingen[train]'`, "
                "or use the default engine (DOMAINGEN_ENGINE=ctranslate2)"
            ) from error
        self._torch = torch
        self._batch = batch
        self._lock = Lock()
        if threads:
            torch.set_num_threads(threads)
        folder = Path(model)
        weights, self._name, self._digest = self._identify(folder, str(model))
        try:
            self._causal = not transformers.AutoConfig.from_pretrained(weights).is_encoder_decoder
            self._tokenizer = (
                # A causal model's tokenizer is its base's: these tokens may not be among its own.
                transformers.PreTrainedTokenizerFast(
                    tokenizer_file=str(folder / TOKENIZER), **({} if self._causal else _TOKENS)
                )
                if (folder / MANIFEST).exists()
                else transformers.AutoTokenizer.from_pretrained(weights)
            )
            self._device = "cuda" if torch.cuda.is_available() else "cpu"
            kind = transformers.AutoModelForCausalLM if self._causal else transformers.AutoModelForSeq2SeqLM
            loaded = kind.from_pretrained(weights, dtype=torch.float32)
            self._model: Any = loaded.to(self._device).eval()
            self._end = self._find_end()
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelError(
                f"the model {model} can't be loaded; {_WHAT_TO_DO}. ({_first_line(error)})"
            ) from error
        self._digest = self._digest or sha256(str(self._model.config.to_json_string()).encode()).hexdigest()

    @staticmethod
    def _identify(folder: Path, given: str) -> tuple[str, str, str]:
        """Where the weights are, the model's name and its digest (empty for a hub name: known only after loading)."""
        if (folder / MANIFEST).exists():
            files = read_model(folder)
            if not files.weights_path.exists():
                raise ModelError(
                    f"{folder} has no weights/ for torch; copy the whole model folder, or use ctranslate2"
                )
            return str(files.weights_path), files.name, files.digest
        if folder.is_dir():
            return given, folder.name, digest_of(digest_files(folder))
        if given.startswith((".", "/", "~")):
            raise ModelError(f"there is no folder {given}; {_WHAT_TO_DO}")
        return given, given, ""

    def _find_end(self) -> int:
        """Id of the end token: the tokenizer's, for a causal model the configuration's."""
        end = self._model.config.eos_token_id if self._causal else self._tokenizer.eos_token_id
        if not isinstance(end, int):
            raise ModelError(f"the model {self._name} has no single end token (but {end}); {_WHAT_TO_DO}")
        return end

    @property
    def name(self) -> str:
        """Name of the model version, the folder's name or the hub name."""
        return self._name

    @property
    def digest(self) -> str:
        """SHA-256 over the model's files; for a hub name, over its configuration."""
        return self._digest

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int = 64) -> list[Completion]:
        """Greedy completions, in order, in batches of prompts of like length.

        Raises:
            EngineError: torch or transformers failed (out of memory, as a rule).
        """
        encoded = [self._encode(prompt) for prompt in prompts]
        # A batch shares one prefix length, so that no prefix needs padding.
        order = sorted(range(len(prompts)), key=lambda at: (len(encoded[at][1]), len(encoded[at][0])))
        completions: dict[int, Completion] = {}
        try:
            with self._lock, self._torch.inference_mode():
                while order:
                    length = len(encoded[order[0]][1])
                    batch = [at for at in order[: self._batch] if len(encoded[at][1]) == length]
                    order = order[len(batch) :]
                    for at, completion in zip(
                        batch, self._decode([encoded[at] for at in batch], max_tokens), strict=True
                    ):
                        completions[at] = completion
        # IndexError: a causal model has no such position.
        except (RuntimeError, IndexError) as error:
            raise EngineError(f"torch failed on {len(prompts)} prompts: {_first_line(error)}") from error
        return [completions[at] for at in range(len(prompts))]

    def _encode(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        """What the model reads, and what its output begins with (for seq2seq after the decoder's start token)."""
        source = self._tokenizer.encode(prompt.source, add_special_tokens=False)[: MAX_SOURCE_TOKENS - 1]
        prefix = self._tokenizer.encode(prompt.prefix, add_special_tokens=False) if prompt.prefix else []
        if self._causal:
            # A model that was not trained here has no separator; DialoGPT divides turns by its end token.
            separator = self._tokenizer.get_vocab().get(SEPARATOR, self._end)
            return [*(source or [separator]), separator], prefix  # as CausalEngine has it
        return [*source, self._end], [self._model.config.decoder_start_token_id, *prefix]

    def _decode(self, batch: Sequence[tuple[list[int], list[int]]], max_tokens: int) -> list[Completion]:
        torch, end = self._torch, self._end
        prefixes = [prefix if self._causal else prefix[1:] for _, prefix in batch]
        inputs = self._pad_left(batch) if self._causal else self._pad_right(batch)
        result = self._model.generate(
            **{key: torch.tensor(rows, device=self._device) for key, rows in inputs.items()},
            max_new_tokens=max(1, max_tokens - len(prefixes[0])),
            do_sample=False,
            num_beams=1,
            eos_token_id=end,
            pad_token_id=end if self._causal else self._tokenizer.pad_token_id,
            output_logits=True,
            return_dict_in_generate=True,
        )
        given = inputs["input_ids" if self._causal else "decoder_input_ids"]
        chosen = result.sequences[:, len(given[0]) :]
        logits = torch.stack(result.logits, dim=1).float()
        log_probs = torch.log_softmax(logits, -1).gather(-1, chosen.unsqueeze(-1)).squeeze(-1)
        completions = []
        for row in range(len(batch)):
            ids = chosen[row].tolist()
            # The end token counts, padding after it does not.
            counted = ids.index(end) + 1 if end in ids else len(ids)
            text = self._tokenizer.decode(
                prefixes[row] + ids[:counted],
                skip_special_tokens=True,
                clean_up_tokenization_spaces=False,
            )
            mean = float(log_probs[row, :counted].mean()) if counted else None
            completions.append(Completion(text, mean))
        return completions

    def _pad_right(self, batch: Sequence[tuple[list[int], list[int]]]) -> dict[str, list[list[int]]]:
        """The encoder's and the decoder's input."""
        pad, width = self._tokenizer.pad_token_id, max(len(source) for source, _ in batch)
        return {
            "input_ids": [source + [pad] * (width - len(source)) for source, _ in batch],
            "attention_mask": [[1] * len(source) + [0] * (width - len(source)) for source, _ in batch],
            "decoder_input_ids": [prefix for _, prefix in batch],
        }

    def _pad_left(self, batch: Sequence[tuple[list[int], list[int]]]) -> dict[str, list[list[int]]]:
        """One sequence each, padded where nothing is added; `generate` counts positions by the mask."""
        sequences = [source + prefix for source, prefix in batch]
        width = max(map(len, sequences))
        return {
            "input_ids": [[self._end] * (width - len(each)) + each for each in sequences],
            "attention_mask": [[0] * (width - len(each)) + [1] * len(each) for each in sequences],
        }


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
