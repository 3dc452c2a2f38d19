"""Why failures come about and what to do about them: the words of `root_cause` and `improvement_strategy`."""

from collections.abc import Mapping

ROOT_CAUSES: Mapping[str, str] = {
    "unsafe_request": "The request is harmful; refusing it was right.",
    "uncertain_verdict": "Moderation was not sure, and the setting refuses what it is not sure about.",
    "moderation_miss": "Moderation let pass what it should have stopped.",
    "moderation_excess": "Moderation stopped what is lawful.",
    "intake": "The check of the description let rubbish pass or stopped a usable text.",
    "decoding": "The model wrote it so: repetition, unlawful letters, unlucky joints.",
    "truncation": "The model's text was cut off at its longest length.",
    "parser": "The model's text has not the form that the parser reads.",
    "data_gap": "Nothing like it stands in the training data: no known trade is near the description.",
    "memorisation": "The model repeats a name that it was taught.",
    "judge": "Rules and judge disagree, so the judge may be the one that errs.",
    "constraints": "The row's constraints leave little or no room.",
    "taste": "A person likes other names.",
    "input": "The text is no description.",
    "provider": "An outside service gave no usable answer.",
    "engine": "The generating engine raised an error.",
    "crash": "Workers died or stalled.",
}
"""Why a failure came about, each with its meaning. A record's cause follows from evidence where there is some."""

STRATEGIES: Mapping[str, str] = {
    "keep_refusing": "Nothing to mend; keep an eye on wrong refusals.",
    "tell_submitter": "The reason in the result tells the submitter what to change.",
    "add_safety_rows": "Teach moderator and model this harm, each row with a benign neighbour.",
    "add_benign_rows": "Teach moderator and model that this is lawful, beside its harmful neighbour.",
    "more_training_data": "Write more rows of this kind by synthesis from the reviewed ones.",
    "train_on_correction": "Train on the names that a person gave instead.",
    "improve_decoding": "Change prompts, decoding or the parser; more data alone does not mend it.",
    "extend_checks": "Mend the check that lets it pass, with a test of this input.",
    "drop_memorised": "Take the name out of the training set, or spread its weight.",
    "add_noisy_rows": "Train on disturbed copies of the same rows.",
    "retry_later": "Nothing to learn; the row is tried again.",
    "fix_code": "A defect of the program; mend it.",
    "investigate": "A person has to look into logs.",
}
"""What to do about a failure, each with its meaning."""
