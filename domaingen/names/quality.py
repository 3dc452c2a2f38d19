"""The parts that a name's quality is made of, each 0 (bad) to 1 (good). The ranking and the local judge weigh them.

Every part can be seen and checked alone; `training.fit_judge` fits the weights.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from domaingen.moderation.words import bundled_words
from domaingen.names.endings import worth_of_ending
from domaingen.names.images import bundled_images
from domaingen.names.meaning import bundled_vectors
from domaingen.names.reading import Reading
from domaingen.names.sound import ease, seam, stumbles, syllables, worst_surprise
from domaingen.names.vocabulary import is_filler, is_tired, stem

JOINERS = frozenset(
    [
        "and",
        "of",
        "the",
        "to",
        "by",
        "in",
        "at",
        "on",
        "a",
        "for",
        "my",
        "with",
        "or",
        "n",
        "y",
        "et",
        "und",
        "de",
        "la",
        "le",
    ]
)
"""Little words that hold a phrase together and are no parts of their own."""
_LENGTHS = (0, 0, 0.1, 0.35, 0.7, 0.85, 1, 1, 1, 1, 1, 0.95, 0.88, 0.78, 0.66, 0.5, 0.35, 0.22, 0.12, 0.06)
"""Worth of a label by its letters. Mean of real company labels: 8.5 (20,524 seen); curated ones: 10."""
_SYLLABLES = (0.2, 0.9, 1, 1, 0.92, 0.65, 0.35, 0.15, 0.05)
_SHAPES = (0.3, 1, 1, 0.75, 0.4, 0.15)
UNRELATED, RELATED = 2.5, 7.5
"""Relation of an image to a description (`names.images`) up to which it is chance, and from which the image is as good
as one of the trade's own."""
_ENDS_OF_STALE_LABELS = ("ify", "ly", "io", "hub", "pro", "nest", "verse", "sync", "wise", "tech")


class Quality(NamedTuple):
    """The parts, in the order of the fitted weights."""

    echo: float
    """A telling word of the description can be seen in the name."""
    trade: float
    """A part of the name is a word or an image of the trade that the description is about."""
    meaning: float
    """A part is close in meaning to the description (cosine of word vectors, stretched)."""
    length: float
    """Letters: six to eleven are best."""
    rhythm: float
    """Syllables: two to four are best."""
    sound: float
    """Easy to say: letters follow each other as in words, parts meet smoothly."""
    words: float
    """Share of letters that belong to words people know how to spell."""
    shape: float
    """One or two parts; more are a sentence."""
    plain: float
    """No digits, no hyphens."""
    ending: float
    """A suffix that people expect (.com), or one of the trade's own."""
    fresh: float
    """No filler and no worn parts (best, solutions, hub, -ify)."""


def read_label(label: str) -> tuple[str, ...]:
    """The likeliest parts of a label that somebody else wrote, hyphens and digits left out."""
    return _read_letters("".join([char if char.isalpha() else " " for char in label]))


@lru_cache(maxsize=16384)
def _read_letters(letters: str) -> tuple[str, ...]:
    words = bundled_words()
    return tuple(part for run in letters.split() for part in (words.segment(run) if run.isascii() else [run]))


@lru_cache(maxsize=32768)
def _sound(segments: tuple[str, ...]) -> float:
    label = "".join(segments)
    value = ease(label) - max(0.0, worst_surprise(label) - 6.0) * 0.15
    value -= 0.35 * sum([seam(left, right) for left, right in pairwise(segments)])
    return max(0.0, value - (0.4 if stumbles(label) else 0.0))


@lru_cache(maxsize=32768)
def _known_letters(segment: str) -> int:
    """Letters of a part that are words of three letters or more (or a joiner) that are not rare."""
    words = bundled_words()
    if segment in JOINERS or (len(segment) >= 3 and words.knows(segment, most=5.7)):
        return len(segment)
    if not segment.isascii() or len(segment) < 6:
        return 0
    return sum([len(part) for part in words.segment(segment) if len(part) >= 3 and words.knows(part, most=5.3)])


@lru_cache(maxsize=8192)
def _fresh(segments: tuple[str, ...]) -> float:
    stale = sum([is_tired(part) or is_filler(part) for part in segments if part not in JOINERS])
    label = "".join(segments)
    if (
        not stale
        and len(label) >= 6
        and label.endswith(_ENDS_OF_STALE_LABELS)
        and not bundled_words().knows(label)
    ):
        stale = 1
    return (1.0, 0.4, 0.1)[min(stale, 2)]


class _Part(NamedTuple):
    """What is known of a part whatever the description."""

    text: str
    stem: str
    is_joiner: bool
    vector: int | None
    image: int | None


@lru_cache(maxsize=32768)
def _part(text: str) -> _Part:
    is_joiner = text in JOINERS
    vector = bundled_vectors().find(text) if len(text) >= 3 and not is_joiner else None
    return _Part(text, stem(text), is_joiner, vector, bundled_images().number.get(text))


class _Form(NamedTuple):
    """What is known of a label's parts whatever the description; `heard` are those that its meaning is taken from,
    `known` is a count of letters."""

    heard: tuple[_Part, ...]
    known: int
    rhythm: float
    sound: float
    shape: float
    fresh: float


@lru_cache(maxsize=16384)
def _form(parts: tuple[str, ...]) -> _Form:
    if len(parts) == 1 and len(parts[0]) > 6 and not bundled_words().knows(parts[0], most=5.5):
        # A blend or a coined word: what can be heard in it counts for its meaning.
        heard = read_label(parts[0])
    else:
        heard = parts
    content = sum([part not in JOINERS for part in parts])
    beats = sum([syllables(part) for part in parts])
    return _Form(
        tuple([_part(part) for part in heard]),
        sum([_known_letters(part) for part in parts]),
        _SYLLABLES[min(beats, len(_SYLLABLES) - 1)],
        _sound(parts),
        _SHAPES[min(content, len(_SHAPES) - 1)] * (0.9 if len(parts) > content + 1 else 1.0),
        _fresh(parts),
    )


def _echo(reading: Reading, parts: Sequence[_Part], label: str) -> float:
    best = 0.0
    for part in parts:
        if not part.is_joiner and (worth := reading.stems.get(part.stem, 0.0)) > best:
            best = worth
    for root, worth in reading.roots:
        if worth > best and root in label:
            best = worth
    return min(1.0, best / 0.8)


def _trade(reading: Reading, parts: Sequence[_Part]) -> float:
    best = max([reading.trade_words.get(part.stem, 0.0) for part in parts], default=0.0)
    if reading.relations is not None:
        for part in parts:
            if part.image is not None:
                related = (float(reading.relations[part.image]) - UNRELATED) / (RELATED - UNRELATED)
                best = max(best, min(1.0, related))
    return best


def _meaning(reading: Reading, parts: Sequence[_Part]) -> float:
    if reading.vector is None:
        return 0.3
    best = -1.0
    for part in parts:
        cosine = reading.cosines.get(part.text)
        if cosine is None:
            at = part.vector
            cosine = -1.0 if at is None else float(bundled_vectors().row(at) @ reading.vector)
            reading.cosines[part.text] = cosine
        best = max(best, cosine)
    return 0.15 if best < -0.9 else min(1.0, max(0.0, (best - 0.02) / 0.45))


def _suits(reading: Reading, tld: str) -> float:
    worth = reading.endings.get(tld)
    if worth is None:
        worth = worth_of_ending(tld, tuple([industry.tlds for industry, _ in reading.trades]), reading.language)
        reading.endings[tld] = worth
    return worth


def measure(reading: Reading, segments: Sequence[str], label: str, tld: str) -> Quality:
    """The parts of one name. `segments` may be empty; then the label is read into words."""
    letters = len(label)
    plain = label.isalpha()
    form = _form(tuple(segments) if segments and plain else read_label(label))
    return Quality(
        echo=_echo(reading, form.heard, label),
        trade=_trade(reading, form.heard),
        meaning=_meaning(reading, form.heard),
        length=_LENGTHS[letters] if letters < len(_LENGTHS) else 0.02,
        rhythm=form.rhythm,
        sound=form.sound,
        words=min(1.0, form.known / max(1, letters)),
        shape=form.shape,
        plain=1.0 if plain else 0.0,
        ending=_suits(reading, tld),
        fresh=form.fresh,
    )
