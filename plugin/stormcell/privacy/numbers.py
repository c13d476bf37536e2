"""What is known by its digits: card numbers, IBANs, IP addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_CARD: Final = re.compile(
    r"[2-6](?<![\w.][2-6])[0-9]{3}(?:"
    r"([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
    r"|([ -])[0-9]{6}\2[0-9]{4,5}"
    r"|[0-9]{9,11}"
    r")(?!\w|\.\d)"
)
# Issuers by how their numbers begin, and how long these are.
_ISSUERS: Final = tuple(
    (re.compile(begin), frozenset(lengths))
    for begin, lengths in (
        (r"4", (13, 16)),
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),
        (r"3[47]", (15,)),
        (r"3(?:0[0-59]|[689])", (14, 16, 19)),
        (r"35(?:2[89]|[3-8])", (16, 17, 18, 19)),
        (r"6011|64[4-9]|65|62", (16, 17, 18, 19)),
        (r"5018|5020|5038|5893|6304|6759|676[1-3]", (13, 14, 15, 16, 17, 18, 19)),
    )
)
_LONGEST_CARD: Final = 19
_SHORTEST_CARD: Final = 13
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_GAPS: Final = str.maketrans("", "", " -")
_FOUR_GROUPS: Final = 19
"""Characters of 16 digits in four groups."""

_IBAN: Final = re.compile(
    r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z][0-9]{2}( ?)[A-Z0-9]{4}(?:\1[A-Z0-9]{4}){1,6}(?:\1[A-Z0-9]{1,3})?"
    r"(?![A-Za-z0-9])"
)
_IBAN_LENGTHS: Final = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24"
        "FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32"
        "LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22"
        "SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
    )
}

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|0?\d?\d)"
# A browser is of version 110.0.0.0; no machine has that address.
_IPV4: Final = re.compile(
    rf"(?:(?<![\w.])(?<![A-Za-z]-)|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))(?!\d{{1,3}}\.0\.0\.0)"
    rf"{_OCTET}(?:\.{_OCTET}){{3}}(?!\.?\w)"
)
_INNER_OCTETS: Final = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d")
# Eight parts, but not all of two digits as in a hardware address; or fewer around "::", where the first part must
# be one that is in use, for names in C++ look alike.
_IPV6: Final = re.compile(
    r"(?<![\w:])(?=[A-Fa-f:]{0,39}\d)(?:(?!(?:[0-9A-Fa-f]{2}:){7})(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
    r"|(?=[0-9A-Fa-f]{0,3}\d|[Ff][CcDdFf]|[Ff][Ee][89AaBb]|::)"
    r"(?:[0-9A-Fa-f]{1,4}:){0,6}(?:[0-9A-Fa-f]{1,4})?::(?:[0-9A-Fa-f]{1,4}:){0,6}(?:[0-9A-Fa-f]{1,4})?)"
    r"(?:%[A-Za-z][\w.-]{0,15})?(?![\w:]|\.\d)"
)


def mask_accounts(text: str) -> str:
    """Mask card numbers and IBANs."""
    if len(text) < _SHORTEST_CARD:
        return text
    return _mask_valid(_mask_valid(text, _IBAN, _iban_end, "<iban>"), _CARD, _card_end, "<card>")


def mask_addresses(text: str) -> str:
    """Mask IP addresses."""
    if text.count(".") >= 3 and _INNER_OCTETS.search(text):
        text = _IPV4.sub("<ip>", text)
    if "::" in text or text.count(":") >= 7:
        text = _IPV6.sub("<ip>", text)
    return text


def is_card(digits: str, *, grouped: bool = False) -> bool:
    """Whether digits are the number of a card: of a known issuer and length, with the right checksum (Luhn).

    Visa's of 19 digits are taken for such only in groups: one in a hundred ids in decimals would be one.
    """
    length = len(digits)
    known = any(length in lengths and begin.match(digits) for begin, lengths in _ISSUERS)
    if not known and not (grouped and length == _LONGEST_CARD and digits.startswith("4")):
        return False
    values = [ord(digit) - ord("0") for digit in digits]
    return (sum(values[-1::-2]) + sum(_DOUBLED[value] for value in values[-2::-2])) % 10 == 0


def _mask_valid(text: str, pattern: re.Pattern[str], end_of: Callable[[re.Match[str]], int], mask: str) -> str:
    """Replace what matches and has an end; look on right behind the start of what has none."""
    parts: list[str] = []
    at = done = 0
    while match := pattern.search(text, at):
        end = end_of(match)
        if end:
            parts += (text[done : match.start()], mask)
            at = done = end
        else:
            at = match.start() + 1
    return "".join((*parts, text[done:])) if parts else text


def _card_end(match: re.Match[str]) -> int:
    """Return where the card number ends, 0 where it is none; a last group may not belong to it."""
    shown = match[0]
    digits = shown.translate(_GAPS)
    if is_card(digits, grouped=len(shown) > len(digits)):
        return match.end()
    if len(shown) > _FOUR_GROUPS and is_card(shown[:_FOUR_GROUPS].translate(_GAPS)):
        return match.start() + _FOUR_GROUPS
    return 0


def _iban_end(match: re.Match[str]) -> int:
    """Return where the IBAN ends, 0 where it is none: a word in capitals may follow it."""
    shown = match[0]
    length = _IBAN_LENGTHS.get(shown[:2], 0)
    gaps = (length - 1) // 4 if match[1] else 0
    iban = shown[: length + gaps]
    if not length or shown[length + gaps : length + gaps + 1].isalnum():
        return 0
    compact = iban.replace(" ", "")
    number = int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4]))
    return match.start() + len(iban) if len(compact) == length and number % 97 == 1 else 0
