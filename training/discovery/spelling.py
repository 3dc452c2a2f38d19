"""Mutators of the letters: what a reader hardly sees and what people type."""

from dataclasses import replace
from random import Random

from training.discovery.probes import Pool, Probe
from training.noise import misspell

LOOK_ALIKES = {
    "a": "аɑα", "c": "сϲ", "e": "еε", "h": "һ", "i": "іι", "j": "ј", "k": "κ", "n": "ո", "o": "оοօ", "p": "рρ",
    "s": "ѕ", "u": "υս", "v": "ν", "x": "хχ", "y": "уγ", "A": "АΑ", "B": "ВΒ", "C": "С", "E": "ЕΕ", "H": "НΗ",
    "I": "ІΙ", "K": "КΚ", "M": "МΜ", "O": "ОΟ", "P": "РΡ", "S": "Ѕ", "T": "ТΤ", "X": "ХΧ",
}  # fmt: skip
"""Latin letter -> letters of other scripts that look like it."""
INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff")
"""Zero-width space, non-joiner, joiner, word joiner, soft hyphen, byte order mark."""
_LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}


def typos(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """One to three typing errors."""
    words = probe.text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not long:
        return None
    for at in random.sample(long, min(len(long), random.randint(1, 3))):
        words[at] = misspell(words[at], random)
    return replace(probe, text=" ".join(words))


def case(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """All capitals, none, the reverse, every second letter."""
    form = random.randrange(4)
    if form == 0:
        return replace(probe, text=probe.text.upper())
    if form == 1:
        return replace(probe, text=probe.text.lower())
    if form == 2:
        return replace(probe, text=probe.text.swapcase())
    mixed = "".join(char.upper() if at % 2 else char.lower() for at, char in enumerate(probe.text))
    return replace(probe, text=mixed)


def spacing(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Letters of one to three words apart, doubled spaces, line ends, tabs, spaces around the text."""
    words = probe.text.split(" ")
    form = random.randrange(4)
    if form == 0:
        long = [at for at, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
        if not long:
            return None
        for at in random.sample(long, min(len(long), random.randint(1, 3))):
            words[at] = " ".join(words[at])
        return replace(probe, text="  ".join(words))
    if form == 1:
        return replace(probe, text=f"  {probe.text} ")
    gap = "   " if form == 2 else random.choice(("\n", "\t", " \r\n", "\u00a0"))
    return replace(probe, text=gap.join(words))


def homoglyphs(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """A fifth to all of the letters that have look-alikes are replaced by one."""
    share = random.choice((0.2, 0.5, 1.0))
    text = "".join(
        random.choice(LOOK_ALIKES[char]) if char in LOOK_ALIKES and random.random() < share else char
        for char in probe.text
    )
    return replace(probe, text=text)


def invisible(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Characters without width between letters."""
    share = random.choice((0.1, 0.3, 1.0))
    mark = random.choice(INVISIBLE)
    text = "".join(char + (mark if char.isalnum() and random.random() < share else "") for char in probe.text)
    return replace(probe, text=text)


def bidi(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Right-to-left marks, overrides and isolates around or inside the text (UAX 9); letters stay in order."""
    form = random.randrange(3)
    if form == 0:
        return replace(probe, text=f"\u202e{probe.text}\u202c")
    if form == 1:
        return replace(probe, text=f"\u2067{probe.text}\u2069")
    words = probe.text.split(" ")
    for at in range(len(words)):
        if random.random() < 0.4:
            words[at] = "\u200f" + words[at] + "\u200e"
    return replace(probe, text=" ".join(words))


def leetspeak(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Digits for letters in one to all of the longer words."""
    words = probe.text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) >= 4 and any(char in _LEET for char in word.lower())]
    if not long:
        return None
    for at in random.sample(long, random.randint(1, len(long))):
        words[at] = "".join(_LEET.get(char.lower(), char) for char in words[at])
    return replace(probe, text=" ".join(words))


def telegram(probe: Probe, random: Random, pool: Pool) -> Probe | None:
    """Articles and the full stop left out, as in a note."""
    kept = [
        word for word in probe.text.rstrip(".!").split(" ") if word.lower() not in ("a", "an", "the", "our", "is")
    ]
    return replace(probe, text=" ".join(kept)) if len(kept) >= 3 else None
