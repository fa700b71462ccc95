"""The base of errors that are a message to the person at the terminal, not a bug."""


class UserError(Exception):
    """Something the user can put right; its text says what happened, what was wanted and what to do."""

    exit_code = 2


class RefusedError(UserError):
    """What was asked for could be done, but its result would mislead."""

    exit_code = 3
