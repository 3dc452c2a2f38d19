"""Control parts for training examples: constraints that the names truly obey, and the hints of curated names."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from domaingen.brief import STYLES
from domaingen.generation.text import HINTS_PER_PROMPT, strategy_hints
from domaingen.suggestion import Candidate
from training.segments import words_of

USED_SHARE = 0.65
"""Share of curated examples whose hints begin with the words that the names bring; in the others the model must find
its own."""
CONSTRAINED = 0.3
HINTLESS = 0.04
_TLDS = (
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
)
_TLD_WEIGHTS = (30, 12, 12, 8, 7, 5, 4, 3, 3, 3, 3, 3, 3, 3)


@dataclass(frozen=True, slots=True)
class Demands:
    """Constraints before there are names: `avoid` are words of the description."""

    tlds: tuple[str, ...] = ()
    longest: int | None = None
    styled: bool = False
    avoid: tuple[str, ...] = ()


def draw_demands(tempting: Sequence[str], random: Random) -> Demands:
    """Constraints for three examples in ten; `tempting` are the words that may be forbidden."""
    if random.random() > CONSTRAINED:
        return Demands()
    tlds: tuple[str, ...] = ()
    if random.random() < 0.45:
        drawn = random.choices(_TLDS, _TLD_WEIGHTS, k=random.choice((1, 1, 2, 3)))
        tlds = tuple(dict.fromkeys(drawn))
    longest = random.choice((7, 8, 9, 10, 10, 11, 12, 12, 13)) if random.random() < 0.4 else None
    avoid: tuple[str, ...] = ()
    if tempting and random.random() < 0.3:
        avoid = tuple(random.sample(list(tempting), min(len(tempting), random.choice((1, 1, 2)))))
    return Demands(tlds, longest, random.random() < 0.4, avoid)


def style_of(names: Sequence[Candidate], strategy: str, random: Random) -> str:
    """One of the styles that these names have."""
    if not names:
        return random.choice(STYLES)
    styles = {
        "compound": ["classic", "modern", "descriptive"],
        "realword": ["classic", "playful"],
        "metaphor": ["playful", "classic", "modern"],
        "blend": ["playful", "modern", "invented"],
        "affix": ["modern", "invented"],
        "coined": ["invented", "modern"],
    }[strategy]
    if max(len(name.label) for name in names) <= 8:
        styles = [*styles, "short", "short"]
    return random.choice(styles)


def curated_hints(
    names: Sequence[Candidate], description: str, strategy: str, images: Sequence[str], random: Random
) -> tuple[str, ...]:
    """Hints for names written by hand: as a rule the words that they bring to the description, in their order, then
    others of the kind that the worker gives; sometimes none."""
    if random.random() < HINTLESS:
        return ()
    brought = dict.fromkeys(word for name in names for word in _brought(name, description))
    own = list(brought)[:HINTS_PER_PROMPT] if random.random() < USED_SHARE else []
    others = strategy_hints(strategy, [image for image in images if image not in brought], random)
    return tuple(dict.fromkeys((*own, *others)))[:HINTS_PER_PROMPT]


def _brought(name: Candidate, description: str) -> list[str]:
    """The words of a name that are not the description's own: of a blend its whole roots, else its segments."""
    present = words_of(description)
    roots = {word[:4] for word in present if len(word) >= 4} | set(present)
    parts = (name.reason or "").split(" + ") if name.strategy == "blend" and name.reason else list(name.segments)
    least = 2 if name.strategy in {"affix", "coined"} else 3
    return [
        part
        for part in parts
        if len(part) >= least and part.isalpha() and part not in roots and part[:4] not in roots and part != "and"
    ]
