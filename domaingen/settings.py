"""Settings: environment variables with the prefix DOMAINGEN_, read once and passed around as a value.

With none set, everything runs on this machine: SQLite, a private Redis, the bundled model, the local judge.
The field descriptions below are the documentation: `docs/settings.md` is generated from them.
"""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from domaingen.errors import SettingsError

JudgeChoice = Literal["auto", "openai", "openai-batch", "local", "none"]
"""Which judge scores names. `auto` is OpenAI where a key is set, else local. `openai-batch` waits up to a day for
half the price."""
JudgeKind = Literal["openai", "openai-batch", "local", "none"]
"""A judge once `auto` is resolved."""


class Settings(BaseSettings):
    """All settings; see each field's description."""

    model_config = SettingsConfigDict(env_prefix="DOMAINGEN_", frozen=True, extra="ignore", populate_by_name=True)

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("domaingen", appauthor=False)),
        description="Folder for the database, the private broker and trained models of this machine.",
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="SQLAlchemy URL, e.g. postgresql+psycopg://user@host/db. Default: SQLite in HOME.",
    )
    broker_url: str | None = Field(
        None,
        repr=False,
        description="redis://, rediss:// or amqp:// URL. Default: a private Redis that domaingen starts.",
    )
    model: str = Field(
        "active",
        description="Model to generate with: a registered name, a folder, or `active` for the promoted one.",
    )
    model_store: Path | None = Field(
        None,
        description="Folder of registered models; on several hosts one that all see under this path. Default: "
        "`models` in HOME.",
    )
    engine: Literal["ctranslate2", "torch"] = Field(
        "ctranslate2", description="Inference engine. torch needs the `train` extra."
    )
    threads: int = Field(0, ge=0, description="Cores that one worker process generates with; 0 for all.")
    chunk_size: int = Field(48, ge=1, le=256, description="Rows per message, claim and write.")
    lease_s: float = Field(
        30.0, gt=0, description="Seconds that a claim holds without a sign of life; renewed every third of it."
    )
    max_attempts: int = Field(5, ge=1, description="Claims of one row before it ends as failed/poison.")
    reap_interval_s: float = Field(5.0, gt=0, description="Seconds between two rounds of the reaper.")
    publish_grace_s: float = Field(
        10.0,
        ge=0,
        description="Age in seconds from which a queued row that no message carries is published again.",
    )
    visibility_timeout_s: int = Field(
        600, ge=1, description="Seconds after which Redis hands an unacknowledged message to another worker."
    )
    max_description_length: int = Field(
        2000, ge=100, description="Characters; a longer description is rejected as long_input."
    )
    uncertain: Literal["refuse", "allow"] = Field(
        "refuse", description="What happens to rows that moderation is unsure about."
    )
    refuse_sensitive: str = Field(
        "",
        description="Legal but sensitive categories to refuse too, e.g. `gambling,cannabis`; see docs/policy.md.",
    )
    moderation: Literal["auto", "local", "openai"] = Field(
        "auto",
        description="Who moderates descriptions: local alone, or openai as a second opinion. auto is openai where "
        "OPENAI_API_KEY is set and OPENAI_BASE_URL is not.",
    )
    moderation_when_down: Literal["refuse", "wait"] = Field(
        "refuse",
        description="What happens to rows that the local moderator is unsure about while OpenAI gives no second "
        "opinion: refused, or kept waiting with their chunk until it does.",
    )
    moderation_tokens_per_minute: float | None = Field(
        None,
        gt=0,
        description="Most tokens a minute that descriptions are sent to OpenAI's moderation with, over all processes. "
        "Default: what the provider's headers say, 10,000 where they say nothing.",
    )
    similarity: Literal["off", "on"] = Field(
        "off",
        description="Whether each name's closeness in meaning to its description is told among its checks (0-1). It "
        "does not enter the score.",
    )
    pool: Literal["threads", "prefork", "solo"] = Field(
        "threads", description="Pool of the generating worker. threads share one model; prefork has one per child."
    )
    flower_password: SecretStr | None = Field(
        None, description="Password of Flower's login. Default: one that is made once and kept under HOME."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json for machines, console for people; auto is console on a terminal."
    )
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of a worker's Prometheus page; 0 for none.")
    metrics_host: str = Field("127.0.0.1", description="Address that the Prometheus page listens on.")
    judge: JudgeChoice = Field("auto", description="Who scores names: auto, openai, openai-batch, local, none.")
    judge_model: str = Field(
        "gpt-5.4-mini-2026-03-17",
        description="Model that judges with OpenAI; pin a dated one, so that scores stay comparable.",
    )
    judge_names_per_call: int = Field(
        20, ge=1, le=20, description="Names of one row that one request carries; 1 asks about each name alone."
    )
    judge_in_flight: int = Field(64, ge=1, le=1000, description="Most requests that one process has open at once.")
    judge_timeout_s: float = Field(60.0, gt=0, description="Seconds that one request to the judge may take.")
    judge_requests_per_minute: float | None = Field(
        None,
        gt=0,
        description="Most requests a minute, over all processes. Default: what the provider's headers say.",
    )
    judge_tokens_per_minute: float | None = Field(
        None,
        gt=0,
        description="Most tokens a minute, over all processes. Default: what the provider's headers say.",
    )
    judge_max_attempts: int = Field(
        4,
        ge=1,
        description="Bad answers about one row (refused, malformed, cut off) before it is parked unjudged.",
    )
    judge_budget_usd_per_batch: float | None = Field(
        None, ge=0, description="US dollars of judging after which a batch's other rows stay unjudged."
    )
    judge_budget_usd_per_day: float | None = Field(
        None,
        ge=0,
        description="US dollars of judging a day (UTC), over all batches; the rest waits for the next day.",
    )
    judge_drain_interval_s: float = Field(
        2.0, gt=0, description="Seconds between two looks for rows that wait for the judge."
    )
    judge_batch_poll_s: float = Field(30.0, gt=0, description="Seconds between two looks at OpenAI's Batch API.")
    judge_batch_requests: int = Field(
        10_000, ge=1, le=50_000, description="Most requests in one file of the Batch API, which takes 50,000."
    )
    prices: Path | None = Field(
        None, description="TOML file of prices in place of the bundled one (data/prices.toml)."
    )
    retrain: Literal["off", "on"] = Field(
        "off",
        description="Whether beat looks for reviewed failures to learn from. Off unless the whole stack runs "
        "(`domaingen up`, compose), because training takes a core for a while.",
    )
    retrain_cron: str = Field(
        "0 3 * * *",
        description="When beat looks (cron, UTC): minute, hour, day, month, weekday. By night, as it takes a core; a look "
        "that finds too little to learn from costs nothing.",
    )
    retrain_min_reviewed: int = Field(
        40,
        ge=1,
        description="Reviewed failures from which a retrain is due. A quarter is held back to measure with, and fewer "
        "than ten rows can't prove that anything improved.",
    )
    retrain_max_days: float = Field(
        30.0, gt=0, description="Days after which fewer reviewed failures are enough, so that none waits for ever."
    )
    retrain_minutes: float = Field(
        20.0, gt=0, description="Minutes of training for each of the two seeds that must agree."
    )
    retrain_rows: int = Field(
        12_000,
        ge=100,
        description="Examples in an epoch, a fifth of them lessons at most; what twenty minutes on one core see about "
        "six times.",
    )
    retrain_start: Literal["active", "base"] = Field(
        "active",
        description="What training begins from: active, which learns fast, or base, the bundled model, which carries no "
        "earlier retrain's errors on.",
    )
    retrain_promote: Literal["auto", "ask"] = Field(
        "auto",
        description="What follows when the gate lets a candidate pass: it is promoted, or it waits for a person.",
    )
    retrain_threads: int = Field(
        0, ge=0, description="Cores that training uses; 0 for all. Fewer where the same machine generates."
    )
    retrain_memory_mb: int = Field(
        6000,
        ge=1,
        description="Megabytes of resident memory from which the training process is ended; it takes about 2,000.",
    )
    retrain_time_limit_minutes: float = Field(
        240.0,
        gt=0,
        description="Minutes from which the training process is ended, both seeds and conversion together.",
    )
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias="OPENAI_API_KEY",
        description="Key of the OpenAI API (no prefix). Never logged or stored.",
    )
    openai_base_url: str | None = Field(
        None,
        validation_alias="OPENAI_BASE_URL",
        description="Another server that speaks the OpenAI API (no prefix).",
    )

    @property
    def asks_moderation(self) -> bool:
        """Whether descriptions are sent to OpenAI's moderation."""
        if self.moderation == "auto":
            return self.openai_api_key is not None and self.openai_base_url is None
        return self.moderation == "openai"

    @property
    def database(self) -> str:
        """The database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{self.home / 'domaingen.sqlite3'}"

    @property
    def model_folder(self) -> Path:
        """The folder of registered models, the default filled in."""
        return self.model_store or self.home / "models"

    def resolve_judge(self, choice: JudgeChoice | None = None) -> JudgeKind:
        """Turn `auto` into the judge that it stands for."""
        judge = choice or self.judge
        if judge != "auto":
            return judge
        return "openai" if self.openai_api_key else "local"


def _variable(place: tuple[int | str, ...]) -> str:
    """The environment variable that a validation error is about."""
    name = "_".join(map(str, place)).upper()
    return name if name.startswith("OPENAI_") else f"DOMAINGEN_{name}"


def load_settings(**overrides: object) -> Settings:
    """Read the environment.

    Raises:
        SettingsError: A variable holds a value that can't be used; says which.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(f"{_variable(item['loc'])}: {item['msg']}" for item in error.errors())
        raise SettingsError(f"settings can't be used: {problems}") from error
