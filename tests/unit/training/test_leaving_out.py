"""What a synthesized set leaves out."""

from collections import Counter

from training.examples import Example
from training.leaving_out import balanced


def example(kind: str, category: str, number: int) -> Example:
    target = "<compound> <none>" if kind == "harmful" else "<compound> brew cup .com"
    return Example(f"for {category} {kind} {number}", target, kind, category)


def test_the_surplus_of_harmful_examples_goes_by_category_and_the_order_stays() -> None:
    counts = {("harmful", "fraud"): 9, ("benign", "fraud"): 5, ("harmful", "drugs"): 3, ("benign", "drugs"): 4}
    examples = [example(kind, category, n) for (kind, category), many in counts.items() for n in range(many)]
    examples += [example("harmful", "lonely", 1), example("lexicon", "bakery", 1)]
    kept = balanced("train", examples, 0)
    assert Counter((each.kind, each.industry) for each in kept) == {
        ("harmful", "fraud"): 5, ("benign", "fraud"): 5, ("harmful", "drugs"): 3, ("benign", "drugs"): 4,
        ("lexicon", "bakery"): 1,
    }  # fmt: skip
    assert kept == [each for each in examples if each in set(kept)]
    assert balanced("train", examples, 0) == kept != balanced("train", examples, 1)
