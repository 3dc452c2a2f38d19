"""What judging costs, in whole millionths of a US dollar. Prices come from one dated file (data/prices.toml)."""

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from domaingen.assets import asset
from domaingen.errors import SettingsError
from domaingen.judging.prompt import estimate_usage
from domaingen.judging.replies import Usage
from domaingen.settings import Settings

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars per million tokens, which is micro-dollars a token, and the file's date."""

    model: str
    input: Decimal
    cached: Decimal
    written: Decimal
    output: Decimal
    batch_discount: Decimal
    date: date

    def cost(self, usage: Usage, *, batch: bool = False) -> int:
        """Micro-dollars of some usage, rounded once."""
        plain = usage.input_tokens - usage.cached_tokens - usage.written_tokens
        dollars = (
            plain * self.input
            + usage.cached_tokens * self.cached
            + usage.written_tokens * self.written
            + usage.output_tokens * self.output
        )
        if batch:
            dollars *= 1 - self.batch_discount
        return int(dollars.quantize(Decimal(1), ROUND_HALF_UP))


def find_price(settings: Settings) -> Price | None:
    """The price of the model that judges, by its name or by the name without the date of its snapshot.

    None where the file does not know it: a server of one's own, or a newer model.

    Raises:
        SettingsError: The file can't be used, or a budget is set and nothing could be counted against it.
    """
    price = _read(settings.prices or asset("prices.toml"), settings.judge_model)
    limited = settings.judge_budget_usd_per_batch is not None or settings.judge_budget_usd_per_day is not None
    if price is None and limited:
        raise SettingsError(
            f"a budget is set, but there is no price for {settings.judge_model}; add it to a copy of data/prices.toml "
            "and point DOMAINGEN_PRICES to it"
        )
    return price


@lru_cache(maxsize=8)
def _read(path: Path, model: str) -> Price | None:
    try:
        with path.open("rb") as file:
            table: dict[str, Any] = tomllib.load(file, parse_float=Decimal)
        models = table["models"]
        found = models.get(model) or models.get(_SNAPSHOT.sub("", model))
        if found is None:
            return None
        price = {name: Decimal(value) for name, value in found.items()}
        return Price(
            model,
            price["input"],
            price.get("cached", price["input"]),
            price.get("written", price["input"]),
            price["output"],
            Decimal(table.get("batch_discount", 0)),
            table["date"],
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError, ArithmeticError) as error:
        raise SettingsError(f"the prices in {path} can't be used: {error}") from error


@dataclass(frozen=True, slots=True)
class Estimate:
    """What scoring a file will probably cost. `cost_usd_micro` is None where the model has no price."""

    requests: int
    usage: Usage
    cost_usd_micro: int | None
    price_date: date | None
    model: str

    def __str__(self) -> str:
        tokens = f"{self.requests:,} requests, about {self.usage.total_tokens / 1e6:.2f} million tokens"
        if self.cost_usd_micro is None:
            return f"{tokens}; no price known for {self.model}"
        return f"{tokens}, at most about ${self.cost_usd_micro / 1e6:,.2f} (prices of {self.price_date})"


def estimate_cost(
    settings: Settings, *, rows: int, names_per_row: int, mean_description_chars: float, batch: bool = False
) -> Estimate:
    """Estimate before anything is sent: every row named in full, nothing in a cache, so rather high than low.

    Raises:
        SettingsError: See `find_price`.
    """
    price = find_price(settings)
    per_call = min(settings.judge_names_per_call, names_per_row)
    calls = -(-names_per_row // per_call)
    description = "x" * round(mean_description_chars)
    prompt, answer = estimate_usage(description, ["examplename.com"] * per_call)
    requests = rows * calls
    usage = Usage(requests, requests * prompt, 0, 0, requests * answer)
    return Estimate(
        requests,
        usage,
        price.cost(usage, batch=batch) if price else None,
        price.date if price else None,
        settings.judge_model,
    )
