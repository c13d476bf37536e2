"""Links into Kibana say what they mean, whatever a name holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote

from hypothesis import given
from hypothesis import strategies as st

from stormcell_exporters.kibana.links import absolute, dashboard, events_of, rison
from stormcell_exporters.kibana.panels import Ids

VALUES = st.recursive(
    st.text() | st.booleans() | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=20,
)


class Reader:
    """Reads rison, as its description says."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def value(self) -> Any:
        first = self._next()
        if first == "!":
            kind = self._next()
            return self._items() if kind == "(" else {"t": True, "f": False, "n": None}[kind]
        if first == "(":
            return self._members()
        if first == "'":
            return self._quoted()
        start = self.at - 1
        while self.at < len(self.text) and self.text[self.at] not in " '!:(),*@$":
            self.at += 1
        word = self.text[start : self.at]
        return int(word) if word[0] in "-0123456789" else word

    def _next(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _items(self) -> list[Any]:
        found = []
        while self.text[self.at] != ")":
            found.append(self.value())
            self.at += self.text[self.at] == ","
        self.at += 1
        return found

    def _members(self) -> dict[str, Any]:
        found = {}
        while self.text[self.at] != ")":
            name = self.value()
            assert self._next() == ":"
            found[name] = self.value()
            self.at += self.text[self.at] == ","
        self.at += 1
        return found

    def _quoted(self) -> str:
        found = ""
        while (letter := self._next()) != "'":
            found += self._next() if letter == "!" else letter
        return found


@given(VALUES)
def test_rison_is_read_back(value: Any) -> None:
    reader = Reader(rison(value))
    assert reader.value() == value
    assert reader.at == len(reader.text)


def state_of(link: str) -> dict[str, Any]:
    path, _, query = link.partition("?")
    found = {name: Reader(text).value() for name, [text] in parse_qs(query, strict_parsing=True).items()}
    return {"path": path, **found}


@given(st.text(min_size=1))
def test_a_group_is_searched_for_literally(group: str) -> None:
    group = group.encode("utf-8", "replace").decode()
    found = state_of(events_of(Ids("shop"), group))
    assert found["path"] == "../app/discover#/"
    assert found["_a"]["dataSource"] == {"dataViewId": "shop-members", "type": "dataView"}
    text = found["_a"]["query"]["query"].removeprefix('incident_group.id:"').removesuffix('"')
    assert text.replace('\\"', '"').replace("\\\\", "\\") == group or "\\" in group
    assert '"' not in text.replace("\\\\", "").replace('\\"', "")


def test_the_place_where_kibana_puts_a_value_stays() -> None:
    assert "incident_group.id:%22{{value}}%22" in events_of(Ids(), "{{value}}")


def test_links_to_dashboards() -> None:
    assert dashboard(Ids("shop", "ops"), "triage") == "../app/dashboards#/view/shop-ops-triage"
    found = state_of(dashboard(Ids(), "triage", "g-1"))
    assert found["_a"]["query"] == {"language": "kuery", "query": 'incident_group.id:"g-1"'}
    assert (
        unquote(absolute("../app/x#/?_g=(a:b)", "http://kibana/s/ops/")) == "http://kibana/s/ops/app/x#/?_g=(a:b)"
    )
