"""Mutators of length and language."""

import re
from dataclasses import replace
from random import Random

from training.discovery.probes import Pool, Probe
from training.noise import nonsense

_FILLERS = (
    "We open from Monday to Saturday.",
    "Parking is behind the building.",
    "Most customers come back every month.",
    "We answer letters within two working days.",
    "The team has grown from two to seven people.",
    "We began in a garage and moved twice since then.",
    "Vouchers are sold at the counter.",
    "Our neighbours are a school and a post office.",
    "We take cards and cash.",
    "The name should be short and easy to spell on the phone.",
    "We have no website yet.",
    "A friend painted the sign above the door.",
    "In winter we close an hour earlier.",
    "The lease runs for another five years.",
)
_FRAMES = {
    "es": ("Busco un nombre para mi negocio: {}", "{} Necesito un nombre corto, gracias."),
    "fr": ("Je cherche un nom pour mon entreprise : {}", "{} Il me faut un nom court, merci."),
    "de": ("Ich suche einen Namen für mein Unternehmen: {}", "{} Der Name soll kurz sein, danke."),
    "pt": ("Procuro um nome para a minha empresa: {}", "{} Preciso de um nome curto, obrigado."),
    "it": ("Cerco un nome per la mia attività: {}", "{} Mi serve un nome breve, grazie."),
    "nl": ("Ik zoek een naam voor mijn bedrijf: {}", "{} De naam moet kort zijn, bedankt."),
}
_WORD = re.compile(r"[a-z]+")
_LEAST_SHARE = 0.6
"""Share of a text's words that the table must know before a word-by-word translation is still a text."""


def very_short(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """The trade alone, one to three words."""
    industry = pool.industries.get(probe.industry or "")
    if industry is None:
        return None
    text = random.choice((industry.name, *industry.aliases))
    return replace(probe, text=text, about=text)


def very_long(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Ordinary sentences before and after, up to the longest description that intake takes."""
    room = random.choice((600, 1200, pool.longest)) - len(probe.text) - 2
    before: list[str] = []
    after: list[str] = []
    while True:
        sentence = random.choice(_FILLERS)
        if len(sentence) + 1 > room:
            break
        room -= len(sentence) + 1
        (before if random.random() < 0.5 else after).append(sentence)
    if not before and not after:
        return None
    return replace(probe, text=" ".join((*before, probe.text, *after)))


def too_long(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Over the longest description: must be rejected whatever it says."""
    text = probe.text
    while len(text) <= pool.longest:
        text += " " + random.choice(_FILLERS)
    return replace(probe, text=text, expect="reject_input")


def emptied(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """No description any more: blanks, digits, signs, mashed keys, an address."""
    form = random.randrange(6)
    if form == 0:
        text = random.choice((" ", "\t \n", "\u200b\u200b", "\u3000"))
    elif form == 1:
        text = " ".join(str(random.randint(0, 99_999)) for _ in range(random.randint(1, 4)))
    elif form == 2:
        text = "".join(random.choices("!?.,;:-_*#+~🙂🍕", k=random.randint(1, 9)))
    elif form == 3:
        text = "".join(random.choices("bcdfghjklmnpqrstvwxz", k=random.randint(6, 14)))
    elif form == 4:
        text = random.choice(probe.text or "x") * random.randint(12, 30)
    else:
        text = f"https://{nonsense(random).split()[0].lower()}.invalid/{random.randint(1, 99)}"
    return replace(probe, text=text, expect="reject_input")


def foreign_frame(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """A sentence of another language around the text, as bilingual submitters write."""
    lang = random.choice(sorted(_FRAMES))
    return replace(probe, text=random.choice(_FRAMES[lang]).replace("{}", probe.text))


def foreign_words(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Word by word in another language by the moderator's own table, where that knows most of the words."""
    if probe.lang != "en":
        return None
    words = _WORD.findall(probe.text.lower())
    fitting = [
        lang for lang, table in sorted(pool.foreign.items())
        if words and sum(word in table for word in words) >= _LEAST_SHARE * len(words)
    ]  # fmt: skip
    if not fitting:
        return None
    lang = random.choice(fitting)
    table = pool.foreign[lang]
    text = _WORD.sub(lambda match: table.get(match[0], match[0]), probe.text.lower())
    return replace(probe, text=text, lang=lang)
