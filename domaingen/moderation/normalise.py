"""Undo disguises before a text is judged. What generation sees is only made legible: words stay as they are written.

In order: NFKC and look-alike letters, invisible characters, letters written apart (`h i t  m a n`), leetspeak
(`h1tm4n`), stretched letters (`cocaiiine`), Latin letters for each other (`stoIen`, `rnurder`), words written together
(`hireahitman`). Every step is careful with honest digits and signs: 3D, B2B, 24/7, 1800s, 5kg, $50, C++ and A/B tests
pass unchanged, because a token is only rewritten when the result is a known word.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import product

from domaingen.moderation.confusables import sign_skeleton, skeleton, unbadged
from domaingen.moderation.redrawn import MOST_READINGS, cut, redraw, take_apart
from domaingen.moderation.words import Words, bundled_words

_LEET = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g", "@": "a",
    "$": "s", "!": "i", "|": "il", "+": "t", "*": "aeiou", "€": "e", "£": "l",
}  # fmt: skip
_TOKEN = re.compile(r"[^\s,;:()\[\]{}\"“”«»?…/]+")
_HONEST = re.compile(
    r"[-+$£€#]?\d[\d.,:/-]*(?:%|st|nd|rd|th|s|k|m|x|kg|g|mg|cm|mm|km|am|pm|h|min|ft|in|oz|lb|lbs|ml|l|hr|hrs|d|p|w|v)?"
    r"|[a-z]\d[a-z]|\d[a-z]|[a-z]\d+|\d+x\d+|mp[34]|co2|h2o|\d+[a-z]?",
    re.IGNORECASE,
)
_CODE = re.compile(r"[A-Z]{1,2}\d+")
"""Norms, postal districts, measures: EN71, SE11, VO2."""
_CODE_APART = re.compile(r"[A-Za-z](?: \d){2,}")
"""A code written apart: B 1 2."""
_APART = re.compile(
    r"(?<![^\s\"'(])(?<!\w')(?!\d{1,2} ?[ap]\.m)(?:[^\W_]|[@$!])(?:(?:[ .\-_*]|  )(?:[^\W_]|[@$!])){2,}(?![^\W_]|\.\w)"
)
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_ONE_LETTER = re.compile(r"(.)\1*")
_INNER_MARKS = re.compile(r"(?<=[^\W\d_])[*._\-·|~](?=[^\W\d_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""The ASCII characters that are neither text nor a line's end or a tab."""
_MARKUP = re.compile(r"<[/!]?[a-zA-Z][^<>]{0,200}>")
"""Tags of HTML and XML, and a model's sentinels."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt) without the Hangul fillers."""
_BLANK = "\u2800"
_BLANKS = str.maketrans(dict.fromkeys("\u115f\u1160\u3164\uffa0", _BLANK))
"""Hangul fillers: characters that look like a space and are none, as Braille's blank is."""
_BLANKED = re.compile(rf"\w+(?:{_BLANK}+\w+)+")
_LOOSE_MARKS = re.compile(r"(?<=[a-zA-Z])[\u0300-\u036f\u20d0-\u20f0]+")
"""Marks that no letter was composed with: struck through, circled, piled up."""
_WORD = re.compile(r"[^\W\d_]{4,}")
_LEET_SIGN = re.compile("[" + re.escape("".join(_LEET)) + "]")
_INNER_I = re.compile("[a-z]I")
_NUMBER = re.compile(r"(?<=\s)[24](?=\s)")
_NUMBER_WORDS = {"4": "for", "2": "to"}
_COMMON = 2.4
"""The cost of words like "and", "with" and "from", after which a number is a number."""
_MOST_LAYERS = 4
"""Times that a text is read anew while disguises come off, so that what was read once stays as it is."""
_MOST_COST = {2: 3.2, 3: 5.0, 4: 6.2}
"""Letters of a decoded word (4: or more) -> the cost up to which it counts as known."""


def _decode_leet(token: str, words: Words, *, least: int = 3) -> str | None:
    """The known word of `least` letters or more that a token of letters, digits and signs stands for; else None.

    Of several words the most frequent. Tokens that honest writing knows (5kg, 3D, b2b) stay unless `least` is 2.
    """
    if words.knows(token.rstrip(".!").lower()) or (least > 2 and _CODE.fullmatch(token)):
        return None
    core = token.strip(".!'-*")
    if token.endswith("$") and not core.endswith("$"):
        core += "$"
    for candidate in (token, core):
        lowered = candidate.lower()
        if not any(character in _LEET for character in lowered) or not any(c.isalpha() for c in lowered):
            continue
        if len(lowered) < least or (least > 2 and _HONEST.fullmatch(lowered)):
            continue
        choices = [_LEET.get(character, character) for character in lowered]
        readings = 1
        for choice in choices:
            readings *= len(choice)
        if readings > MOST_READINGS:
            continue
        best: tuple[float, str] | None = None
        for reading in map("".join, product(*choices)):
            cost = words.cost.get(reading)
            if cost is None and reading.endswith("z"):
                cost = words.cost.get(reading[:-1] + "s")
            if (
                cost is not None
                and cost <= (_MOST_COST[min(len(reading), 4)])
                and (best is None or cost < best[0])
            ):
                best = cost, reading
        if best:
            return best[1]
    return None


def _join_apart(match: re.Match[str], words: Words) -> str:
    run = match[0]
    if _CODE_APART.fullmatch(run):
        return run.replace(" ", "")
    honest = re.fullmatch(
        r"\d{1,2} [ap]\.? ?m\.?|(?:\d[ .\-_]?)+|(?:[A-Z]\.){1,4}[A-Z]?\.?|(?:[A-Z][-&. ]){1,3}[A-Z]", run
    )
    if honest or 2 * sum(character.isalpha() for character in run) < len(re.sub(r"[ .\-_*]", "", run)):
        return run  # "14 m @ 3.2 g": more digits and signs than letters
    read = []
    for part in re.split(r"\s{2,}", run):
        letters = sign_skeleton(re.sub(r"[ .\-_*]", "", part)).lower()
        decoded = letters if letters.isalpha() else _decode_leet(letters, words)
        if decoded is None and (numbered := _number_between(letters, words)):
            read.append(numbered)
            continue
        if decoded is None:
            decoded = "".join(_LEET.get(character, character)[0] for character in letters)
        read.append(" ".join(words.segment(decoded)) if decoded.isascii() and decoded.isalpha() else decoded)
    return " ".join(read)


def _number_between(letters: str, words: Words) -> str | None:
    """`drugs4u` as `drugs for u`: a number that stands for a word between known words; None where it does not."""
    before, number, after = re.fullmatch(r"([^24]*)([24]?)(.*)", letters, re.DOTALL).groups()  # type: ignore[union-attr]
    if not number or len(before) < 3 or not words.knows(before) or not words.knows(after):
        return None
    return f"{before} {_NUMBER_WORDS[number]} {after}"


def _squeeze(match: re.Match[str], words: Words) -> str:
    """A word with a letter three or more times in a row: the spelling with one or two of it that is a word."""
    word = match[0]
    if (
        word.isupper() or _ONE_LETTER.fullmatch(word) or word.lower().startswith("www")
    ):  # sizes, numerals (III), aaa
        return word
    for short in (_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word)):
        if words.knows(short.lower()):
            return short
    return word if words.knows(fold(word)) else _STRETCHED.sub(r"\1\1", word)


def _close_blanks(match: re.Match[str], words: Words) -> str:
    """Words with blanks between their letters or between them, read as words written together."""
    joined = match[0].replace(_BLANK, "")
    return cut(joined, words.segment(joined.lower())) if joined.isascii() and joined.isalpha() else joined


@lru_cache(maxsize=4096)
def normalise(text: str) -> str:
    """The text as a reader understands it, in its own case, accents kept where nothing was disguised."""
    words = bundled_words()
    for _ in range(_MOST_LAYERS):
        seen = _undo(text, words)
        if seen == text:
            break
        text = seen
    return text


def _undo(text: str, words: Words) -> str:
    """One layer of disguise less."""
    text = _to_plain_letters(text, words)
    text = _APART.sub(lambda match: _join_apart(match, words), text)
    if _LEET_SIGN.search(text) or _INNER_MARKS.search(text):  # without them every token stays as it is
        text = _undo_leet(text, words)
    if _STRETCHED.search(text):
        text = re.sub(
            r"[^\W\d_]+", lambda match: _squeeze(match, words) if _STRETCHED.search(match[0]) else match[0], text
        )
    least = 3 if re.search(r"\s", text.strip()) else 2  # a text of one word is likelier to be several

    def reread(match: re.Match[str]) -> str:
        word = match[0]
        return redraw(word, words) or take_apart(word, words, least=least) or word

    if _INNER_I.search(text) or not all(map(words.cost.__contains__, _WORD.findall(text.lower()))):
        text = _WORD.sub(reread, text)
    return re.sub(r"\s+", " ", text).strip()


def _to_plain_letters(text: str, words: Words) -> str:
    """NFKC without invisible characters, and Latin letters for those that imitate them."""
    if text.isascii():
        return _CONTROLS.sub("", text)
    text = unicodedata.normalize("NFKC", unbadged(text)).translate(_BLANKS)
    text = _LOOSE_MARKS.sub("", _visible(text))
    text = re.sub(r"\w+", lambda match: _latin(match[0]), text)
    if _BLANK in text:
        text = _BLANKED.sub(lambda match: _close_blanks(match, words), text).replace(_BLANK, " ")
    return text


def _visible(text: str) -> str:
    """The text without controls, unassigned and private characters and those that Unicode lets go unseen."""
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cn"))
    return _INVISIBLE.sub("", text)


def _undo_leet(text: str, words: Words) -> str:
    """Leetspeak and inner marks undone, token by token; beside disguised words short ones (n0, f0r) and numbers too."""
    leet = 0

    def decode(match: re.Match[str]) -> str:
        nonlocal leet
        token = match[0]
        if not any(character in _LEET for character in token):
            return _unmark(token, words)
        decoded = _decode_leet(sign_skeleton(token) if not token.isascii() else token, words)
        leet += decoded is not None
        return decoded or token

    text = _TOKEN.sub(decode, text)
    if not leet:
        return text
    text = re.sub(r"\w+", lambda match: _decode_lax(match[0], words), text)
    return _NUMBER.sub(lambda match: _NUMBER_WORDS[match[0]] if _stands_for_word(match, words) else match[0], text)


def _stands_for_word(number: re.Match[str], words: Words) -> bool:
    """Whether a number in a disguised text is a word, as in "h1tm4n 4 h1re"; not in "s3niors and 4 kids", "4 to 9"."""
    before = number.string[: number.start()].split()[-1:]
    after = number.string[number.end() :].split(maxsplit=1)[:1]
    return not (before and words.knows(before[0].lower(), most=_COMMON)) and after not in (["to"], ["and"], ["or"])


@lru_cache(maxsize=4096)
def legible(text: str) -> str:
    """The text as a reader sees it, for naming: without markup and invisible characters, look-alike letters as the
    Latin ones that they imitate where both stand in one word. Words, digits, accents and signs stay as they are; a text of markup alone too."""
    seen = _MARKUP.sub(" ", text)
    if not seen.isascii():
        seen = _visible(seen.translate(_BLANKS).replace(_BLANK, " "))
        # A word wholly in another script is honest.
        seen = re.sub(r"\w*[a-zA-Z]\w*", lambda match: _latin(match[0]), seen)
    return seen if any(char.isalpha() for char in seen) else text


def _decode_lax(token: str, words: Words) -> str:
    if token.isalpha() or token.isdigit() or token[:2].isdigit():
        return token
    return _decode_leet(token, words, least=2) or token


def _latin(word: str) -> str:
    """A word that mixes scripts, or that only looks Latin, in Latin letters; honest accents stay."""
    if word.isascii() or all("LATIN" in unicodedata.name(c, "") for c in word if c.isalpha()):
        return (
            skeleton(word)
            if any(unicodedata.name(c, "").startswith("LATIN LETTER SMALL CAPITAL") for c in word)
            else word
        )
    plain = skeleton(word)
    return plain if plain.isascii() else word


def _unmark(token: str, words: Words) -> str:
    """Marks inside a word are dropped where that makes one word of scraps: `co.cai.ne`, `k-i-l-l`; not `co-op`."""
    if not _INNER_MARKS.search(token):
        return token
    parts = _INNER_MARKS.split(token)
    joined = "".join(parts).lower()
    if len(joined) >= 4 and words.knows(joined) and not all(words.knows(part.lower(), most=5.5) for part in parts):
        return "".join(parts)
    return token


def fold(text: str) -> str:
    """Lower case without accents: the form that word lists are matched in."""
    return skeleton(text).lower()
