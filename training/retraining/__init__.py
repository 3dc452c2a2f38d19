"""Retraining: from reviewed failures to a new model version, behind a gate."""
