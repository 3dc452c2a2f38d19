"""Noise as it stands in real columns: typing errors, case, telegram style; and inputs that are no description."""

from random import Random

_NEIGHBOURS = {
    "a": "sq",
    "b": "vn",
    "c": "xv",
    "d": "sf",
    "e": "wr",
    "f": "dg",
    "g": "fh",
    "h": "gj",
    "i": "uo",
    "j": "hk",
    "k": "jl",
    "l": "k",
    "m": "n",
    "n": "bm",
    "o": "ip",
    "p": "o",
    "q": "w",
    "r": "et",
    "s": "ad",
    "t": "ry",
    "u": "yi",
    "v": "cb",
    "w": "qe",
    "x": "zc",
    "y": "tu",
    "z": "x",
}
"""Keys beside each other on a QWERTY keyboard."""
_DROPPED = frozenset({"a", "an", "the", "of", "for", "and", "with", "in", "at", "to", "is", "our", "we", "that"})


def misspell(word: str, random: Random) -> str:
    """One typing error: a letter left out, doubled, swapped with the next, or its neighbour on the keyboard."""
    if len(word) < 4 or not word.isalpha():
        return word
    at = random.randrange(1, len(word) - 1)
    form = random.randrange(4)
    if form == 0:
        return word[:at] + word[at + 1 :]
    if form == 1:
        return word[:at] + word[at] + word[at:]
    if form == 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + random.choice(_NEIGHBOURS.get(word[at].lower(), word[at])) + word[at + 1 :]


def roughen(text: str, random: Random) -> str:
    """The text with one kind of noise."""
    words = text.split()
    form = random.randrange(4)
    if form == 0:
        for at in random.sample(range(len(words)), min(len(words), random.choice((1, 1, 2)))):
            words[at] = misspell(words[at], random)
        return " ".join(words)
    if form == 1:
        return text.upper() if random.random() < 0.3 else text.lower()
    if form == 2:
        kept = [word for word in words if word.lower().strip(".,") not in _DROPPED]
        return " ".join(kept) or text
    return text.rstrip(".!?") + random.choice(("", "!!", " ...", " pls", " thx", "  "))


def nonsense(random: Random) -> str:
    """A text that describes no business: keys hit at random, digits, filler."""
    form = random.randrange(6)
    letters = "abcdefghijklmnopqrstuvwxyz"
    if form == 0:
        return "".join(random.choices("asdfghjklqwerty", k=random.randint(5, 14)))
    if form == 1:
        return " ".join(
            "".join(random.choices(letters, k=random.randint(3, 9))) for _ in range(random.randint(1, 4))
        )
    if form == 2:
        return " ".join(str(random.randint(0, 99_999)) for _ in range(random.randint(1, 5)))
    if form == 3:
        return random.choice(
            ("test", "n a", "none", "todo", "tbd", "null", "xxx", "lorem ipsum dolor sit amet", "description")
        ) + (f" {random.randint(1, 999)}" if random.random() < 0.6 else "")
    if form == 4:
        return " ".join([random.choice(("blah", "foo", "la", "x", "hm", "qq", "bla"))] * random.randint(2, 9))
    return "".join(random.choices("bcdfghjklmnpqrstvwxz", k=random.randint(4, 12)))
