"""Names without a model: a description's own key words joined with images of its trade.

They join the model's candidates and compete in the same ranking; they are also the baseline that the model must beat.
Everything follows from a hash of the seed and the description, so a row gets the same names on every worker.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from random import Random

from domaingen.brief import Brief
from domaingen.generation.text import generator
from domaingen.generation.wordplay import LONGEST, Play, affixed, blends, compound, modified, phrase, supplies
from domaingen.lexicon import Industry
from domaingen.names.images import FAVOUR, bundled_images
from domaingen.names.reading import Reading, brief_text, read_description
from domaingen.names.sound import ease
from domaingen.names.vocabulary import content_words, is_filler, is_tired, stem
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

MOST = 18
"""Candidates for a row that asks for five names; more where it asks for more."""
MOST_KEYS = 4
IMAGES = 11
"""Images that a row works with, drawn from those that suit the description and the trade's associations."""
SUITED = 64
CHANCE = 0.75
"""How much of an image's fit (about 0-1) is drawn: enough that two rows of one trade get other names."""
COMMON = 0.2
"""What a key loses that every business of the trade could use («coffee»): the row's own words set it apart."""
KEY_USES = 3
"""Names of a row that one word goes into; more where more are wanted."""
LEAST_LOGIT = 1.5
"""Least logit of an image that may melt with a key: two words that share letters by chance are no idea."""
COM_SHARE = 0.82

_PLANS: dict[str | None, dict[str, int]] = {
    None: {"compound": 9, "blend": 3, "realword": 3, "metaphor": 2, "affix": 1},
    "classic": {"compound": 9, "realword": 5, "metaphor": 3, "affix": 1},
    "modern": {"compound": 7, "blend": 5, "affix": 3, "metaphor": 2, "realword": 1},
    "playful": {"compound": 6, "blend": 5, "realword": 5, "metaphor": 2},
    "descriptive": {"compound": 12, "realword": 4, "blend": 1, "affix": 1},
    "invented": {"blend": 8, "affix": 6, "compound": 4},
    "short": {"compound": 8, "blend": 4, "affix": 3, "realword": 2},
}
"""How many candidates each way of naming gives, by wanted style; what one leaves free the compounds fill."""


def compose(brief: Brief, matches: Sequence[tuple[Industry, float]], seed: int) -> list[Candidate]:
    """Twelve to twenty candidates for a row, smooth ones first; fewer where tight constraints leave no room."""
    reading = read_description(brief_text(brief), matches)
    random = generator("compose", seed, " ".join(brief_text(brief).lower().split()))
    limit = min(LONGEST, brief.constraints.max_length or LONGEST)
    avoid = tuple(word.replace("-", "") for word in brief.constraints.avoid)
    keys = _keys(reading, avoid, limit)
    images = _images(reading, keys, avoid, limit, random)
    plays = _all_plays(reading, keys, images, limit, random)
    most = MOST + 2 * max(0, brief.constraints.count - 5)
    chosen = _choose(plays, _PLANS[brief.constraints.style], most, avoid)
    return [_candidate(play, reading, brief, random) for play in chosen]


def _keys(reading: Reading, avoid: Sequence[str], limit: int) -> list[tuple[str, float]]:
    """The description's words that names are built around, best first, with their worth."""
    keys = [
        (key.word, key.worth)
        for key in reading.keys
        if 3 <= len(key.word) <= min(9, limit - 3) and not (avoid and any(word in key.word for word in avoid))
    ][:MOST_KEYS]
    if keys:
        return [key for key in keys if key[1] >= 0.45 * keys[0][1]]
    # A language whose words we don't know: its longer words are rather its nouns, and some can be said.
    tokens = [word for word in content_words(reading.text)[0] if 4 <= len(word) <= min(9, limit - 3)]
    said = [word for word in dict.fromkeys(tokens) if not is_filler(word) and ease(word) > 0.4]
    return [(word, 0.4) for word in said if not any(part in word for part in avoid)][:MOST_KEYS]


def _images(
    reading: Reading, keys: Sequence[tuple[str, float]], avoid: Sequence[str], limit: int, random: Random
) -> list[tuple[str, float]]:
    """Words to join the keys with, and how well each fits (0 to about 1.4), best first."""
    taken = {stem(word) for word, _ in keys} | set(reading.stems)
    fits: dict[str, float] = {}
    draw = random.random
    if reading.language != "en":
        fits.update((word, 0.5 + CHANCE * draw()) for word in supplies().images[reading.language])
    elif reading.relations is not None:
        for word, logit in bundled_images().suited(reading.relations, SUITED):
            fits[word] = min(1.0, 0.12 * logit) + CHANCE * draw()
    for industry, share in reading.trades:
        for word in industry.associations:
            fits[word] = max(fits.get(word, 0.0), 0.15 + 0.55 * share + CHANCE * draw())
    if len(fits) < 2 * IMAGES:
        fits.update(
            (word, 0.3 + CHANCE * draw()) for word in random.sample(supplies().neutral, 24) if word not in fits
        )
    usable = [
        (word, fit)
        for word, fit in fits.items()
        if len(word) <= limit - 3
        and (root := _root_of_image(word)) is not None
        and root not in taken
        and not (avoid and any(part in word for part in avoid))
    ]
    usable.sort(key=lambda image: (-image[1], image[0]))
    return usable


@lru_cache(maxsize=32768)
def _root_of_image(word: str) -> str | None:
    """A word's stem; None where it says nothing or everybody uses it."""
    return None if is_filler(word) or is_tired(word) else stem(word)


def _melted(reading: Reading, key: str, limit: int) -> list[Play]:
    """Blends of a key with images that suit the description; their cost counts how well."""
    if reading.relations is None:
        return []
    images = bundled_images()
    plays = []
    for other, play in blends(key):
        at = images.number.get(other)
        if at is None or len(play.segments[0]) > limit:
            continue
        logit = float(reading.relations[at] + FAVOUR * images.own[at])
        if logit >= LEAST_LOGIT:
            plays.append(play._replace(cost=play.cost - 0.12 * logit))
    return sorted(plays, key=lambda play: (play.cost, play.segments))[:3]


def _all_plays(
    reading: Reading,
    keys: Sequence[tuple[str, float]],
    usable: Sequence[tuple[str, float]],
    limit: int,
    random: Random,
) -> list[Play]:
    """All that can be made of keys and images; `cost` now weighs fit and worth too, with a little chance."""
    plays: list[Play] = []
    draw = random.random

    def add(play: Play | None, bonus: float) -> None:
        if play is not None:
            segments, strategy, reason, cost, words = play
            plays.append(Play(segments, strategy, reason, cost - bonus + 0.15 * draw(), words))

    images = usable[:IMAGES]
    for key, worth in keys:
        weight = 0.7 * worth - COMMON * reading.trade_words.get(stem(key), 0.0) + 0.15 * random.random()
        for image, fit in images:
            add(compound(key, image, limit=limit), weight + 0.6 * fit)
        for play in _melted(reading, key, limit):
            add(play, weight + 0.5)
        endings = (
            [play for play in affixed(key) if len(key) + len(play.segments[-1]) <= limit] if worth >= 0.4 else []
        )
        if endings:
            add(random.choice(endings), weight + 0.35)
        add(modified(random.choice(supplies().modifiers), key, limit=limit), weight + 0.25)
        for image, fit in images[:5]:
            add(phrase(key, image, limit=limit), weight + 0.2 + 0.5 * fit)
    for at, (image, fit) in enumerate(images[:5]):
        for other, other_fit in images[at + 1 : 6]:
            add(compound(image, other, strategy="metaphor", limit=limit), 0.4 * (fit + other_fit))
    plays.sort(key=attrgetter("cost", "segments"))
    return plays


def _choose(plays: Sequence[Play], plan: dict[str, int], most: int, avoid: Sequence[str]) -> list[Play]:
    """The smoothest of each way of naming, each word in few of them."""
    chosen: dict[str, Play] = {}
    used: Counter[str] = Counter()
    made: Counter[str] = Counter()
    phrases = 0
    scale = max(1.0, most / MOST)
    for strictness in (True, False):
        for play in plays:
            if len(chosen) >= most:
                break
            label = "".join(play.segments)
            if label in chosen or (avoid and any(word in label for word in avoid)):
                continue
            words = play.words
            if strictness:
                if made[play.strategy] >= plan.get(play.strategy, 0) * scale:
                    continue
                counts = [used[word] for word in words]
                if (
                    max(counts) >= KEY_USES * scale
                    or (len(words) > 1 and min(counts) >= 2)
                    or (len(play.segments) > 2 and phrases >= 1)
                ):
                    continue
            elif len(chosen) >= 12 or play.cost > 1.2:
                break
            phrases += len(play.segments) > 2
            chosen[label] = play
            made[play.strategy] += 1
            used.update(words)
    return list(chosen.values())


def _candidate(play: Play, reading: Reading, brief: Brief, random: Random) -> Candidate:
    allowed = brief.constraints.tlds
    own = [tld for industry, _ in reading.trades for tld in industry.tlds if tld != ".com"]
    draw = random.random()
    if allowed:
        tld = allowed[int(draw * len(allowed))]
    elif draw < COM_SHARE or not own:
        tld = ".com"
    else:
        tld = own[int((draw - COM_SHARE) / (1 - COM_SHARE) * len(own))]
    return Candidate(play.segments, tld, Source.COMPOSED, play.strategy, play.reason)
