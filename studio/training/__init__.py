"""Tuning of the embedded encoder; nothing of the studio needs it to run."""
