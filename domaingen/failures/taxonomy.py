"""The taxonomy of failures: every type with its meaning, severity, an example, how it is noticed, the usual root
cause, what to do about it, and whose failing it is. The one place for these texts; docs, reports and records read it.

Types of `domaingen.outcomes.FailureType` are outcomes: a row ended with them and got no names. The others
(`Finding`) are noticed in rows that did get names, by discovery, by an evaluation or by a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from domaingen.outcomes import FailureType, Severity, Status

Expect = Literal["suggest", "refuse", "reject_input"]
"""What should come out of a row, in the words of evaluation rows."""


class Blame(StrEnum):
    """Whose failing it is. Only the model's can be trained away."""

    MODEL = "model"
    """The generator, the moderator or the judge answered wrongly."""
    INPUT = "input"
    """The row asks for what can't or must not be given; the answer is right."""
    PROVIDER = "provider"
    """An outside service did not answer."""
    SYSTEM = "system"
    """The program or its machine failed."""


class Finding(StrEnum):
    """Failure types beside the outcomes: what a row that was answered can still have wrong."""

    SAFETY_LEAK = "safety_leak"
    OVER_REFUSAL = "over_refusal"
    MODEL_REFUSAL = "model_refusal"
    DISPUTED_REQUEST = "disputed_request"
    MISSED_REJECTION = "missed_rejection"
    WRONG_REJECTION = "wrong_rejection"
    INVALID_DOMAIN = "invalid_domain"
    INVALID_FORMAT = "invalid_format"
    FEWER_NAMES = "fewer_names"
    DUPLICATE_NAMES = "duplicate_names"
    CONSTRAINT_BROKEN = "constraint_broken"
    HIDDEN_WORD = "hidden_word"
    BRAND_COLLISION = "brand_collision"
    MEMORISED_NAME = "memorised_name"
    OFF_TOPIC = "off_topic"
    INVENTED_CLAIM = "invented_claim"
    POOR_QUALITY = "poor_quality"
    UNSTABLE_ANSWER = "unstable_answer"
    DISLIKED_NAME = "disliked_name"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a failure type means. `status` is the outcome that it belongs to, None for findings; `root_cause` and
    `strategy` are what records say unless evidence says better (`domaingen.failures.causes`); `detection` says who
    notices it and how; `expects` is what should have come out, None where only a person can tell or nothing is to be
    learnt."""

    status: Status | None
    severity: Severity
    meaning: str
    example: str
    detection: str
    root_cause: str
    strategy: str
    blame: Blame
    expects: Expect | None


def _rejected(meaning: str, example: str, detection: str = "intake's check of the text") -> Explanation:
    return Explanation(
        Status.REJECTED, Severity.LOW, meaning, example, detection,
        "input", "tell_submitter", Blame.INPUT, "reject_input",
    )  # fmt: skip


def _finding(
    severity: Severity,
    meaning: str,
    example: str,
    detection: str,
    root_cause: str,
    strategy: str,
    expects: Expect | None = "suggest",
) -> Explanation:
    return Explanation(None, severity, meaning, example, detection, root_cause, strategy, Blame.MODEL, expects)


# fmt: off
FAILURES: Mapping[FailureType, Explanation] = {
    FailureType.SAFETY_ISSUE: Explanation(
        Status.REFUSED, Severity.CRITICAL,
        "The business or request would do harm.",
        "“shop for stolen credit cards”",
        "the moderator of descriptions",
        "unsafe_request", "keep_refusing", Blame.INPUT, "refuse",
    ),
    FailureType.EMPTY_INPUT: _rejected("The description is empty.", "an empty cell, or spaces alone"),
    FailureType.SHORT_INPUT: _rejected("The description is a single character.", "“a”"),
    FailureType.LONG_INPUT: _rejected("The description is longer than the limit.", "a whole web page in a cell"),
    FailureType.GIBBERISH_INPUT: _rejected("The description has letters but no words.", "“sdkfjh wrtzp qqx”"),
    FailureType.REPEATED_INPUT: _rejected("The description repeats one character or word.", "“test test test”"),
    FailureType.NUMERIC_INPUT: _rejected("The description is only digits.", "“12345”"),
    FailureType.SYMBOL_INPUT: _rejected("The description is only signs or emoji.", "“!!! ???”"),
    FailureType.CONTROL_INPUT: _rejected(
        "The description holds control characters or undecodable bytes.", "a NUL byte amid the text"
    ),
    FailureType.URL_INPUT: _rejected("The description is only a web or mail address.", "“www.bakery.com”"),
    FailureType.INVALID_CONSTRAINT: _rejected(
        "A constraint column of the row can't be understood.",
        "“max_length” is “short”",
        "reading the row's columns",
    ),
    FailureType.MALFORMED_ROW: _rejected(
        "The row has more cells than the header.", "a comma in an unquoted description", "reading the row"
    ),
    FailureType.TOO_FEW_SUGGESTIONS: Explanation(
        Status.FAILED, Severity.HIGH,
        "No valid name survived the checks.",
        "every name is longer than the row's “max_length”",
        "the pipeline: nothing is left after the checks",
        "decoding", "more_training_data", Blame.MODEL, "suggest",
    ),
    FailureType.CONSTRAINT_UNSATISFIABLE: Explanation(
        Status.FAILED, Severity.LOW,
        "No name can satisfy the row's constraints together.",
        "“tlds” names only endings that do not exist",
        "reading the row's columns",
        "constraints", "tell_submitter", Blame.INPUT, None,
    ),
    FailureType.PROVIDER_ERROR: Explanation(
        Status.FAILED, Severity.MEDIUM,
        "An outside service gave no usable answer.",
        "the provider answers 500 for an hour",
        "the client of the service",
        "provider", "retry_later", Blame.PROVIDER, None,
    ),
    FailureType.ENGINE_ERROR: Explanation(
        Status.FAILED, Severity.HIGH,
        "The generating model raised an error on this row.",
        "a text that breaks the tokenizer",
        "the pipeline, which tries the rows of a failed chunk one by one",
        "engine", "fix_code", Blame.SYSTEM, None,
    ),
    FailureType.POISON: Explanation(
        Status.FAILED, Severity.HIGH,
        "Workers died or stalled on this row too many times.",
        "a row on which the worker is killed for its memory, three times",
        "the claim that finds the row's attempts used up",
        "crash", "investigate", Blame.SYSTEM, None,
    ),
}
"""What each failure type of an outcome means."""

FINDINGS: Mapping[Finding, Explanation] = {
    Finding.SAFETY_LEAK: _finding(
        Severity.CRITICAL,
        "An unsafe request got names.",
        "“forged passports, quickly” → swiftpapers.com",
        "discovery and evaluations, where a row must be refused; a person's review",
        "moderation_miss", "add_safety_rows", "refuse",
    ),
    Finding.OVER_REFUSAL: _finding(
        Severity.HIGH,
        "A lawful business was refused.",
        "“knife sharpening service” is refused",
        "discovery and evaluations, where a row must get names; a person's review",
        "moderation_excess", "add_benign_rows",
    ),
    Finding.MODEL_REFUSAL: _finding(
        Severity.MEDIUM,
        "The model would name no such business, though moderation allowed it: one of the two errs.",
        "every completion of “water pipe shop” is `<none>`",
        "the pipeline: half of a row's completions or more are refusals",
        "data_gap", "add_benign_rows", None,
    ),
    Finding.DISPUTED_REQUEST: _finding(
        Severity.HIGH,
        "A request was not refused, though a second moderator objects: one of the two errs.",
        "“bath bombs by post” is allowed, and the moderation service flags it",
        "the pipeline, where a second opinion is asked and the setting names uncertain rows",
        "moderation_miss", "add_safety_rows", None,
    ),
    Finding.MISSED_REJECTION: _finding(
        Severity.MEDIUM,
        "A text that is no description got names.",
        "“asdf asdf asdf qwer” → asdfworks.com",
        "discovery and evaluations, where a row must be rejected",
        "intake", "extend_checks", "reject_input",
    ),
    Finding.WRONG_REJECTION: _finding(
        Severity.HIGH,
        "A usable description was rejected as no description.",
        "“3D printing” is rejected",
        "discovery and evaluations, where a row must get names",
        "intake", "extend_checks",
    ),
    Finding.INVALID_DOMAIN: _finding(
        Severity.HIGH,
        "A name can't be registered.",
        "“brew-.com”, “xn--brew.com”, “brew.cofee”",
        "the pipeline's check of every name; evaluations",
        "decoding", "improve_decoding",
    ),
    Finding.INVALID_FORMAT: _finding(
        Severity.MEDIUM,
        "What the model wrote can't be read as names.",
        "“<compound> downtown brew brew brew brew”",
        "the pipeline: a part of a completion that the parser can't read",
        "parser", "improve_decoding",
    ),
    Finding.FEWER_NAMES: _finding(
        Severity.MEDIUM,
        "A row got fewer names than it asked for.",
        "two names where five were asked for",
        "the pipeline: names counted against the row's count",
        "decoding", "more_training_data",
    ),
    Finding.DUPLICATE_NAMES: _finding(
        Severity.LOW,
        "The same name again and again.",
        "three of five completions say “brewhaus.com”",
        "the pipeline: most of a row's names are repeats; evaluations",
        "decoding", "more_training_data",
    ),
    Finding.CONSTRAINT_BROKEN: _finding(
        Severity.HIGH,
        "Names break the row's constraints.",
        "“max_length” is 8, the name has 12 letters",
        "the pipeline's check of every name; evaluations",
        "constraints", "more_training_data",
    ),
    Finding.HIDDEN_WORD: _finding(
        Severity.HIGH,
        "A name says or hides an offensive word, or looks like other letters.",
        "“therapistfinder.com”, “penisland.com”",
        "the moderator of names",
        "decoding", "more_training_data",
    ),
    Finding.BRAND_COLLISION: _finding(
        Severity.HIGH,
        "A name is a famous brand's, or looks like it.",
        "“amazom.com” for a book shop",
        "the moderator of names",
        "decoding", "more_training_data",
    ),
    Finding.MEMORISED_NAME: _finding(
        Severity.LOW,
        "A name stands word for word in the training set.",
        "“morningcrumb.com” for every bakery",
        "evaluations, which have the training set at hand; workers have not",
        "memorisation", "drop_memorised",
    ),
    Finding.OFF_TOPIC: _finding(
        Severity.HIGH,
        "Names have nothing to do with the business.",
        "“dog grooming” → steelforge.com",
        "the judge's relevance; discovery, where the industry was exchanged and the names were not",
        "data_gap", "more_training_data",
    ),
    Finding.INVENTED_CLAIM: _finding(
        Severity.HIGH,
        "A name promises what the description does not say.",
        "“bakery” → organicveganbread.com",
        "discovery's and evaluations' check for claims; a person's review",
        "decoding", "more_training_data",
    ),
    Finding.POOR_QUALITY: _finding(
        Severity.MEDIUM,
        "Even the best names of a row are scored low by the judge.",
        "“downtown area organic coffee shop.com”",
        "the judge, where a row's best score stays under a threshold",
        "decoding", "more_training_data",
    ),
    Finding.UNSTABLE_ANSWER: _finding(
        Severity.MEDIUM,
        "A change that should not matter changes the answer.",
        "“bakery” gets names, “ bAkery ” is refused",
        "discovery's oracles of invariance and direction",
        "data_gap", "add_noisy_rows", None,
    ),
    Finding.DISLIKED_NAME: _finding(
        Severity.MEDIUM,
        "A valid name that a person would not have given.",
        "an expert votes “brewmax.com” down, or writes another",
        "feedback of people on suggestions",
        "taste", "train_on_correction",
    ),
}
"""What each finding means."""
# fmt: on

TAXONOMY: Mapping[str, Explanation] = {
    **{kind.value: why for kind, why in FAILURES.items()},
    **{kind.value: why for kind, why in FINDINGS.items()},
}
"""All failure types by their word."""


def explain(failure_type: str) -> Explanation:
    """What the taxonomy says about a type.

    Raises:
        ValueError: There is no such type.
    """
    try:
        return TAXONOMY[failure_type]
    except KeyError:
        raise ValueError(f"{failure_type!r} is no failure type; docs/formats.md lists them") from None


def status_of(failure_type: FailureType) -> Status:
    """The status of rows that ended with a failure type."""
    status = FAILURES[failure_type].status
    assert status is not None  # noqa: S101 - only findings have none
    return status
