"""What judges said before, by model, prompt version, description and domain: a resubmitted CSV costs nothing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from domaingen.judging.prompt import PROMPT_VERSION
from domaingen.store.database import now_s
from domaingen.store.scoring_schema import CachedJudgement
from domaingen.suggestion import Judgement

_PER_QUERY = 500


def cache_key(model: str, description: str, domain: str) -> str:
    """The digest under which a judgement is kept."""
    parts = (model, PROMPT_VERSION, description, domain)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def read_cache(connection: Connection, digests: Sequence[str]) -> dict[str, Judgement]:
    """The judgements that are known."""
    found: dict[str, Judgement] = {}
    for start in range(0, len(digests), _PER_QUERY):
        for row in connection.execute(
            select(CachedJudgement.__table__).where(
                CachedJudgement.digest.in_(digests[start : start + _PER_QUERY])
            )
        ).mappings():
            found[row["digest"]] = Judgement(
                row["relevance"], row["memorability"], row["brandability"], row["reason"]
            )
    return found


def write_cache(connection: Connection, model: str, judgements: Iterable[tuple[str, Judgement]]) -> None:
    """Keep judgements by digest; one that is there already stays as it is."""
    now = connection.scalar(select(now_s()))
    # One order in all processes, so that two of them can't wait for each other's rows.
    by_digest: Mapping[str, Judgement] = dict(judgements)
    values = [
        {
            "digest": digest,
            "provider_model": model,
            "prompt_version": PROMPT_VERSION,
            "at": now,
            "relevance": judgement.relevance,
            "memorability": judgement.memorability,
            "brandability": judgement.brandability,
            "reason": judgement.reason,
        }
        for digest, judgement in sorted(by_digest.items())
    ]
    if not values:
        return
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    connection.execute(insert(CachedJudgement).on_conflict_do_nothing(), values)
