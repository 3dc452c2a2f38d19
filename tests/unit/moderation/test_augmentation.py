"""Texts that the moderator's encoder is trained on are disturbed, rarely and in known ways."""

from random import Random

from training.discovery import markup
from training.moderator_augmentation import (
    BESIDE_SHARE,
    MISTYPED_SHARE,
    WRAPPED_SHARE,
    WRAPS,
    augmented,
    beside,
    mistyped,
    wrapped,
)

TEXT = "locksmith opens doors for stranded tenants"
COMPANY = ["bakery with warm bread"]
DRAWS = 4000


def test_each_disturbance_comes_by_its_share_and_keeps_the_text() -> None:
    random = Random(1)
    together = [beside(TEXT, COMPANY, random) for _ in range(DRAWS)]
    assert abs(sum(text != TEXT for text in together) / DRAWS - 2 * BESIDE_SHARE) < 0.03
    assert all("bakery" in text for text in together if text != TEXT)
    inside = [wrapped(TEXT, random) for _ in range(DRAWS)]
    assert abs(sum(text != TEXT for text in inside) / DRAWS - WRAPPED_SHARE) < 0.02
    assert all(TEXT in text for text in inside)
    typed = [mistyped(TEXT, random) for _ in range(DRAWS)]
    assert 0.5 * MISTYPED_SHARE < sum(text != TEXT for text in typed) / DRAWS < 1.2 * MISTYPED_SHARE
    assert {len(text.split()) for text in typed} == {len(TEXT.split())}


def test_most_texts_stay_as_they_are() -> None:
    random = Random(2)
    assert 0.5 < sum(augmented(TEXT, COMPANY, random) == TEXT for _ in range(DRAWS)) / DRAWS < 0.75


def test_what_discovery_searches_with_is_not_trained_on() -> None:
    searched = {
        form for group in (markup._HTML, markup._SQL, markup._FORMULAS, markup._ORDERS) for form, _ in group
    }
    assert len(searched) > 15
    assert not {*searched, *markup._PERMITS} & set(WRAPS)
