"""The buttons on the pages of codebooks: which one is live, and which one is watched before it is."""

from __future__ import annotations

from typing import Final

from stormcell.errors import CodebookError, ConflictError, InputError, NotFoundError, OutputError
from stormcell.operate import canary, codebooks
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


def try_out(call: PageCall) -> Toast:
    """Let a codebook watch beside the live one."""
    done = canary.start(call.store, call.params["version"], call.person)
    version = done.codebook.version
    return Toast(f"{version} is the canary" if done.changed else f"{version} was the canary already")


def stop(call: PageCall) -> Toast:
    """Let the canary be a candidate again; the form says in ``expected`` which one that was."""
    beside = call.store.canary_codebook()
    if beside is not None and beside.version != call.sent("expected"):
        raise ConflictError(f"{beside.version} is the canary, not {call.sent('expected')}")
    done = canary.stop(call.store, call.person)
    return Toast(f"{done.codebook.version} is a candidate again")


def retrain(call: PageCall) -> Toast:
    """Ask for a codebook of what came last."""
    asked = canary.retrain(call.store, call.person, call.settings, why=_why(call))
    if asked.waits:
        return Toast(f"The sidecar trains a codebook once it can: {asked.waits}")
    return Toast("The sidecar trains a codebook at its next tick; it becomes the canary")


def _why(call: PageCall) -> str:
    return call.sent("why").strip()
