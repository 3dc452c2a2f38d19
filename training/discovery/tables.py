"""The tables of docs/discovery.md, from the registries: `python -m training.discovery.tables` prints them."""

from training.discovery.oracles import FOR_ALL, ORACLES
from training.discovery.registry import MUTATORS

_KINDS = {"suggest": "lawful", "refuse": "harmful", "reject_input": "no description"}


def mutator_table() -> str:
    """All mutators: what they do, to which seeds, and what must follow."""
    lines = ["| mutator | what it does | to which seeds | what must follow |", "| --- | --- | --- | --- |"]
    for each in MUTATORS:
        seeds = ", ".join(kind for expect, kind in _KINDS.items() if expect in each.suits)
        oracles = ", ".join(f"`{name}`" for name in each.oracles) or "what all answers must satisfy"
        lines.append(f"| `{each.name}` | {each.meaning} | {seeds} | {oracles} |")
    return "\n".join(lines)


def oracle_table() -> str:
    """All oracles: their kind and what they say; those for all answers are marked."""
    lines = ["| oracle | kind | what must follow |", "| --- | --- | --- |"]
    for name, each in ORACLES.items():
        every = " (checked on every answer)" if name in FOR_ALL else ""
        lines.append(f"| `{name}` | {each.kind.replace('_', ' ')} | {each.meaning}{every} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(mutator_table(), oracle_table(), sep="\n\n")  # noqa: T201
