"""Which names say that their value is a secret: ``password``, ``x-api-key``, ``dbPassword``, ``set-cookie``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_LONGEST: Final = 128
"""Characters of a name that are looked at, its last: what it is stands at its end."""

# The words of a name: camel case, dots, dashes and underscores tell them apart.
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class Secret:
    """What is done with the value of a name that says secret.

    Attributes
    ----------
    mask : str
    words : bool
        Whether a plain word after "name: " may be the secret, as it may for a password: "Invalid token: expired"
        says what is wrong.
    numbers : bool
        Whether a number may be: 512 tokens are none.
    sure : bool
        Whether any other value is one; of a name like "auth", only what looks random.
    """

    mask: str
    words: bool = False
    numbers: bool = True
    sure: bool = True


PASSWORD: Final = Secret("<password>", words=True)
_PASS: Final = Secret("<password>", words=True, numbers=False)
_SECRET: Final = Secret("<secret>")
_TOKEN: Final = Secret("<token>")
_TOKENS: Final = Secret("<token>", numbers=False)
_AUTH: Final = Secret("<token>", numbers=False, sure=False)
_KEY: Final = Secret("<key>")
_COOKIE: Final = Secret("<cookie>")

# A word that ends so, however it begins: dbpassword, accesstoken.
_ENDS: Final = {
    **dict.fromkeys(("password", "passwords", "passwd", "passwort", "kennwort", "passphrase"), PASSWORD),
    **dict.fromkeys(("passcode", "pwd"), PASSWORD),
    **dict.fromkeys(("secret", "secrets", "credential", "credentials"), _SECRET),
    "token": _TOKEN,
    "tokens": _TOKENS,
    **dict.fromkeys(("sessid", "sessionid"), _TOKEN),
}
_WHOLE: Final = {
    **dict.fromkeys(("pass", "pw"), _PASS),
    **dict.fromkeys(("authorization", "jwt", "bearer", "otp", "totp", "csrf", "xsrf"), _TOKEN),
    **dict.fromkeys(("auth", "sig", "signature"), _AUTH),
    **dict.fromkeys(("cookie", "cookies"), _COOKIE),
    **dict.fromkeys(("cvv", "cvc", "ssn", "psk", "creds"), _SECRET),
}
# A key alone opens nothing: it may be that of a table or of a message.
_KEYS: Final = frozenset(
    (
        *("access", "account", "api", "app", "application", "auth", "aws", "azure", "consumer", "decryption"),
        *("deploy", "encryption", "functions", "google", "license", "master", "private", "rsa", "secret"),
        *("session", "shared", "signing", "ssh", "storage", "stripe", "subscription", "tls", "webhook"),
    )
)
_CODES: Final = frozenset(("auth", "authorization", "verification"))
_GLUED: Final = frozenset(f"{word}key" for word in _KEYS)

# What follows the secret and says that the value only speaks of it: password_length, TokenService, token.type.
_ABOUT: Final = frozenset(
    (
        *("age", "alg", "algorithm", "arn", "at", "attempts", "audience", "authenticator", "budget", "cache"),
        *("changed", "class", "client", "config", "configuration", "consent", "controller", "count", "counts"),
        *(
            "created",
            "dir",
            "disabled",
            "domain",
            "enabled",
            "encoder",
            "endpoint",
            "error",
            "errors",
            "exception",
        ),
        *(
            "exists",
            "exp",
            "expiration",
            "expire",
            "expired",
            "expires",
            "expiry",
            "factory",
            "failed",
            "failures",
        ),
        *("file", "filter", "format", "handler", "helper", "host", "id", "ids", "interceptor", "issuer", "kind"),
        *("len", "length", "lifetime", "limit", "limits", "manager", "max", "method", "min", "missing", "mode"),
        *(
            "name",
            "names",
            "operator",
            "path",
            "per",
            "policy",
            "present",
            "properties",
            "provider",
            "rate",
            "ratio",
        ),
        *(
            "reason",
            "ref",
            "reference",
            "refs",
            "repository",
            "required",
            "reset",
            "resolver",
            "rotated",
            "rotation",
        ),
        *("samesite", "scope", "scopes", "server", "service", "size", "source", "state", "status", "store"),
        *("strength", "svc", "time", "timeout", "total", "ttl", "type", "types", "updated", "uri", "url", "usage"),
        *("used", "util", "utils", "valid", "validation", "validator", "validity", "version"),
    )
)
_IDS: Final = frozenset(("id", "ids"))


def secret(name: str) -> Secret | None:
    """Return what is done with the value of a name; None where the name says no secret.

    What counts is the last word that names a secret, unless a word after it says that the value only speaks of
    one: ``user_password`` and ``token.value`` do, ``password_length`` and ``TokenService`` do not.
    """
    return _judge(name[-_LONGEST:])


def says_secret(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    return secret(name) is not None


@lru_cache(maxsize=4096)
def _judge(name: str) -> Secret | None:
    words = [word.lower() for word in _WORDS.findall(name)]
    for at in range(len(words) - 1, -1, -1):
        found = _word(words, at)
        if found is None:
            if words[at] in _ABOUT and not (words[at] in _IDS and _opens(words, at - 1)):
                return None
            continue
        return found
    return None


def _word(words: list[str], at: int) -> Secret | None:
    """Return what a word says, with the one before it."""
    word = words[at]
    if word in _WHOLE:
        return _WHOLE[word]
    if _is_key(words, at):
        return _KEY
    if word == "code" and at and words[at - 1] in _CODES:
        return _TOKEN
    return next((found for end, found in _ENDS.items() if word.endswith(end)), None)


def _is_key(words: list[str], at: int) -> bool:
    word = words[at].removesuffix("s")
    return word in _GLUED or (word == "key" and at > 0 and words[at - 1] in _KEYS)


def _opens(words: list[str], at: int) -> bool:
    """Whether the id of this is a secret as well: an access key's, or a secret's in Vault."""
    return at >= 0 and (words[at] == "secret" or _is_key(words, at))
