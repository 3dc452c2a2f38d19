"""The search for inputs on which a model fails: seeds, mutators, oracles, shrinking, groups.

Metamorphic testing in the form of CheckList (Ribeiro et al., ACL 2020): a text whose right answer is known is changed
in a known way, and an oracle says what must follow: nothing changes (invariance), it changes in a known direction, or
the answer is merely well formed (minimum functionality).
"""
