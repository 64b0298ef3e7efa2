"""What can go wrong, in two kinds: a `StudioError`, which the user can mend, and a bug.

    StudioError
    ├── ReadingError     a file, a folder or its content
    ├── SettingsError    weights, normalisation, a name, a query
    ├── EncoderError     weights that are absent, misshapen or cannot be had
    └── Cancelled        the user asked to stop; nothing that was there is lost

The text says what is wrong and what to do, with the line or the numbers. The page shows it, the
command line prints it and exits with status 2. Every other exception is a bug: it passes through.
"""


class StudioError(Exception):
    """Something that the user can mend; its text is written for the user."""


class ReadingError(StudioError):
    """A file that cannot be read, or that holds no text."""


class SettingsError(StudioError):
    """A setting outside its range, a name taken or unknown, a query that is blank."""


class EncoderError(StudioError):
    """An encoder whose weights are absent, incomplete or out of reach."""


class Cancelled(StudioError):  # noqa: N818  (it is an outcome, not a fault)
    """The work was stopped on request."""
