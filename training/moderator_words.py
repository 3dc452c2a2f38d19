"""Make `data/moderation/words.txt.gz`, the word frequencies that names and misspellings are read with.

    python -m training.moderator_words

Source: wordfreq 3.1.1 (data CC BY-SA 4.0; credits in data/moderation/README.md). Kept are plain a-z words: English
down to one in 10^7.1 words, the other languages' down to one in 10^5.6. A line is `word frequency languages`, the
frequency in centibels below one (300 is one in a thousand) in the language where it is most frequent.
"""

import gzip
import io
import re
import struct
import tempfile
import unicodedata
from pathlib import Path
from typing import Any, BinaryIO

from training.moderator_sources import WORDFREQ, unpack

LIMITS = {"en": 710, "es": 560, "fr": 560, "de": 560, "pt": 560, "it": 560, "nl": 560}
"""Language -> the rarest word that is kept, in centibels."""

_PLAIN = re.compile(r"[a-z]{1,24}")


def _read_msgpack(stream: BinaryIO) -> Any:
    """The part of MessagePack that wordfreq's files use: arrays, maps, strings, small integers."""

    def number(code: str) -> int:
        (value,) = struct.unpack(code, stream.read(struct.calcsize(code)))
        return int(value)

    kind = stream.read(1)[0]
    if kind < 0x80:
        return kind
    if 0x80 <= kind < 0x90:
        return {_read_msgpack(stream): _read_msgpack(stream) for _ in range(kind & 0x0F)}
    if 0x90 <= kind < 0xA0:
        return [_read_msgpack(stream) for _ in range(kind & 0x0F)]
    if 0xA0 <= kind < 0xC0:
        return stream.read(kind & 0x1F).decode("utf-8")
    if kind in (0xD9, 0xDA):
        return stream.read(number(">B" if kind == 0xD9 else ">H")).decode("utf-8")
    if kind in (0xDC, 0xDD):
        return [_read_msgpack(stream) for _ in range(number(">H" if kind == 0xDC else ">I"))]
    raise ValueError(f"MessagePack type {kind:#x} is not expected in a frequency list")


def read_frequencies(path: Path) -> dict[str, int]:
    """A wordfreq list as word -> centibels below one, accents folded, plain a-z words only."""
    with gzip.open(path, "rb") as stream:
        _header, *levels = _read_msgpack(io.BytesIO(stream.read()))
    frequencies: dict[str, int] = {}
    for centibels, words in enumerate(levels):
        for word in words:
            folded = unicodedata.normalize("NFD", word.replace("ß", "ss"))
            plain = "".join(character for character in folded if not unicodedata.combining(character))
            if _PLAIN.fullmatch(plain):
                frequencies.setdefault(plain, centibels)
    return frequencies


def write_words(target: Path) -> int:
    """Write the file; returns the number of words."""
    best: dict[str, tuple[int, list[str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data = unpack(WORDFREQ, Path(folder)) / "wordfreq" / "data"
        for language, limit in LIMITS.items():
            size = "large" if language == "en" else "small"
            for word, centibels in read_frequencies(data / f"{size}_{language}.msgpack.gz").items():
                if centibels <= limit:
                    known, languages = best.get(word, (centibels, []))
                    best[word] = (min(known, centibels), [*languages, language])
    lines = (
        f"{word} {centibels} {','.join(languages)}\n" for word, (centibels, languages) in sorted(best.items())
    )
    temporary = target.with_suffix(".tmp")
    with temporary.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write("".join(lines).encode("ascii"))
    temporary.rename(target)
    return len(best)


if __name__ == "__main__":
    destination = Path(__file__).parents[1] / "data" / "moderation" / "words.txt.gz"
    destination.parent.mkdir(exist_ok=True)
    print(f"{write_words(destination)} words -> {destination}")  # noqa: T201
