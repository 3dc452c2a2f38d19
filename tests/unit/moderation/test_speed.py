"""What was made fast gives the answers of the plain way, on anything that can be written."""

import re
import unicodedata
from itertools import combinations, pairwise
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaingen.moderation.classifier import BUCKETS, hash_features
from domaingen.moderation.concepts import bundled_concepts
from domaingen.moderation.confusables import _LETTERS_ONLY, skeleton
from domaingen.moderation.names import LabelModerator, bundled_label_moderator
from domaingen.moderation.readings import Reader, Reading
from domaingen.moderation.verdict import Finding
from domaingen.moderation.words import LONGEST_WORD, UNKNOWN_LETTER, UNKNOWN_WORD, bundled_words

PIECES = ["expert", "sex", "change", "pen", "island", "the", "rapist", "cocktail", "bar", "ass", "assassin", "fuck",
          "qz", "a", "ana", "lytica", "scunthorpe", "shit", "ake", "mushroom", "childrens", "wear"]  # fmt: skip
LABELS = st.one_of(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=30),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
)


class PlainReader(Reader):
    """Reads by trying every piece before every end, as the method is written down."""

    def read(self, letters: str) -> tuple[Reading, Reading | None]:
        size = len(letters)
        clean, clean_back = [0.0] + [1e9] * size, [0] * (size + 1)
        known, known_back = [0.0] + [1e9] * size, [0] * (size + 1)
        bad, bad_back = [1e9] * (size + 1), [(0, False)] * (size + 1)
        for end in range(1, size + 1):
            for start in range(max(0, end - LONGEST_WORD), end):
                piece = letters[start:end]
                cost = self.cost(piece)
                if cost is None:
                    loose = clean[start] + UNKNOWN_WORD + UNKNOWN_LETTER * (end - start)
                    if loose < clean[end]:
                        clean[end], clean_back[end] = loose, start
                    continue
                if piece in self._taboo:
                    if known[start] + cost < bad[end]:
                        bad[end], bad_back[end] = known[start] + cost, (start, False)
                else:
                    if clean[start] + cost < clean[end]:
                        clean[end], clean_back[end] = clean[start] + cost, start
                    if known[start] + cost < known[end]:
                        known[end], known_back[end] = known[start] + cost, start
                if bad[start] + cost < bad[end]:
                    bad[end], bad_back[end] = bad[start] + cost, (start, True)
        pieces: list[str] = []
        end = size
        while end:
            pieces.append(letters[clean_back[end] : end])
            end = clean_back[end]
        innocent = Reading(tuple(reversed(pieces)), clean[size])
        if bad[size] >= 1e9:
            return innocent, None
        return innocent, self._trace(letters, bad[size], bad_back, known_back)


class PlainModerator(LabelModerator):
    """Looks for every strong word in every label."""

    def _inside_coined(self, letters: str, innocent: Reading) -> Finding | None:
        for word, code in self._stems.items():
            start = letters.find(word)
            if start < 0:
                continue
            position = 0
            for piece in innocent.pieces:
                cost = self._reader.cost(piece)
                touched = position < start + len(word) and start < position + len(piece)
                if touched and (cost is None or cost > 6.8):
                    return Finding(code, word)
                position += len(piece)
        return None


@pytest.fixture(scope="module")
def moderators() -> tuple[LabelModerator, LabelModerator, PlainReader]:
    quick = bundled_label_moderator()
    return quick, PlainModerator(), PlainReader(bundled_words(), quick._reader._taboo)


@settings(max_examples=400, deadline=None)
@given(LABELS)
def test_a_label_is_read_as_by_trying_every_piece(
    moderators: tuple[LabelModerator, LabelModerator, PlainReader], letters: str
) -> None:
    assert moderators[0]._reader.read(letters) == moderators[2].read(letters)


@settings(max_examples=400, deadline=None)
@given(LABELS, st.booleans())
def test_a_label_is_judged_as_by_looking_for_every_word(
    moderators: tuple[LabelModerator, LabelModerator, PlainReader], label: str, hyphen: bool
) -> None:
    label = label[: len(label) // 2] + "-" + label[len(label) // 2 :] if hyphen else label
    assert moderators[0].inspect(label) == moderators[1].inspect(label)


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_has_no_look_alikes(text: str) -> None:
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    slow = "".join(char for char in folded if not unicodedata.combining(char)).translate(_LETTERS_ONLY)
    assert skeleton(text) == slow


@given(st.lists(st.sampled_from(["heroin", "bakery", "kids", "shop", "sell", "a", "b2b", "pills", "shop"])))
def test_features_are_those_of_the_grams_one_by_one(words: list[str]) -> None:
    tokens = re.findall(r"[a-z]+|\d+", " ".join(words))
    ideas = sorted(bundled_concepts().find(tokens))
    grams = [("w" + token, 1.0) for token in tokens]
    grams += [(f"p{one} {other}", 1.0) for one, other in pairwise(tokens)]
    grams += [(f"s{one} {other}", 1.0) for one, other in zip(tokens, tokens[2:], strict=False)]
    grams += [("k" + idea, 2.0) for idea in ideas]
    grams += [(f"q{one} {other}", 2.0) for one, other in combinations(ideas, 2)]
    for token in (f"<{token}>" for token in tokens):
        grams += [(f"c{token[at : at + n]}", 0.5) for n in (3, 4, 5) for at in range(len(token) - n + 1)]
    weights: dict[int, float] = {}
    for gram, weight in grams:
        bucket = crc32(gram.encode()) % BUCKETS
        weights[bucket] = max(weights.get(bucket, 0.0), weight)
    values = np.array(list(weights.values()), dtype=np.float32)
    buckets, found = hash_features(" ".join(words))
    assert buckets.tolist() == list(weights)
    assert found.tolist() == (values / (float(np.sqrt((values**2).sum())) or 1.0)).tolist()
