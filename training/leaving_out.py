"""What is left out of a synthesized set: what would leak between its parts, repetitions, a surplus of refusals."""

from collections import Counter, defaultdict

from domaingen.generation.text import generator
from training.examples import Example, Part, labels_of


def without_leaks(parts: dict[Part, list[Example]]) -> dict[Part, list[Example]]:
    """Drop from train what dev or test holds, by description and by label, and from dev what test holds; drop
    repeated examples."""
    seen_labels: set[str] = set()
    seen_descriptions: set[str] = set()
    clean: dict[Part, list[Example]] = {}
    for part in ("test", "dev", "train"):
        kept: dict[tuple[str, str], Example] = {}
        labels: set[str] = set()
        descriptions: set[str] = set()
        for example in parts[part]:
            taught, description = labels_of(example), example.description
            if taught & seen_labels or description in seen_descriptions:
                continue
            kept.setdefault((example.source, example.target), example)
            labels |= taught
            descriptions.add(description)
        seen_labels |= labels
        seen_descriptions |= descriptions
        clean[part] = list(kept.values())
    return clean


def balanced(part: Part, examples: list[Example], seed: int) -> list[Example]:
    """The examples in their order, without the surplus of harmful ones, drawn by chance, where a category has more than
    benign ones (all of them where it has none): not every lawful row has words that names by rule can be made of, and
    refusing must not be what the words of a category teach."""
    harmful: dict[str, list[int]] = defaultdict(list)
    benign: Counter[str] = Counter()
    for at, example in enumerate(examples):
        if example.kind == "harmful":
            harmful[example.industry].append(at)
        elif example.kind == "benign":
            benign[example.industry] += 1
    left_out: set[int] = set()
    for category, places in harmful.items():
        surplus = max(0, len(places) - benign[category])
        left_out.update(generator("evened", seed, part, category).sample(places, surplus))
    return [example for at, example in enumerate(examples) if at not in left_out]
