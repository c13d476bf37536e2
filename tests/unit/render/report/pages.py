"""A page as a strict reader sees it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser

VOID = {"br", "input", "link", "meta"}
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "for")


class Page(HTMLParser):
    """A document, whose elements must be balanced.

    Attributes
    ----------
    elements : list of (str, dict)
        Names and attributes, in order.
    texts : list of str
        Of everything but style and script.
    inline : dict of str to str
        What is in style and script.
    """

    def __init__(self, document: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.inline: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(document)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            name = self._open[-1]
            self.inline[name] = self.inline.get(name, "") + data
        else:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self) -> str:
        """Return all that is read."""
        return "".join(self.texts)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a name with these attributes; ``class_`` is one of many."""
        return [
            attributes
            for name, attributes in self.elements
            if name == tag
            and all(
                value in attributes.get(key.rstrip("_"), "").split()
                if key == "class_"
                else attributes.get(key.replace("_", "-")) == value
                for key, value in wanted.items()
            )
        ]


def checked(document: str) -> Page:
    """Return the page of a document, which stands alone, refers to what is there, and does no harm."""
    page = Page(document)
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert set(ids.values()) <= {1}, ids.most_common(3)
    for tag, attributes in page.elements:
        for name in REFERENCES:
            for id in attributes.get(name, "").split():
                assert id in ids, (tag, name, id)
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("style", "src", "srcset", "action", "formaction", "ping"), (tag, name)
            if name == "href":
                assert value == "data:," or (value.startswith("#") and value[1:] in ids), (tag, value)
        if tag == "svg" and "aria-hidden" not in attributes and attributes.get("role") in ("img", "group"):
            assert attributes["aria-label"], attributes
    for marker in re.findall(r"url\(\"?#([\w-]+)", document):
        assert marker in ids, marker
    assert {tag for tag, _ in page.elements}.isdisjoint({"iframe", "object", "embed", "form", "base", "img"})
    [policy] = [a["content"] for a in page.all("meta", http_equiv="Content-Security-Policy")]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert set(page.inline) == {"style", "script"}
    assert len(page.all("style")) == len(page.all("script")) == 1
    for name, text in page.inline.items():
        assert f"{name}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    return page
