"""The tokenizer: Unigram of about 8,000 pieces, trained on our own text, with bytes to fall back on.

Words are cut at spaces alone, so that a word is the same pieces wherever it stands: copying it is repeating them.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from math import log
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from domaingen.errors import ModelError
from domaingen.generation.text import NONE, STRATEGY_TOKENS
from domaingen.generation.text_format import SEPARATOR
from domaingen.lexicon import Lexicon

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
SPECIAL = (PAD, END, UNKNOWN, NONE)
"""In order: their ids are 0 to 3."""
PIECES = 8_192
_BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
_SPACE = "\u2581"
_FREQUENT = 0.75
"""The most frequent words become whole pieces; this many for each piece of the vocabulary are looked at."""
_FORMS = ("s", "es", "ing", "ed", "er", "ers", "ery", "y", "ly")
_LEXICON_WEIGHT = 3
_RARE_ENDING = -9.0
_BARE_SPACE = -15.0
"""Log-probability of a word's space as a piece of its own: a last resort."""
_COMMON_TLDS = (
    ".com",
    ".net",
    ".org",
    ".io",
    ".co",
    ".shop",
    ".app",
    ".dev",
    ".biz",
    ".info",
    ".online",
    ".store",
    ".studio",
    ".ai",
    ".me",
    ".us",
    ".uk",
    ".co.uk",
    ".de",
    ".fr",
    ".es",
    ".it",
    ".nl",
    ".eu",
    ".ca",
    ".in",
    ".br",
    ".mx",
    ".tech",
    ".site",
    ".xyz",
    ".club",
    ".agency",
    ".design",
    ".digital",
    ".cloud",
    ".services",
    ".solutions",
    ".works",
    ".world",
    ".life",
)


def train_tokenizer(texts: Iterable[str], lexicon: Lexicon, *, pieces: int = PIECES) -> Tokenizer:
    """Train on `texts` and on every word of the lexicon; common suffixes become whole pieces whatever they count."""
    texts = [*texts, *(phrase.lower() for phrase in _phrases(lexicon) for _ in range(_LEXICON_WEIGHT))]
    counted = Counter(word for text in texts for word in text.split() if not word.startswith("<"))
    total = counted.total()
    trainer = trainers.UnigramTrainer(
        vocab_size=pieces, unk_token=UNKNOWN, special_tokens=[UNKNOWN], max_piece_length=14, show_progress=False
    )
    tokenizer = _empty(models.Unigram())
    tokenizer.train_from_iterator(texts, trainer)
    learnt = {
        piece: score for piece, score in json.loads(tokenizer.to_str())["model"]["vocab"] if piece != UNKNOWN
    }
    suffixes = dict.fromkeys((*_COMMON_TLDS, *(tld for industry in lexicon.industries for tld in industry.tlds)))
    room = pieces - len(_BYTES) - len(STRATEGY_TOKENS)
    scores = {_SPACE + suffix: log((counted[suffix] + 1) / total) for suffix in suffixes}
    # The trainer drops frequent words («about») whose parts it finds as likely with a bare space piece before them;
    # whole words are what copying needs, so they come first, by frequency.
    frequent = dict.fromkeys(word for word, _ in counted.most_common(int(room * _FREQUENT)))
    for word in frequent:
        if not _is_form_of(word, counted, frequent):
            scores.setdefault(_SPACE + word, log(counted[word] / total))
    endings = {ending: learnt.get(ending, _RARE_ENDING) for ending in _FORMS}
    letters = endings | {piece: score for piece, score in learnt.items() if len(piece) == 1}
    for piece, score in [*letters.items(), *sorted(learnt.items(), key=lambda pair: -pair[1])]:
        if len(scores) >= room - len(SPECIAL):
            break
        scores.setdefault(piece, score)
    scores[_SPACE] = _BARE_SPACE
    worst = min(scores.values()) - 10.0
    vocabulary = [*((token, 0.0) for token in SPECIAL), *scores.items(), *((byte, worst) for byte in _BYTES)]
    finished = _empty(models.Unigram(vocabulary, unk_id=SPECIAL.index(UNKNOWN), byte_fallback=True))
    add_tokens(finished)
    return finished


def _is_form_of(word: str, counted: Counter[str], frequent: Collection[str]) -> bool:
    """Whether the word is a frequent stem with a regular ending: «musicians» is read as musician and s, so that a
    name's «musician» is copied."""
    stems = (word.removesuffix(ending) for ending in _FORMS if word.endswith(ending))
    return any(len(stem) >= 4 and counted[stem] and stem in frequent for stem in stems)


def _phrases(lexicon: Lexicon) -> Iterator[str]:
    for industry in lexicon.industries:
        yield from (industry.name, *industry.aliases, *industry.words, *industry.associations)


def add_tokens(tokenizer: Tokenizer, *, causal: bool = False) -> int:
    """Add what targets are made of, for a causal model the separator too, as far as the tokenizer lacks it; returns
    how many were new. Strategy tokens stay in decoded text, `<none>` and the separator don't."""
    before: int = tokenizer.get_vocab_size()
    special = [token for token in SPECIAL if token in tokenizer.get_vocab() or token == NONE]
    tokenizer.add_special_tokens([*special, SEPARATOR] if causal else special)
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in STRATEGY_TOKENS])
    after: int = tokenizer.get_vocab_size()
    return after - before


def end_id(tokenizer: Tokenizer, end: str = END) -> int:
    """Id of the token that ends a sequence.

    Raises:
        ModelError: The tokenizer has none, so it does not belong to the model.
    """
    found = tokenizer.token_to_id(end)
    if found is None:
        raise ModelError(f"the tokenizer has no {end}; train from a T5 or GPT-2 checkpoint with its own tokenizer")
    return found


def _empty(model: models.Unigram) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(replacement=_SPACE)])
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write `tokenizer.json` under a temporary name and rename it."""
    temporary = path.with_suffix(".tmp")
    tokenizer.save(str(temporary))
    temporary.replace(path)
