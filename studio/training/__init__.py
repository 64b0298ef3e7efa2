"""Training of the embedded encoder's heads; nothing of the studio needs it to run."""
