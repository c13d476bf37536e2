"""What can go wrong, and who should mend it.

::

    StormcellError
    ├── InputError           the input cannot be used at all
    │   ├── DecodeError      a record is broken and the run is strict
    │   └── CodebookError    a codebook is damaged, or of no use here
    ├── SettingsError        stormcell.yaml or a STORMCELL_* variable is wrong
    ├── TemplateError        a draft template is broken
    │   └── NoTemplateError  there is none of the name that was given
    ├── StoreError           the store cannot be read or written
    │   ├── NotFoundError    what was named is not in it
    │   ├── ConflictError    what is in it does not allow what was asked
    │   └── InUseError       another process uses it
    ├── OutputError          a result cannot be written
    │   └── DeliveryError    groups could not be handed over, now or ever
    └── RefusedError         a request cannot be taken in now; it is to be sent again

Every message says what was found, what was expected and what to do. The command line prints it and exits
with the class's ``exit_code``: 2 for wrong use or bad input, 1 for a run that failed.
"""

from __future__ import annotations


class StormcellError(Exception):
    """Base of all errors that Stormcell raises on purpose."""

    exit_code = 1


class InputError(StormcellError):
    """The input cannot be used at all."""

    exit_code = 2


class DecodeError(InputError):
    """A record is broken and the run is strict."""


class CodebookError(InputError):
    """A codebook is truncated, altered, of a newer version, or compares what is not there."""


class SettingsError(StormcellError):
    """A settings file or an environment variable is wrong."""

    exit_code = 2


class TemplateError(StormcellError):
    """A draft template is broken."""

    exit_code = 2


class NoTemplateError(TemplateError):
    """There is no draft template of the name that was given."""


class StoreError(StormcellError):
    """The store cannot be read or written."""


class NotFoundError(StoreError):
    """What was named is not in the store."""


class ConflictError(StoreError):
    """What is in the store does not allow what was asked."""


class InUseError(StoreError):
    """Another process uses it, and only one may."""


class OutputError(StormcellError):
    """A result cannot be written."""


class DeliveryError(OutputError):
    """Groups could not be handed over.

    Attributes
    ----------
    retryable : bool
        Whether another try may do.
    retry_after : float or None
        Seconds after which the other side asked to be tried again.
    status : int or None
        Of the answer over HTTP, where there was one.
    """

    def __init__(
        self, message: str, *, retryable: bool, retry_after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
        self.status = status


class RefusedError(StormcellError):
    """A request cannot be taken in now; nothing of it was kept, and it is to be sent again.

    Attributes
    ----------
    retry_after : float
        Seconds to wait before that.
    """

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def problem_of(error: Exception) -> str:
    """Return what everybody may be told of an error; what others say in theirs may hold anything."""
    if isinstance(error, StormcellError):
        return str(error)
    return f"unexpected {type(error).__name__}; the log tells more"


def unexpected(error: Exception) -> Exception | None:
    """Return an error of which the log is to say where it comes from; None of ours, which say all there is."""
    return None if isinstance(error, StormcellError) else error
