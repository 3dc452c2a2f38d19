"""The policy is whole, and sensitive trades can be switched one by one."""

from pathlib import Path

import pytest

from domaingen.errors import SettingsError
from domaingen.moderation.policy import bundled_policy

REPOSITORY = Path(__file__).parents[3]


def test_every_category_of_the_safety_rows_is_in_the_policy() -> None:
    names = {path.stem for path in (REPOSITORY / "data" / "safety").glob("*.txt")}
    assert names == set(bundled_policy().refused)


def test_every_category_says_what_it_covers_and_why() -> None:
    policy = bundled_policy()
    for category in [*policy.refused.values(), *policy.sensitive.values()]:
        assert category.name.isalpha()
        assert category.covers.endswith(".")
        assert category.reason.endswith(".")


def test_the_policy_page_explains_every_category() -> None:
    page = (REPOSITORY / "docs" / "policy.md").read_text(encoding="utf-8")
    policy = bundled_policy()
    for name in [*policy.refused, *policy.sensitive]:
        assert f"`{name}`" in page


def test_nothing_sensitive_is_refused_by_default() -> None:
    assert bundled_policy().sensitive_match("a licensed cannabis dispensary beside the casino") is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gambling", "A licensed casino with live jazz"),
        ("cannabis", "family-run cannabis dispensary"),
        ("firearms", "gun shop and indoor shooting range"),
        ("tobacco", "vape shop downtown"),
        ("alcohol", "craft beer taproom"),
        ("dating", "speed dating for over fifties"),
        ("lingerie", "Lencería para novias"),
        ("debt", "debt collection agency"),
        ("political", "election campaign consultants"),
        ("funeral", "pompes funèbres à Lyon"),
    ],
)
def test_a_sensitive_trade_is_found_where_it_is_refused(name: str, text: str) -> None:
    category = bundled_policy().refusing([name]).sensitive_match(text)
    assert category is not None
    assert category.name == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cannabis", "weed control for lawns"),
        ("firearms", "glue gun and nail gun rental"),
        ("alcohol", "root beer floats and ginger beer"),
        ("dating", "radiocarbon dating laboratory"),
        ("tobacco", "hypnosis to quit smoking"),
    ],
)
def test_a_neighbour_of_a_sensitive_trade_is_not(name: str, text: str) -> None:
    assert bundled_policy().refusing([name]).sensitive_match(text) is None


def test_an_unknown_sensitive_category_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(SettingsError, match="knitting is no sensitive category; known are gambling"):
        bundled_policy().refusing(["knitting"])
