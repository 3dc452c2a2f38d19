"""The moderator that always runs: no network, no torch, under 5 ms a row.

Order of decision: what cannot be mistaken (`phrases`), then the classifier's risk against two thresholds, then the
sensitive trades that this installation refuses. A sensitive trade that it does not refuse is lawful by policy: to be
merely unsure about it is no reason to refuse. The same risks give the same decision whether or not a second opinion
follows; a slight doubt that alone decides nothing is told with the verdict.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domaingen.assets import asset
from domaingen.moderation.classifier import Classifier, bundled_classifier
from domaingen.moderation.normalise import normalise
from domaingen.moderation.phrases import Phrases, bundled_phrases
from domaingen.moderation.policy import Policy, bundled_policy
from domaingen.moderation.verdict import Decision, Verdict


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities of harm, highest first: from `refuse` on a row is refused, from `uncertain` on it is uncertain, and
    from `consult` on it is allowed with a doubt, for a second opinion to weigh."""

    refuse: float
    uncertain: float
    consult: float


def read_thresholds(path: Path) -> Thresholds:
    """Read `data/moderation/thresholds.json`, written by `training.moderator` from the dev part alone."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Thresholds(float(content["refuse"]), float(content["uncertain"]), float(content["consult"]))


class LocalModerator:
    """Judges descriptions. Thread-safe; the same text gets the same verdict in any batch.

    `refuse_sensitive` names the lawful trades of `data/policy.toml` that are refused here; none by default.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        refuse_sensitive: Iterable[str] = (),
        classifier: Classifier | None = None,
        phrases: Phrases | None = None,
        thresholds: Thresholds | None = None,
    ) -> None:
        policy = policy or bundled_policy()
        self._policy = policy.refusing([*policy.refuse_sensitive, *refuse_sensitive])
        self._trades = policy.refusing(policy.sensitive)
        self._classifier = classifier or bundled_classifier()
        self._phrases = phrases or bundled_phrases()
        self._thresholds = thresholds or read_thresholds(asset("moderation", "thresholds.json"))

    @property
    def policy(self) -> Policy:
        """The policy with this installation's choices."""
        return self._policy

    def judge(self, descriptions: Sequence[str]) -> list[Verdict]:
        """One verdict for each description, in order."""
        risks = self._classifier.score(descriptions)
        verdicts = []
        for text, risk in zip(descriptions, risks, strict=True):
            probability = risk.probability
            if category := self._phrases.find(text):
                verdicts.append(self._refuse(category, max(probability, 0.99)))
            elif probability >= self._thresholds.refuse:
                verdicts.append(self._refuse(risk.category, probability))
            elif sensitive := self._policy.sensitive_match(normalise(text)):
                verdicts.append(Verdict(Decision.REFUSE, sensitive.name, sensitive.reason, probability))
            elif probability >= self._thresholds.consult and self._trades.sensitive_match(normalise(text)) is None:
                verdicts.append(self._doubt(risk.category, probability))
            else:
                verdicts.append(Verdict(Decision.ALLOW, risk=probability))
        return verdicts

    def _doubt(self, category: str, probability: float) -> Verdict:
        if probability < self._thresholds.uncertain:
            return Verdict(Decision.ALLOW, risk=probability, doubt=category)
        return Verdict(Decision.UNCERTAIN, category, self._policy.refused[category].reason, probability)

    def _refuse(self, category: str, probability: float) -> Verdict:
        return Verdict(Decision.REFUSE, category, self._policy.refused[category].reason, probability)
