"""Which inputs are no description. What is merely odd (HTML, SQL, formulas, instructions to a model) is text like
any other and passes: it is never executed, and every writer escapes it.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from domaingen.judging.rules import fold
from domaingen.moderation.words import bundled_words
from domaingen.outcomes import FailureType

_URL = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.-]+|(?:[\w-]+\.)+[a-z]{2,24}(?:/\S*)?", re.IGNORECASE
)
_BLANK = re.compile(r"[\s\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u180e\u3164\u115f\u1160\u2800]+")
_ALLOWED_CONTROLS = "\t\n\r"
_VOWELS = set("aeiouyıæøœаеёиоуыэюяіїєαεηιουω")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an input is no description, with a sentence that helps the submitter."""

    failure_type: FailureType
    reason: str


def check_description(description: str, *, max_length: int = 2000) -> Rejection | None:
    """Say why `description` can't be worked with, or None where it can. `max_length` in characters."""
    visible = _BLANK.sub("", description)
    if not visible:
        return Rejection(
            FailureType.EMPTY_INPUT, "The description is empty; say in a few words what the business does."
        )
    controls = [
        char
        for char in description
        if (unicodedata.category(char) == "Cc" and char not in _ALLOWED_CONTROLS) or char == "\ufffd"
    ]
    if controls:
        return Rejection(
            FailureType.CONTROL_INPUT,
            f"The description holds {len(controls)} control or undecodable characters (the first is "
            f"U+{ord(controls[0]):04X}); save the file as UTF-8 text.",
        )
    if len(description) > max_length:
        return Rejection(
            FailureType.LONG_INPUT,
            f"The description has {len(description)} characters, the limit is {max_length}; "
            "one or two sentences work best.",
        )
    letters = [char for char in visible if char.isalpha()]
    if _URL.fullmatch(description.strip()):
        return Rejection(
            FailureType.URL_INPUT,
            "The description is only an address, which is not followed; describe the business.",
        )
    if not letters:
        if any(char.isdigit() for char in visible):
            return Rejection(FailureType.NUMERIC_INPUT, "The description holds digits but no words.")
        return Rejection(FailureType.SYMBOL_INPUT, "The description holds only signs or emoji and no words.")
    if len(visible) == 1 and not _is_ideograph(visible):
        return Rejection(FailureType.SHORT_INPUT, "One letter is no description; a word or two are enough.")
    if _is_repeated(description, visible):
        return Rejection(
            FailureType.REPEATED_INPUT, "The description repeats one character or word over and over."
        )
    if _is_gibberish(description, letters, visible):
        return Rejection(FailureType.GIBBERISH_INPUT, "No words could be made out in the description.")
    return None


def _is_ideograph(char: str) -> bool:
    return unicodedata.category(char) == "Lo"


def _is_repeated(description: str, visible: str) -> bool:
    folded = visible.casefold()
    if len(folded) >= 3 and len(set(folded)) == 1:
        return True
    if len(folded) >= 12 and len(set(folded)) <= 2:
        return True
    words = re.findall(r"\w+", description.casefold())
    return len(words) >= 6 and len(set(words)) <= max(1, len(words) // 12)


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm")
"""Neighbours on American, German and French keyboards."""
_KEYBOARD = {(a, b) for row in _ROWS for a, b in pairwise(row)}
_KEYBOARD |= {(b, a) for a, b in _KEYBOARD}


def _looks_mashed(word: str) -> bool:
    """Whether a Latin word can't be pronounced: (nearly) no vowels, or nearly all neighbours adjacent on a
    keyboard. Long runs of consonants prove nothing: «Rechtsschutzversicherung»; neither do known words: «brewer»."""
    if len(word) < 5 or bundled_words().knows(word):
        return False
    vowels = sum(char in _VOWELS for char in word)
    adjacent = sum(pair in _KEYBOARD for pair in pairwise(word))
    return vowels < 0.1 * len(word) or adjacent >= 0.8 * (len(word) - 1)


def _is_gibberish(description: str, letters: list[str], visible: str) -> bool:
    # Signs and digits drown a few letters: «a#!!9$%^&*(12».
    if len(visible) >= 8 and len(letters) < 0.3 * len(visible):
        return True
    words = [word for word in re.findall(r"[^\W\d_]+", fold(description)) if word.isalpha()]
    # Only scripts with vowel letters can be told; others get the benefit of the doubt.
    if any(ord(char) > 0x52F for word in words for char in word):
        return False
    mashed = sum(len(word) for word in words if _looks_mashed(word))
    total = sum(len(word) for word in words)
    if total >= 5 and mashed >= 0.6 * total:
        return True
    # Single letters only, «a b c d e f», spell nothing; spaced-out words are longer and moderation joins them.
    return len(words) >= 3 and all(len(word) == 1 for word in words) and len(set(words)) == len(words) <= 8
