"""Errors that a user can mend, and the exit codes that go with them."""

EXIT_DONE = 0
EXIT_CHECKS_FAILED = 1
EXIT_USAGE = 2
EXIT_LOCKED = 75


class UserError(Exception):
    """Something a user can mend. The message is one line: what is wrong, where, and what would be right."""

    exit_code = EXIT_USAGE


class DatabaseLockedError(UserError):
    """Another process holds the database; trying again later helps (`EX_TEMPFAIL`)."""

    exit_code = EXIT_LOCKED


class DamagedDatabaseError(UserError):
    """The database's file is cut off, overwritten, or none at all."""


def first_line(error: BaseException) -> str:
    """What an error of somebody else's says, as much of it as fits into a message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
