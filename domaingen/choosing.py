"""From a row's candidates to the names that are shown: which can be used at all, and the best of them that say nothing
bad.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from domaingen.brief import Brief
from domaingen.failures.evidence import Evidence
from domaingen.lexicon import Industry
from domaingen.moderation.verdict import NameModerator
from domaingen.names.domain import InvalidDomainError, broken_constraint, parse_domain, sameness_key
from domaingen.suggestion import Candidate

Matches = Sequence[tuple[Industry, float]]
Selector = Callable[[Brief, Sequence[Candidate], Matches], Sequence[Candidate]]
"""The best of a row's candidates, as many as the brief asks for (domaingen.names.ranking)."""


def usable(brief: Brief, candidates: Sequence[Candidate], evidence: Evidence) -> list[Candidate]:
    """The candidates that are registrable, keep the constraints and differ, in order. Why the others were dropped is
    noted."""
    constraints = brief.constraints
    kept: dict[str, Candidate] = {}
    for position, candidate in enumerate(candidates):
        wanted = candidate
        if constraints.tlds and candidate.tld not in constraints.tlds:
            # The name is good, only its ending is not for sale to this row.
            wanted = replace(candidate, tld=constraints.tlds[position % len(constraints.tlds)])
        key = sameness_key(wanted.domain)
        if key in kept:
            evidence.drop("duplicate", wanted)
            continue
        try:
            name = parse_domain(wanted.domain)
        except InvalidDomainError:
            evidence.drop("invalid", wanted)
            continue
        if broken := broken_constraint(name, constraints):
            evidence.drop(broken, wanted)
            continue
        kept[key] = wanted
    return list(kept.values())


def choose(
    brief: Brief,
    pool: list[Candidate],
    matches: Matches,
    select: Selector,
    moderator: NameModerator,
    evidence: Evidence,
) -> Sequence[Candidate]:
    """The best of the pool that say nothing bad. Reading a name in all its ways costs more than everything else that is
    done with it, so only those are read that would be shown; a bad one leaves the pool and the choice is made anew."""
    clean: set[Candidate] = set()
    while True:
        chosen = select(brief, pool, matches)
        dropped = []
        for candidate in chosen:
            if candidate in clean:
                continue
            label = parse_domain(candidate.domain).label
            if findings := moderator.inspect(label, description=brief.description):
                evidence.drop(findings[0].code, candidate, findings)
                dropped.append(candidate)
            else:
                clean.add(candidate)
        if not dropped:
            return chosen
        pool[:] = [candidate for candidate in pool if candidate not in dropped]
