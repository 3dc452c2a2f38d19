"""What was made fast gives the answers of the plain way, on anything that can be written."""

import unicodedata
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaingen.moderation.confusables import _LETTERS_ONLY, skeleton
from domaingen.moderation.names import _COMMON_COST, LabelModerator, bundled_label_moderator
from domaingen.moderation.readings import Reader, Reading
from domaingen.moderation.verdict import Finding
from domaingen.moderation.words import LONGEST_WORD, UNKNOWN_LETTER, UNKNOWN_WORD

PIECES = ["expert", "sex", "change", "pen", "island", "the", "rapist", "cocktail", "bar", "ass", "assassin", "fuck",
          "qz", "a", "ana", "lytica", "scunthorpe", "shit", "ake", "mushroom", "childrens", "wear", "death", "anal",
          "gas", "jews", "uuu", "penistone"]  # fmt: skip
LABELS = st.one_of(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=30),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
)


class PlainReader(Reader):
    """Reads by trying every piece before every end, as the method is written down."""

    def read(self, letters: str) -> tuple[Reading, tuple[Reading, ...]]:
        size = len(letters)
        clean: list[tuple[float, tuple[str, ...]]] = [(0.0, ()), *[(1e9, ())] * size]
        known, rest = list(clean), clean[::-1]
        for end in range(1, size + 1):
            for start in range(max(0, end - LONGEST_WORD), end):
                piece = letters[start:end]
                cost = self.cost(piece)
                so_far, pieces = clean[start]
                loose = so_far + UNKNOWN_WORD + UNKNOWN_LETTER * (end - start) if cost is None else so_far + cost
                if piece not in self._taboo and loose < clean[end][0]:
                    clean[end] = loose, (*pieces, piece)
                if cost is not None and known[start][0] + cost < known[end][0]:
                    known[end] = known[start][0] + cost, (*known[start][1], piece)
        for start in range(size - 1, -1, -1):
            for end in range(min(size, start + LONGEST_WORD), start, -1):
                cost = self.cost(letters[start:end])
                if cost is not None and cost + rest[end][0] < rest[start][0]:
                    rest[start] = cost + rest[end][0], (letters[start:end], *rest[end][1])
        bad = []
        for start, end in combinations(range(size + 1), 2):
            word = letters[start:end]
            if word in self._taboo:
                cost = known[start][0] + (self.cost(word) or 0.0) + rest[end][0]
                if cost < 1e9:
                    bad.append(Reading((*known[start][1], word, *rest[end][1]), cost, word, (start, end)))
        bad.sort(key=lambda reading: (reading.cost, reading.span))
        return Reading(clean[size][1], clean[size][0]), tuple(bad)


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
                if touched and (cost is None or cost > _COMMON_COST):
                    return Finding(code, word)
                position += len(piece)
        return None


@pytest.fixture(scope="module")
def moderators() -> tuple[LabelModerator, LabelModerator, PlainReader]:
    quick = bundled_label_moderator()
    return quick, PlainModerator(), PlainReader(quick._words, quick._reader._taboo)


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
