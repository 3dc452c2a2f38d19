"""Synthesis, fine-tuning, evaluation, comparison, retraining and promotion; may import torch."""
