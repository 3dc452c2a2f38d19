"""What scoring costs."""

from pathlib import Path

import pytest

from domaingen.errors import SettingsError
from domaingen.judging.replies import Usage
from domaingen.scoring.prices import estimate_cost, find_price
from domaingen.settings import load_settings


def test_cached_and_written_tokens_have_their_own_price_and_the_batch_api_half() -> None:
    price = find_price(load_settings(judge_model="gpt-6-luna"))
    assert price is not None
    usage = Usage(1, input_tokens=1_000_000, cached_tokens=400_000, written_tokens=200_000, output_tokens=100_000)
    assert price.cost(usage) == 40_000 + 4_000 + 25_000 + 50_000
    assert price.cost(usage, batch=True) == 119_000 // 2


def test_a_dated_snapshot_has_the_price_of_its_model() -> None:
    assert find_price(load_settings(judge_model="gpt-5.4-nano-2026-03-17")) is not None
    assert find_price(load_settings(judge_model="my-own-model")) is None


def test_a_budget_without_a_price_is_refused_since_nothing_could_be_counted() -> None:
    with pytest.raises(SettingsError, match="DOMAINGEN_PRICES"):
        find_price(load_settings(judge_model="my-own-model", judge_budget_usd_per_day=1.0))


def test_prices_come_from_the_file_that_the_settings_name(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("date = 2026-01-01\n[models.m]\ninput = 2\noutput = 4\n")
    price = find_price(load_settings(judge_model="m", prices=file))
    assert price is not None
    assert price.cost(Usage(1, 10, 5, 0, 10)) == 60
    file.with_name("bad.toml").write_text("date = 2026-01-01\n[models.m]\ninput = 'x'\noutput = 4\n")
    with pytest.raises(SettingsError, match=r"bad\.toml"):
        find_price(load_settings(judge_model="m", prices=file.with_name("bad.toml")))


def test_an_estimate_is_rather_high_than_low() -> None:
    estimate = estimate_cost(load_settings(), rows=1000, names_per_row=5, mean_description_chars=60)
    assert estimate.requests == 1000
    assert estimate.cost_usd_micro is not None
    # Measured on the fake server with its cache: 0.172 dollars for a thousand names, five a request.
    assert 860_000 < estimate.cost_usd_micro < 3_500_000
    assert "$" in str(estimate)
    each = estimate_cost(
        load_settings(judge_names_per_call=1), rows=1000, names_per_row=5, mean_description_chars=60
    )
    assert each.requests == 5000
    unknown = estimate_cost(load_settings(judge_model="mine"), rows=1, names_per_row=5, mean_description_chars=60)
    assert unknown.cost_usd_micro is None
    assert "no price" in str(unknown)
