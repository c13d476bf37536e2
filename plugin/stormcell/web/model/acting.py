"""The buttons on the pages of codebooks: which one is live, and which one is watched before it is."""

from __future__ import annotations

from typing import Final

from stormcell.errors import CodebookError, ConflictError, InputError, NotFoundError, OutputError
from stormcell.operate import codebooks
from stormcell.web.answers import Toast
from stormcell.web.call import PageCall

WRONG: Final = (CodebookError, ConflictError, InputError, NotFoundError, OutputError)
"""What people can mend on the page where they did it."""


def promote(call: PageCall) -> Toast:
    """Make a codebook live; the form says in ``expected`` which one was when the page was shown."""
    done = codebooks.promote(
        call.store, call.params["version"], call.person, why=_why(call), expected=call.sent("expected")
    )
    version = done.codebook.version
    if not done.changed:
        return Toast(f"{version} was live already")
    return Toast(f"{version} is live" + (f" instead of {done.before}" if done.before else ""))


def roll_back(call: PageCall) -> Toast:
    """Make the codebook live that was before."""
    done = codebooks.roll_back(call.store, call.person, why=_why(call), expected=call.sent("expected"))
    return Toast(f"{done.codebook.version} is live again, and {done.before} is rejected")


def reject(call: PageCall) -> Toast:
    """Say that a codebook is not to become live."""
    done = codebooks.reject(call.store, call.params["version"], call.person, why=_why(call))
    return Toast(f"{done.codebook.version} is rejected" if done.changed else "It was rejected already")


def _why(call: PageCall) -> str:
    return call.sent("why").strip()
