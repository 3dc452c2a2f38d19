"""What the fake model says: scores that depend on the text alone, and any JSON that a schema asks for."""

import hashlib
import json
import re
from typing import Any

_WORD = re.compile(r"[a-z]{3,}")
CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def count_tokens(text: str) -> int:
    """About what a tokenizer would say."""
    return max(1, (len(text) + 3) // 4)


def score(description: str, name: str) -> dict[str, Any]:
    """Relevance grows with shared beginnings of words, memorability falls with length, brandability with digits,
    hyphens and stuffed keywords."""
    label = name.partition(".")[0].lower()
    shared = sum(1 for word in set(_WORD.findall(description.lower())) if word[:4] in label)
    noise = hashlib.blake2b(f"{description}\0{name}".encode(), digest_size=2).digest()
    clumsy = 2 * label.count("-") + sum(char.isdigit() for char in label)
    return {
        "name": name,
        "relevance": _mark(3 + 3 * min(shared, 2) + noise[0] % 2),
        "memorability": _mark(11 - len(label) // 2 - clumsy + noise[1] % 2),
        "brandability": _mark(9 - clumsy - 2 * max(0, shared - 1) - max(0, len(label) - 12) // 2),
        "reason": f"{shared} words shared, {len(label)} letters",
    }


def _mark(value: int) -> int:
    return min(10, max(1, value))


def judge(user: str) -> dict[str, Any] | None:
    """The scores for a judge's user message, which carries its data as one JSON object; None for other messages."""
    try:
        data = json.loads(user[user.index("{") : user.rindex("}") + 1])
        return {"scores": [score(data["description"], name) for name in data["names"]]}
    except (ValueError, KeyError, TypeError):
        return None


def fill(schema: dict[str, Any], text: str) -> Any:
    """A value that satisfies a simple JSON schema, chosen by the text."""
    pick = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][pick % len(schema["enum"])]
    if kind == "object":
        return {key: fill(value, text + key) for key, value in schema.get("properties", {}).items()}
    if kind == "array":
        return [fill(schema.get("items", {}), text)]
    if kind in {"integer", "number"}:
        low, high = int(schema.get("minimum", 0)), int(schema.get("maximum", 10))
        return low + pick % (high - low + 1)
    return bool(pick % 2) if kind == "boolean" else f"text {pick % 1000}"


def moderate(text: str) -> dict[str, Any]:
    """Flags a few plain words."""
    words = {
        "violence": ("kill", "weapon", "bomb"),
        "sexual": ("porn",),
        "hate": ("nazi",),
        "illicit": ("cocaine",),
    }
    flags = {category: any(word in text.lower() for word in words.get(category, ())) for category in CATEGORIES}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": {category: 0.97 if flag else 0.01 for category, flag in flags.items()},
        "category_applied_input_types": {category: ["text"] for category in CATEGORIES},
    }
