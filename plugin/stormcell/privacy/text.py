"""Masks for personal data and secrets in a text."""

from __future__ import annotations

import re
import string
from enum import IntEnum
from typing import Final

from stormcell.privacy.fields import STEM, lower, mask_elements, mask_fields
from stormcell.privacy.numbers import mask_accounts, mask_addresses
from stormcell.privacy.tokens import begins_token, mask_private_keys, mask_tokens

HIDDEN: Final = "<hidden>"
"""Stands for a text in which every masking lays bare one more secret: nobody but an attacker writes such."""

_ROUNDS: Final = 8

PLAIN: Final = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{1,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\w{0,12}")
"""What holds nothing for sure: hexadecimal ids (digits alone could be a card's), uuids, short words."""

# user:password@host, behind a scheme or as Go writes it.
_USERINFO: Final = re.compile(r"://([^\s/?#:@\"'<>]{0,256}):([^\s/?#\"'<>]{1,1024})@")
_GO_USERINFO: Final = re.compile(r"(?<=:)[^\s:\"'<>]{1,128}(?=@(?:tcp|udp|unix)\()")
_DOMAIN: Final = re.compile(r"(?:@|%40)(?:[\w-]{1,63}\.){1,8}(?:[^\W\d_]{2,24}|xn--[\w-]{2,59})(?!\w)")
_LOCAL: Final = re.compile(r"[\w.+%-]{1,64}")
_LOCAL_LENGTH: Final = 64

_CUT: Final = 128
_IN_WORDS: Final = string.ascii_letters + string.digits + "+/=_.~-@%"


def conceal(text: str, *, digits: bool = True) -> str:
    """Replace personal data and secrets by ``<email>``, ``<ip>``, ``<card>``, ``<password>`` and so on.

    Masked are e-mail and IP addresses, card numbers and IBANs whose checksum is right, private keys, tokens and
    keys of known shape, passwords in URLs, and the values of names that say secret (see names). Hexadecimal ids,
    other numbers and times stay.

    Parameters
    ----------
    text : str
        Any; the time is proportional to its length.
    digits : bool
        Whether to mask IP addresses, card numbers and IBANs as well: templates lose every digit anyway.

    Returns
    -------
    str
        ``text`` itself where nothing had to be masked. Masking it again changes nothing.
    """
    if PLAIN.fullmatch(text):
        return text
    for _ in range(_ROUNDS):
        masked = _mask(text, digits=digits)
        if masked == text:
            return text
        text = masked
    return HIDDEN


class Doubt(IntEnum):
    """What a word says of the text that it stands in: whether something may have to be masked there."""

    NONE = 0
    NAMED = 1
    """Only if it is part of a name that says secret."""
    SURE = 2


def doubt(word: str) -> Doubt:
    """Return whether a text may hold what ``conceal`` masks without digits, told from one of its words.

    Parameters
    ----------
    word : str
        Without blanks, as it stands in the text or with 0 for each row of digits.

    Returns
    -------
    Doubt
        Where it is NONE for all words of a text, ``conceal(text, digits=False)`` is the text itself; where it is
        SURE for none, it is if ``names_secret`` is False.
    """
    low = word.lower()
    if (
        "@" in word
        or "%40" in word  # an @ in a URL
        or "%0" in word
        or "PRIVATE" in word
        or "basic" in low
        or "bearer" in low
        or begins_token(word)
    ):
        return Doubt.SURE
    return Doubt.NAMED if STEM.search(low) else Doubt.NONE


def conceal_start(text: str, most: int, *, digits: bool = True) -> str:
    """Conceal the first ``most`` characters of a text; a word that the cut may have halved is left out.

    Half a token is known by nothing, so that it would stay.
    """
    if len(text) <= most:
        return conceal(text, digits=digits)
    return _without_last(conceal(text[:most], digits=digits))


def _without_last(text: str) -> str:
    return text[: max(len(text.rstrip(_IN_WORDS)), len(text) - _CUT)]


def _mask(text: str, *, digits: bool) -> str:
    text = mask_private_keys(text)
    low = text.lower()
    if STEM.search(low):
        text = mask_fields(text, lower(text))
        if "</" in text:
            text = mask_elements(text)
    if "@" in text:
        if "://" in text:
            text = _USERINFO.sub(r"://\1:<password>@", text)
        if "(" in text:
            text = _GO_USERINFO.sub("<password>", text)
    text = mask_tokens(text, low)
    if "@" in text or "%40" in text:
        text = _mask_emails(text)
    return mask_addresses(mask_accounts(text)) if digits else text


def _mask_emails(text: str) -> str:
    """Mask e-mail addresses, found by their domains; each begins behind the end of the one before."""
    parts: list[str] = []
    done = 0
    for match in _DOMAIN.finditer(text):
        at = match.start()
        local = _LOCAL.match(text[max(done, at - _LOCAL_LENGTH) : at][::-1])
        if local:
            parts += (text[done : at - local.end()], "<email>")
            done = match.end()
    return "".join((*parts, text[done:])) if parts else text
