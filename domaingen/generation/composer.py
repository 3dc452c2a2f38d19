"""Names without a model: a description's own key words joined with images of its trade.

They join the model's candidates and compete in the same ranking; they are also the baseline that the model must beat.
Everything follows from a hash of the seed and the description, so a row gets the same names on every worker.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from domaingen.brief import Brief
from domaingen.generation.text import generator
from domaingen.generation.wordplay import LONGEST, Play, affixed, compound, melt, modified, phrase, supplies
from domaingen.lexicon import Industry
from domaingen.names.images import bundled_images
from domaingen.names.reading import Reading, brief_text, is_filler, is_tired, read_description, stem
from domaingen.outcomes import Source
from domaingen.suggestion import Candidate

MOST = 18
"""Candidates for a row that asks for five names; more where it asks for more."""
MOST_KEYS = 4
IMAGES = 11
"""Images that a row works with, drawn from those that suit the description and the trade's associations."""
SUITED = 48
CHANCE = 0.45
"""How much of an image's fit (about 0-1) is drawn: enough that two rows of one trade get other names."""
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
    plays = _all_plays(keys, images, limit, random)
    most = MOST + 2 * max(0, brief.constraints.count - 5)
    chosen = _choose(plays, _PLANS[brief.constraints.style], most, avoid)
    return [_candidate(play, reading, brief, random) for play in chosen]


def _keys(reading: Reading, avoid: Sequence[str], limit: int) -> list[tuple[str, float]]:
    """The description's words that names are built around, best first, with their worth."""
    keys = [
        (key.word, key.worth) for key in reading.keys
        if 3 <= len(key.word) <= min(9, limit - 3) and not any([word in key.word for word in avoid])
    ][:MOST_KEYS]
    return [key for key in keys if key[1] >= 0.45 * keys[0][1]]


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
        fits.update((word, 0.3 + CHANCE * draw()) for word in random.sample(supplies().neutral, 24) if word not in fits)
    usable = [
        (word, fit) for word, fit in fits.items()
        if len(word) <= limit - 3 and stem(word) not in taken and not is_filler(word) and not is_tired(word)
        and not any([part in word for part in avoid])
    ]
    usable.sort(key=lambda image: (-image[1], image[0]))
    return usable


def _all_plays(
    keys: Sequence[tuple[str, float]], usable: Sequence[tuple[str, float]], limit: int, random: Random
) -> list[Play]:
    """All that can be made of keys and images; `cost` now weighs fit and worth too, with a little chance."""
    plays: list[Play] = []

    def add(play: Play | None, bonus: float) -> None:
        if play is not None:
            plays.append(play._replace(cost=play.cost - bonus + 0.15 * random.random()))

    images, near = usable[:IMAGES], {word for word, _ in usable}
    for key, worth in keys:
        weight = 0.7 * worth
        for image, fit in images:
            add(compound(key, image, limit=limit), weight + 0.6 * fit)
        for play in melt(key, near, limit=limit)[:3]:
            add(play, weight + 0.5)
        endings = affixed(key) if worth >= 0.4 else ()
        if endings:
            add(random.choice(endings), weight)
        add(modified(random.choice(supplies().modifiers), key, limit=limit), weight + 0.25)
        for image, fit in images[:5]:
            add(phrase(key, image, limit=limit), weight + 0.5 * fit)
    for at, (image, fit) in enumerate(images[:5]):
        for other, other_fit in images[at + 1 : 6]:
            add(compound(image, other, strategy="metaphor", limit=limit), 0.4 * (fit + other_fit))
    plays.sort(key=lambda play: (play.cost, play.segments))
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
            if label in chosen or any(word in label for word in avoid):
                continue
            words = play.reason.replace(" and ", " + ").split(" + ")
            if strictness:
                if made[play.strategy] >= plan.get(play.strategy, 0) * scale:
                    continue
                if any(used[word] >= 4 * scale for word in words) or ("and" in play.segments and phrases >= 1):
                    continue
                if len([word for word in words if used[word] >= 2]) == len(words):
                    continue
            elif len(chosen) >= 12 or play.cost > 1.2:
                break
            phrases += "and" in play.segments
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
