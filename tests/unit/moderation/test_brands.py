"""Famous brands in names: which labels borrow their fame, and which only share letters or words with them."""

import pytest

from domaingen.assets import asset
from domaingen.moderation.brands import Brands
from domaingen.moderation.lookalikes import _one_edit
from domaingen.moderation.names import LabelModerator, bundled_label_moderator
from domaingen.moderation.words import bundled_words


@pytest.fixture(scope="module")
def moderator() -> LabelModerator:
    return bundled_label_moderator()


@pytest.fixture(scope="module")
def brands() -> Brands:
    return Brands.read(asset("moderation", "brands.toml"), bundled_words())


def _found(moderator: LabelModerator, label: str) -> str | None:
    """The evidence of the brand that is found in the label."""
    return next((f.evidence for f in moderator.inspect(label) if f.code.startswith("brand")), None)


def _codes(moderator: LabelModerator, label: str) -> set[str]:
    return {finding.code for finding in moderator.inspect(label)}


@pytest.mark.parametrize("word", ["login", "secure", "help", "account", "verify", "tickets", "deals"])
@pytest.mark.parametrize("brand", ["facebook", "paypal", "hsbc", "netflix", "twitter", "ikea"])
def test_a_coined_brand_is_found_joined_with_any_word(moderator: LabelModerator, brand: str, word: str) -> None:
    assert _found(moderator, brand + word) == brand
    assert _found(moderator, word + brand) == brand
    assert _found(moderator, f"{brand}-{word}") == brand
    assert _found(moderator, f"{brand}24") == brand


def test_beside_a_word_of_trust_nearly_no_coined_brand_is_missed(
    moderator: LabelModerator, brands: Brands
) -> None:
    labels = [brand + word for brand in brands.coined for word in brands.trust | brands.behind]
    missed = [label for label in labels if _found(moderator, label) is None]
    assert len(missed) <= len(labels) / 1000, missed


def test_each_brand_that_is_also_a_word_is_given_away(moderator: LabelModerator, brands: Brands) -> None:
    missed = [
        label
        for brand, own in brands.worded.items()
        for word in brands.trust | own
        for label in (f"{brand}-{word}", f"{word}-{brand}", f"my-{brand}-{word}")
        if _found(moderator, label) is None
    ]
    assert missed == []


@pytest.mark.parametrize(
    "label",
    [
        "tesla-login", "teslasupport", "metasupport", "canonsupport", "allstate-insurance", "sap-hana",
        "omega-speedmaster", "apple-store-login", "login-apple", "unlock-my-apple", "secureapplelogin",
        "amazon-refund-department", "irs-refund", "n26login", "office365login", "outlook-signin", "sky24login",
        "4pple-login", "amaz0nlogin",
    ],
)  # fmt: skip
def test_a_word_of_trust_or_its_own_gives_a_dictionary_word_away(moderator: LabelModerator, label: str) -> None:
    assert _codes(moderator, label) & {"brand", "brand_lookalike"}


@pytest.mark.parametrize(
    "label",
    [
        "applepieshop", "applegarden-login", "silentskysupport", "airsignal-login", "circletime-login", "orangestore",
        "theoracle", "oraclecards", "marvelcafe", "carrefourdesarts", "nortonbakery", "mercedesnails", "santanderbakery",
        "outlookfarm", "nasalclinic", "audiorchard", "playahonda", "spelling", "cabin26", "metallogin",
    ],
)  # fmt: skip
def test_a_brand_that_is_also_a_word_is_a_word_elsewhere(moderator: LabelModerator, label: str) -> None:
    assert _found(moderator, label) is None


@pytest.mark.parametrize(
    "label",
    [
        "advillage", "alegoria", "rewearable", "nbcake", "bbcue", "kitebay", "bluebay", "betsycakes", "bigmail",
        "smartmobile", "burgerkingdom", "cashappraisal", "coinbasement", "nbcake24", "envidia", "niveaus", "educationhub",
    ],
)  # fmt: skip
def test_letters_of_a_coined_brand_in_other_words_are_no_brand(moderator: LabelModerator, label: str) -> None:
    assert _found(moderator, label) is None


@pytest.mark.parametrize(
    ("label", "brand"),
    [
        ("lnstagram", "instagram"), ("iinkedin", "linkedin"), ("apypal", "paypal"), ("paypai", "paypal"),
        ("netfiix", "netflix"), ("youtub", "youtube"), ("whatsap", "whatsapp"), ("santader", "santander"),
    ],
)  # fmt: skip
def test_a_misspelling_that_looks_like_the_brand_is_found_alone(
    moderator: LabelModerator, label: str, brand: str
) -> None:
    assert _found(moderator, label) in {brand, f"{label} resembles {brand}"}


@pytest.mark.parametrize(
    "misspelled",
    [
        "paypai",
        "paupal",
        "peypal",
        "binace",
        "netfix",
        "amazom",
        "aamzon",
        "aypal",
        "wihndows",
        "chsae",
        "barclayz",
    ],
)
def test_any_misspelling_is_found_beside_a_word_of_trust(moderator: LabelModerator, misspelled: str) -> None:
    for label in (
        f"{misspelled}-login-help",
        f"{misspelled}login",
        f"verify-{misspelled}",
        f"support{misspelled}",
    ):
        assert "brand_lookalike" in _codes(moderator, label), label


@pytest.mark.parametrize(
    "label",
    [
        "goggle-support", "window-refund", "modern-support", "revolt-login", "espresso-support", "paystation", "reddot",
        "redbulb", "barberry", "hotheels", "linedinsilk", "reddirt", "brightledger-login", "supportive", "interest-login",
    ],
)  # fmt: skip
def test_other_words_are_no_misspellings(moderator: LabelModerator, label: str) -> None:
    assert _found(moderator, label) is None


@pytest.mark.parametrize(
    ("a", "b", "near"),
    [
        ("paypal", "paypa", True), ("paypal", "payypal", True), ("paypal", "papyal", True), ("paypal", "paupal", True),
        ("paypal", "paypal", False), ("paypal", "papayl", False), ("paypal", "payp", False), ("paypal", "lapyap", False),
    ],
)  # fmt: skip
def test_one_edit_is_one_letter_or_one_swap(a: str, b: str, near: bool) -> None:
    assert _one_edit(a, b) is near
    assert _one_edit(b, a) is near


def test_no_brand_is_listed_twice() -> None:
    brands = Brands.read(asset("moderation", "brands.toml"), bundled_words())
    assert not brands.coined & brands.worded.keys()
