"""Layout only: each tab draws its components and returns them by name. No functions, no data."""
