"""Letters that look like Latin ones: a table of our own, made by looking, for what Unicode's NFKC leaves alone.

NFKC already folds full-width, mathematical, circled and superscript letters; this holds the look-alikes of Cyrillic,
Greek, Armenian, Cherokee and of the Latin extensions. (The idea is that of Unicode TR39's confusables; not its data.)
"""

import unicodedata

_PAIRS = {
    # Cyrillic
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "ғ": "f", "ԍ": "g", "һ": "h", "н": "h", "і": "i",
    "ї": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s",
    "т": "t", "ц": "u", "ѵ": "v", "ѡ": "w", "ԝ": "w", "ш": "w", "х": "x", "у": "y", "ү": "y", "з": "3", "ь": "b",
    "А": "A", "В": "B", "С": "C", "Е": "E", "Н": "H", "І": "I", "Ј": "J", "К": "K", "М": "M", "О": "O", "Р": "P",
    "Ѕ": "S", "Т": "T", "У": "Y", "Х": "X", "Ԛ": "Q", "Ԝ": "W",
    # Greek
    "α": "a", "β": "b", "ϲ": "c", "δ": "d", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p",
    "σ": "o", "τ": "t", "υ": "u", "χ": "x", "γ": "y", "ω": "w", "μ": "u", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z",
    "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X",
    # Armenian, Cherokee, Latin extensions and letter-like signs
    "ա": "w", "օ": "o", "ս": "u", "հ": "h", "ո": "n", "ց": "g", "Ꭺ": "A", "Ꮯ": "C", "Ꭼ": "E", "Ꮋ": "H", "Ꮮ": "L",
    "Ꮇ": "M", "Ꮲ": "P", "Ꭲ": "T", "ı": "i", "ɑ": "a", "ɡ": "g", "ɩ": "i", "ʏ": "y", "ᴀ": "a", "ʙ": "b", "ᴄ": "c",
    "ᴅ": "d", "ᴇ": "e", "ꜰ": "f", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ʟ": "l", "ᴍ": "m", "ɴ": "n",
    "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "ø": "o", "Ø": "O",
    "ł": "l", "Ł": "L", "đ": "d", "ħ": "h", "ŧ": "t", "ƒ": "f", "ß": "ss", "æ": "ae", "œ": "oe", "€": "e", "£": "l",
    "¢": "c", "¥": "y",
}  # fmt: skip

_TABLE = str.maketrans(_PAIRS)
_BADGES = {
    first + place: chr(capital + place)
    for first, capital in (
        (0x249C, 97),
        (0x1F110, 65),
        (0x1F150, 65),
        (0x1F170, 65),
    )  # the first code point's letter
    for place in range(26)
}
"""Letters in brackets, and white ones on a black disc or square (NFKC knows the white discs and squares alone)."""
_LETTERS_ONLY = str.maketrans({sign: letters for sign, letters in _PAIRS.items() if sign.isalpha()})


def skeleton(text: str) -> str:
    """`text` with every look-alike replaced by its Latin letter and accents removed (`pаypal` -> `paypal`)."""
    if text.isascii():
        return text  # no look-alike is ASCII
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return plain.translate(_LETTERS_ONLY)


def unbadged(text: str) -> str:
    """`text` with letters in brackets, on discs or on squares as plain letters: signs that no label can hold."""
    return text.translate(_BADGES)


def sign_skeleton(word: str) -> str:
    """Like `skeleton`, and currency signs stand for the letters that they resemble."""
    return skeleton(word).translate(_TABLE)
