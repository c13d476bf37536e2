"""Secrets that are known by their own shape, whatever stands around them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from functools import cache
from typing import Final

# What each begins with, then what follows. All repetitions are of one class that holds nothing of what comes after
# them, so that each text is read once.
_TOKENS: Final = (
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{16,}"),
    (("github_pat_",), r"github_pat_\w{16,}"),
    (("glpat-", "gldt-", "glrt-", "glptt-", "glsoat-"), r"gl(?:pat|dt|rt|ptt|soat)-[\w-]{16,}"),
    (("glcbt-", "glft-", "glimt-", "glagent-"), r"gl(?:cbt|ft|imt|agent)-[\w-]{16,}"),
    (("xox", "xapp-"), r"(?:xox[a-z]|xapp)-[\w.-]{10,}"),
    (("_live_", "_test_"), r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}"),
    (("whsec_",), r"whsec_[A-Za-z0-9+/=]{16,}"),
    (("npm_",), r"npm_[A-Za-z0-9]{30,}"),
    (("pypi-",), r"pypi-[\w-]{40,}"),
    (("sk-", "gsk_", "xai-", "pplx-"), r"(?:sk-|gsk_|xai-|pplx-)[\w-]{20,}"),
    (("hf_", "r8_"), r"(?:hf|r8)_[A-Za-z0-9]{30,}"),
    (("_v1_",), r"do[opr]_v1_[a-f0-9]{32,}"),
    (("shp",), r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{24,}"),
    (("SG.",), r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    (("ya29.", "GOCSPX-", "1//0"), r"(?:ya29\.|GOCSPX-|1//0)[\w-]{20,}"),
    (("hvs.", "hvb.", "hvr."), r"hv[sbr]\.[\w-]{20,}"),
    ((".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{20,}"),
    (("dckr_pat_", "dp.pt."), r"(?:dckr_pat_|dp\.pt\.)[\w-]{20,}"),
    (("ATATT3", "ATBB"), r"(?:ATATT3|ATBB)[\w=-]{20,}"),
    (("lin_", "glsa_", "glc_", "sntry"), r"(?:lin_(?:api|oauth)|gls?[ac]|sntry[su])_[\w+/=-]{30,}"),
    (("dapi", "NRAK-", "PMAK-"), r"(?:dapi[a-f0-9]{32}|NRAK-[A-Z0-9]{20,}|PMAK-[a-f0-9-]{40,})"),
    (("pscale_", "rubygems_", "figd_"), r"(?:pscale_(?:tkn|pw|oauth)|rubygems|figd)_[\w.=-]{20,}"),
    (("sq0",), r"sq0[a-z]{3}-[\w-]{20,}"),
    # Our own.
    (("sct_",), r"sct_[\w-]{43}"),
    (("dt0",), r"dt0[a-z]\d\d\.[A-Z0-9]{24}\.[A-Z0-9]{40,}"),
    ((":AA",), r"\d{8,10}:AA[\w-]{30,}"),
    (("Q~",), r"[\w~.-]{4}Q~[\w~.-]{30,}"),
    # What opens a chat's door stands in the path of a webhook.
    (("hooks.slack.com/",), r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[\w/-]{20,}"),
    (("/api/webhooks/",), r"(?<=/api/webhooks/)[\w/-]{20,}"),
    (("/webhookb2/",), r"(?<=/webhookb2/)[\w@/-]{20,}"),
)
_KEYS: Final = (
    (("AIza",), r"AIza[\w-]{30,}"),
    # The secret part often stands just behind the id.
    (
        ("AKIA", "ASIA", "ABIA", "ACCA", "A3T"),
        r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{16}(?![A-Za-z0-9])"
        r"(?:[\s,:;|\"']{1,8}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))?",
    ),
    # Azure storage.
    (("==",), r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}==(?!=)"),
    (("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
)
_PASSWORDS: Final = (
    # Hashed, for the crypt function and its heirs.
    (("$",), r"\$(?:2[abxy]|[156y]|argon2(?:id|i|d))\$[\w./,=+$-]{20,}"),
)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Compile a search for any of some words; told apart by their first characters it is three times as fast."""
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[0], []).append(re.escape(word[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in by_first.items()))


def _spellings(begin: str) -> tuple[str, str]:
    return begin, re.sub(r"\d+", "0", begin)


# Literals alone are found far faster than what may follow them.
_BEGINNING: Final = _any_of(begin for begins, _ in (*_TOKENS, *_KEYS, *_PASSWORDS) for begin in begins)
# The same with 0 for each row of digits, and a JSON web token's.
_BEGINNING_OF_ANY: Final = _any_of(
    sorted(
        {"eyJ"}.union(*(_spellings(begin) for begins, _ in (*_TOKENS, *_KEYS, *_PASSWORDS) for begin in begins))
    )
)
# base64 of '{"': a JSON web token, whole or cut short.
_JWT: Final = re.compile(r"eyJ[\w-]{12,}(?:\.[\w-]*){0,4}")
_BEARER: Final = re.compile(r"(\b(?i:bearer)\s{1,4})([\w.~+/-]{8,}=*)")
_BASIC: Final = re.compile(r"(\b(?i:basic)\s{1,4})([A-Za-z0-9+/]{6,}={0,2})")
# What may follow "bearer" in a sentence.
_WORD: Final = re.compile(r"[A-Za-z-]{1,20}\.?")

_AWS: Final = re.compile(r"(?<![A-Za-z0-9/+=_.-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])")
_LONG_WORD: Final = re.compile(r"[a-z]{7}")

_PEM: Final = re.compile(r"-{4,5} ?BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_PEM_END: Final = re.compile(r"-{4,5} ?END [A-Z0-9 ]{1,60}-{4,5}")

_SHORTEST: Final = 16
_AWS_LENGTH: Final = 40
_CAPITALS: Final = 5


def mask_tokens(text: str, low: str) -> str:
    """Mask tokens and keys of known shape.

    Parameters
    ----------
    text : str
    low : str
        The same in lower case.
    """
    if len(text) >= _SHORTEST:
        if _BEGINNING.search(text):
            for pattern, mask in _masks():
                text = pattern.sub(mask, text)
        if "eyJ" in text:
            text = _JWT.sub("<token>", text)
        if len(text) >= _AWS_LENGTH:
            text = _AWS.sub(_aws, text)
    if "bearer" in low:
        text = _BEARER.sub(_bearer, text)
    if "basic" in low:
        text = _BASIC.sub(_basic, text)
    return text


def begins_token(word: str) -> bool:
    """Whether a word may begin or hold a token or a key of known shape; rows of digits in it may be a 0 each."""
    if _BEGINNING_OF_ANY.search(word):
        return True
    # The AWS secret has at least so many capitals, and a digit.
    return len(word) > _CAPITALS and sum(map(str.isupper, word)) >= _CAPITALS and any(map(str.isdigit, word))


def mask_private_keys(text: str) -> str:
    """Mask PEM blocks of private keys; one whose end is missing, to the end of the text."""
    if "PRIVATE KEY" not in text:
        return text
    parts: list[str] = []
    done = 0
    while begin := _PEM.search(text, done):
        parts += (text[done : begin.start()], "<key>")
        end = _PEM_END.search(text, begin.end())
        done = end.end() if end else len(text)
    return "".join((*parts, text[done:]))


@cache
def _masks() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Compile what is known, when first needed: that takes longer than all the rest of this module."""
    kinds = ((_TOKENS, "<token>"), (_KEYS, "<key>"), (_PASSWORDS, "<password>"))
    return tuple(
        (re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(pattern for _, pattern in shapes)})"), mask)
        for shapes, mask in kinds
    )


def _bearer(match: re.Match[str]) -> str:
    return match[0] if _WORD.fullmatch(match[2]) else f"{match[1]}<token>"


def _basic(match: re.Match[str]) -> str:
    """Mask what decodes to user:password; "basic authentication" does not."""
    data = match[2].rstrip("=")
    data = data[: len(data) - (len(data) % 4 == 1)]
    try:
        plain = base64.b64decode(data + "=" * (-len(data) % 4))
    except binascii.Error:
        return match[0]
    return f"{match[1]}<password>" if b":" in plain else match[0]


def _aws(match: re.Match[str]) -> str:
    """Mask 40 characters that look random: of all kinds, and without a word among them."""
    value = match[0]
    upper = sum(map(str.isupper, value))
    digits = sum(map(str.isdigit, value))
    if upper < _CAPITALS or digits < 1 or upper + digits > 36 or _LONG_WORD.search(value):
        return value
    return "<key>"
