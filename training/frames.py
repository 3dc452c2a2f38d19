"""Descriptions written from the lexicon in many frames: pitches, notes, keywords, questions, requests, paragraphs.

A frame's slots are phrases of one trade (sometimes of two); what a slot held is kept, so that names can take it up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from string import Formatter

from domaingen.lexicon import Industry

STYLES = ("pitch", "note", "keywords", "question", "request", "short", "paragraph")
_WEIGHTS = (30, 18, 14, 6, 9, 16, 7)

_OPENINGS = (
    "{A_trade} for {customer} in the {place}",
    "{A_benefit} {trade} with {service}",
    "We offer {service} and {service2}",
    "Our {trade} brings {service} to {customer}",
    "{Service} and {service2} for {customer}",
    "{Benefit} {service}",
    "{A_trade} near the {place}, {benefit} and known for {service}",
    "{Service} made {benefit} for {customer}",
    "I run {a_trade} where {customer} come for {service}",
    "The {place}'s {benefit} {trade}",
    "{Benefit} {alias}",
    "Family {trade} that does {service}, {service2} and {service3}",
    "{A_benefit} {alias} that {customer} can afford",
    "{Customer} come to us for {service}",
    "From {service} to {service2}: {a_trade} for {customer}",
    "{Customer} get {benefit} {service} without leaving the {place}",
    "Helping {customer} with {service}",
    "{A_alias} for people who love {topic}",
    "{A_trade} run by two friends who used to work with {topic}",
    "A platform where {customer} book {service}",
    "An app that finds {customer} the right {alias}",
    "{A_trade} and {topic} shop under one roof",
    "Small {trade}, big on {topic}",
    "{Service} inspired by {topic}",
    "{Alias} on wheels: {service} at your door",
    "{Service} by subscription for {customer}",
    "Online {service} for {customer}",
    "{Benefit} {service}, delivered to the {place}",
    "We help {customer} find {benefit} {service}",
    "{A_benefit} approach to {service} for {customer} everywhere",
    "{A_trade} company providing {service} and {service2}",
)
_CLAUSES = (
    "with {service2}",
    "and {service2} at weekends",
    "open late",
    "since last spring",
    "also {service2} and {service3}",
    "mostly for {customer2}",
    "always {benefit2}",
    "right in the {place}",
    "by appointment",
    "at fair prices",
    "with a touch of {topic}",
    "for {customer} and {customer2}",
    "{benefit2} and friendly",
    "no waiting",
    "in two languages",
)
_NOTES = (
    "{trade}, {place}, {service} + {service2}",
    "{benefit} {trade} - {service}",
    "{trade} for {customer}, {service} mostly",
    "{service}; {service2}; {customer}",
    "new {trade}, {place}, opening in spring",
    "{place} {alias}, {benefit}, {customer}",
    "{trade} w/ {service}, {topic} theme",
    "{alias} / {service} / {benefit}",
    "mobile {trade}, {service} on site",
    "{service} for {customer}, small team, {place}",
    "side business: {service}",
    "{trade} ({service}, {service2}), {benefit}",
    "second branch of a {benefit} {trade}",
    "{topic} and {service} for {customer}",
)
_KEYWORDS = (
    "{word}, {word2}, {service}, {customer}",
    "{trade} {benefit} {place}",
    "{alias}, {word}, {benefit}, {word2}",
    "{word} {word2} {service}",
    "{customer} {service} {benefit}",
    "{service}, {service2}, {service3}, {place}",
    "{topic} {alias} {customer}",
    "{place} {word} {trade}",
)
_QUESTIONS = (
    "Where do {customer} in the {place} get {service}?",
    "Looking for {benefit} {service}?",
    "Need {a_alias} you can trust?",
    "What if {service} were {benefit}?",
    "Who does {service} for {customer}?",
    "Tired of waiting for {service}?",
    "How do I find {a_benefit} {trade}?",
    "Why shouldn't {customer} have {benefit} {service}?",
    "Can {service} be {benefit} and {benefit2}?",
    "What is the best way to offer {service} to {customer}?",
)
_REQUESTS = (
    "I need a name for {a_trade} that offers {service}",
    "name ideas for {a_benefit} {alias} please",
    "Best way to get {service} for {customer}",
    "Suggest a domain for my {trade} in the {place}",
    "Help me name {a_trade} for {customer}",
    "Please find a short name for a {place} {trade}",
    "We are starting {a_trade} with {service} and need a website",
    "Looking for a domain: {service}, {benefit}",
    "How to start {a_trade} with {service}",
    "I want to sell {service} to {customer}",
    "my {alias} needs a name, {topic} in mind",
    "Something catchy for {a_alias} please",
    "Tips for {service} at home",
)
_SHORTS = (
    "{trade}",
    "{alias}",
    "{benefit} {alias}",
    "{alias} {place}",
    "{service}",
    "{benefit} {trade}",
    "{word} {trade}",
    "{service} {place}",
    "{customer} {service}",
    "{topic} {alias}",
    "{place} {trade}",
    "{word} {service}",
    "{trade} services",
)
_PARAGRAPHS = (
    "{opening}. {opening2}. We care about {topic} and keep everything {benefit}.",
    "After years in another job I opened {a_trade} by the {place}. {opening}. {Customer} like that we are {benefit}.",
    "{opening}, {clause}. What started with {topic} at a kitchen table is now {a_benefit} {trade}. {opening2}.",
    "{Customer} told us they wanted {service} that is {benefit}. So we built it. {opening}. {opening2}, {clause}.",
)
_NOWHERE = frozenset({"online", "remote", "home", "mobile", "anywhere", "nationwide"})
"""Places of the lexicon that no frame's «in the …» or «near the …» takes."""


@dataclass(frozen=True, slots=True)
class Description:
    """A written description, its style, and the phrases that filled its slots, by the slot's kind."""

    text: str
    style: str
    phrases: tuple[tuple[str, str], ...]


def with_article(phrase: str) -> str:
    """The phrase after «a» or «an», by its first letter's usual sound."""
    lowered = phrase.lower()
    an = lowered[:1] in "aeiou" and not lowered.startswith(("uni", "use", "eu", "one", "uti"))
    return f"{'an' if an or lowered.startswith('hour') else 'a'} {phrase}"


def describe(trade: Industry, other: Industry | None, topics: Sequence[str], random: Random) -> Description:
    """Write one description of `trade`; now and then a service or customer is `other`'s."""
    style = random.choices(STYLES, _WEIGHTS)[0]
    slots = _Slots(trade, other, topics, random)
    if style == "pitch":
        text = slots.fill(random.choice(_OPENINGS))
        if random.random() < 0.45:
            text += ("," if random.random() < 0.5 else "") + " " + slots.fill(random.choice(_CLAUSES))
        text += "." if random.random() < 0.6 else ""
    elif style == "paragraph":
        text = slots.fill(random.choice(_PARAGRAPHS))
    else:
        frames = {
            "note": _NOTES,
            "keywords": _KEYWORDS,
            "question": _QUESTIONS,
            "request": _REQUESTS,
            "short": _SHORTS,
        }[style]
        text = slots.fill(random.choice(frames))
    return Description(text, style, tuple(slots.filled))


class _Slots:
    """Fills a frame's slots and remembers with what; «{A_trade}» is the trade with its article, capitalised."""

    def __init__(self, trade: Industry, other: Industry | None, topics: Sequence[str], random: Random) -> None:
        self.filled: list[tuple[str, str]] = []
        self._random, self._topics = random, topics
        source = other or trade
        self._lists: dict[str, list[str]] = {
            "service": self._shuffled(trade.services),
            "customer": self._shuffled(source.customers),
            "place": self._shuffled([place for place in trade.places if place not in _NOWHERE] or ["city"]),
            "benefit": self._shuffled(trade.benefits),
            "word": self._shuffled(trade.words),
            "alias": self._shuffled(trade.aliases),
            "trade": [trade.name],
        }
        if other:
            self._lists["service"].insert(1, random.choice(other.services))

    def _shuffled(self, phrases: Sequence[str]) -> list[str]:
        return self._random.sample(list(phrases), len(phrases))

    def fill(self, frame: str) -> str:
        """The frame with its slots filled; a numbered slot never repeats its sibling's phrase."""
        values: dict[str, str] = {}
        for _, name, _, _ in Formatter().parse(frame):
            if name is None:
                continue
            kind = name.lower().removeprefix("a_")
            if kind not in values:
                values[kind] = self._phrase(kind)
            phrase = with_article(values[kind]) if "_" in name else values[kind]
            values[name] = phrase[:1].upper() + phrase[1:] if name[0].isupper() else phrase
        return frame.format(**values)

    def _phrase(self, kind: str) -> str:
        if kind in {"opening", "opening2"}:
            return self.fill(self._random.choice(_OPENINGS))
        if kind == "clause":
            return self.fill(self._random.choice(_CLAUSES))
        if kind == "topic":
            phrase = self._random.choice(self._topics)
        else:
            phrases = self._lists[kind.rstrip("23")]
            phrase = phrases[(int(kind[-1]) - 1 if kind[-1].isdigit() else 0) % len(phrases)]
        self.filled.append((kind.rstrip("23"), phrase))
        return phrase
