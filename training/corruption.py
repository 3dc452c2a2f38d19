"""Ways to spoil a good name, so that a judge can be fitted and tested on what it must tell apart."""

from random import Random

DAMAGES = ("hyphens", "digits", "swapped", "overlong", "ending", "stale")
"""Hyphens put in, digits appended or in place of letters, two letters exchanged, words piled on, a suffix that nobody
expects, a worn word added."""
_ODD_ENDINGS = (".xyz", ".info", ".biz", ".pw", ".top", ".click", ".ws", ".cc", ".loan", ".gdn", ".ninja", ".men")
_LEET = str.maketrans("aeiost", "431057")
_PILES = ("services", "online", "company", "solutions", "international", "professional", "group", "enterprises")
_WORN = ("hub", "pro", "solutions", "best", "ify", "tech", "online", "world", "365", "zone")


def damage(segments: tuple[str, ...], tld: str, kind: str, random: Random) -> tuple[tuple[str, ...], str]:
    """The parts and suffix of a damaged name. `segments` joined are the label.

    Raises:
        ValueError: There is no such kind.
    """
    label = "".join(segments)
    if kind == "hyphens":
        if len(segments) > 1:
            return ("-".join(segments),), tld
        at = random.randrange(2, max(3, len(label) - 1))
        return (f"{label[:at]}-{label[at:]}",), tld
    if kind == "digits":
        if random.random() < 0.5 or not set(label) & set("aeiost"):
            return (*segments, str(random.choice((1, 2, 4, 24, 99, 123)))), tld
        return (label.translate(_LEET),), tld
    if kind == "swapped":
        letters = list(label)
        for _ in range(20):
            at = random.randrange(len(letters) - 1)
            to = random.randrange(len(letters))
            if letters[at] != letters[to]:
                letters[at], letters[to] = letters[to], letters[at]
                break
        return ("".join(letters),), tld
    if kind == "overlong":
        return (*segments, *random.sample(_PILES, 2)), tld
    if kind == "ending":
        return segments, random.choice(_ODD_ENDINGS)
    if kind == "stale":
        return (*segments, random.choice(_WORN)), tld
    raise ValueError(f"no such damage: {kind}")
