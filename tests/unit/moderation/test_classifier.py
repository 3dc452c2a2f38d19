"""Long texts are read in stretches, so that one clause among hundreds of words still counts."""

from itertools import pairwise

from domaingen.moderation.classifier import stretches, view


def test_a_text_of_ordinary_length_is_its_only_stretch() -> None:
    text = "Bread and buns on the harbour. Open from six, closed on Mondays."
    assert stretches(text) == [text]
    assert stretches("") == [""]


def test_stretches_of_a_long_text_hold_all_its_words_and_overlap_by_a_clause() -> None:
    sentences = [f"this is sentence number{at} of a very long story that has no end" for at in range(12)]
    found = stretches(". ".join(sentences) + ".")
    assert len(found) > 3
    assert all(len(each.split()) <= 45 for each in found)
    words = {word.strip(".") for each in found for word in each.split()}
    assert {f"number{at}" for at in range(12)} <= words
    for one, next_one in pairwise(found):
        assert {word for word in one.split() if "number" in word} & set(next_one.split())


def test_a_sentence_without_end_is_cut_by_words() -> None:
    words = [f"w{at}" for at in range(130)]
    found = stretches(" ".join(words))
    assert all(len(each.split()) <= 40 for each in found)
    assert " ".join(found).split() == words


def test_a_suffix_that_is_asked_for_is_not_read() -> None:
    assert view("coffee roastery ; tlds .xyz ; for casino") == view("coffee roastery ; for casino")
    assert "node.js" in view("node.js course for 3.50 a week, .com please")
    assert ".com" not in view("node.js course for 3.50 a week, .com please")
