"""Drafts in Kibana: as a comment on the case of a group, and as the investigation guide of a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from stormcell.errors import DeliveryError, SettingsError
from stormcell.escape import markdown
from stormcell.types import Paper
from stormcell_exporters.kibana.boards import TRIAGE
from stormcell_exporters.kibana.cases import MOST_TEXT, OWNER, case_title, tags
from stormcell_exporters.kibana.links import absolute, dashboard, events_of
from stormcell_exporters.kibana.panels import Ids
from stormcell_exporters.kibana.rule import MOST_GUIDE, PUBLISHED, can_hold_a_guide, with_guide

if TYPE_CHECKING:
    from stormcell_exporters.kibana.client import Kibana

_PAGE: Final = 100
_MOST_LINK: Final = 300
_SPARE: Final = 6
_REFERENCE: Final = re.compile(r" ?\[\^[^\]\s]{1,40}\](?!:)")
_DEFINITION: Final = re.compile(r"^\[(?:\^[^\]\s]{1,40}|//)\]:.*\n?", re.MULTILINE)
_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


class CasePublisher:
    """Writes each draft as a comment on the case of its group, which is opened if there is none.

    Parameters
    ----------
    prefix : str
        That of the indices.
    space : str
        The space of Kibana; "" for the default one.
    ca_file : str
        Who may have signed Kibana's certificate; "" for whom the system trusts.

    Raises
    ------
    SettingsError
        If nothing can be called so.
    """

    def __init__(self, prefix: str = "stormcell", space: str = "", ca_file: str = "") -> None:
        self._ids, self._ca_file = Ids(prefix, space), ca_file

    def publish(self, paper: Paper, target: str) -> str:
        """Put a draft into Kibana at a URL, instead of the comment with the same review."""
        from stormcell_exporters.kibana.client import Kibana

        with closing(Kibana(target, space=self._ids.space, ca_file=self._ca_file)) as kibana:
            id = self._case(kibana, paper)
            at = f"/api/cases/{quote(id, safe='')}/comments"
            text = _cut(paper.markdown, MOST_TEXT, _mark(paper), "a comment")
            body = {"type": "user", "owner": OWNER, "comment": text}
            there = next((one for one in _comments(kibana, at) if _is_of(one.get("comment"), paper)), None)
            if there is None:
                kibana.ask("POST", at, body)
            elif there["comment"] != text:
                kibana.ask("PATCH", at, {**body, "id": there["id"], "version": there["version"]})
            return f"{kibana.base}/app/observability/cases/{quote(id, safe='')}"

    def _case(self, kibana: Kibana, paper: Paper) -> str:
        """Return the id of the case of the group."""
        from stormcell_exporters.kibana.install import case_of

        there = case_of(kibana, self._ids, paper.group)
        if there is None:
            _, there = kibana.ask("POST", "/api/cases", _case(self._ids, paper, kibana.base))
        return str(there["id"])


class GuidePublisher:
    """Writes each draft as the investigation guide of an alerting rule.

    Parameters
    ----------
    rule : str
        The id of the rule; "" for the one that ``stormcell kibana install`` makes.
    link : str
        Where the whole draft can be read, as a URL with ``{review}`` for its id: a guide holds little.
    prefix, space, ca_file : str
        See ``CasePublisher``.

    Raises
    ------
    SettingsError
        If one of them is something else.
    """

    def __init__(
        self, rule: str = "", link: str = "", prefix: str = "stormcell", space: str = "", ca_file: str = ""
    ) -> None:
        if link and not (re.match("https?://", link) and "{review}" in link and len(link) <= _MOST_LINK):
            raise SettingsError(
                "the option 'link': expected a URL of at most 300 characters such as "
                f"https://stormcell.example.com/drafts/{{review}}, found {link[:100]!a}"
            )
        self._ids, self._ca_file, self._link = Ids(prefix, space), ca_file, link
        self._rule = rule or self._ids.rule

    def publish(self, paper: Paper, target: str) -> str:
        """Put a draft into Kibana at a URL, instead of the guide that the rule has."""
        from stormcell_exporters.kibana.client import Kibana

        with closing(Kibana(target, space=self._ids.space, ca_file=self._ca_file)) as kibana:
            version = kibana.version()
            if not can_hold_a_guide(version):
                raise DeliveryError(
                    f"Kibana at {kibana.base} is {version[0]}.{version[1]}, whose rules have no investigation "
                    "guide; they have from 8.19 and 9.1 on",
                    retryable=False,
                )
            at = f"/api/alerting/rule/{quote(self._rule, safe='')}"
            status, theirs = kibana.ask("GET", at, fine=(404,))
            if status == 404:
                raise DeliveryError(
                    f"Kibana at {kibana.base} has no rule of the id {self._rule}: make it by "
                    "`stormcell kibana install`, or set the option `rule`",
                    retryable=False,
                )
            body = with_guide(theirs, guide(paper, self._link))
            if body is not None:
                kibana.ask("PUT", at, body)
            page = "app/management/insightsAndAlerting/triggersActions/rule"
            return f"{kibana.base}/{page}/{quote(self._rule, safe='')}"


def guide(paper: Paper, link: str = "") -> str:
    """Return the start of a draft, without its footnotes, as an investigation guide."""
    plain = _REFERENCE.sub("", _DEFINITION.sub("", paper.markdown))
    whole = f" [All of it](<{link.replace('{review}', quote(paper.review, safe=''))}>)" if link else ""
    return _cut(plain, MOST_GUIDE, f"{_mark(paper)}{whole}", "a guide")


def _case(ids: Ids, paper: Paper, base: str) -> dict[str, Any]:
    return {
        "title": case_title(paper.title, paper.group),
        "description": (
            f"Of the incident group {markdown(paper.group)}: [its events in Discover]"
            f"(<{absolute(events_of(ids, paper.group), base)}>), [on the triage dashboard]"
            f"(<{absolute(dashboard(ids, TRIAGE.name, paper.group), base)}>)"
        ),
        "owner": OWNER,
        "tags": tags(ids, paper.group),
        "connector": {"id": "none", "name": "none", "type": ".none", "fields": None},
        "settings": {"syncAlerts": False},
    }


def _comments(kibana: Kibana, at: str) -> Iterator[dict[str, Any]]:
    """Yield the comments of a case, oldest first."""
    page, seen = 1, 0
    while True:
        _, answer = kibana.ask("GET", f"{at}/_find?page={page}&perPage={_PAGE}&sortOrder=asc")
        told = answer if isinstance(answer, dict) else {}
        found = told.get("comments") or []
        yield from (one for one in found if one.get("type") == "user")
        page, seen = page + 1, seen + len(found)
        if not found or seen >= told.get("total", 0):
            return


def _mark(paper: Paper) -> str:
    """Return the last line of what is published, by which it is found again."""
    return f"{_start(paper)}revision {paper.revision}.*"


def _start(paper: Paper) -> str:
    return f"{PUBLISHED}{markdown(paper.review)}, "


def _is_of(comment: object, paper: Paper) -> bool:
    """Tell whether a comment is an earlier text of the same review."""
    return isinstance(comment, str) and comment.rpartition("\n")[2].startswith(_start(paper))


def _cut(text: str, most: int, end: str, what: str) -> str:
    """Return a text with a last line, cut after a whole line if there is too much of it."""
    text = text.strip("\n")
    if len(text) + 2 + len(end) <= most:
        return f"{text}\n\n{end}"
    end = f"*Cut here: {what} holds no more.*\n\n{end}"
    kept = text[: most - len(end) - 2 - _SPARE]
    lines = kept.rpartition("\n")[0]
    kept = lines if 2 * len(lines) > len(kept) else kept  # a line so long is cut within
    fences = list(_FENCE.finditer(kept))
    if len(fences) % 2:
        # A code block that was cut in two is closed; one with a fence beyond all measure is left out.
        fence = fences[-1]
        kept = f"{kept}\n{fence[1]}" if len(fence[1]) < _SPARE else kept[: fence.start()]
    return f"{kept.rstrip()}\n\n{end}"
