"""Beginning a template: a file that works, and shows where what is to be filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stormcell.errors import TemplateError
from stormcell.render.drafts import RUNBOOK
from stormcell.render.front_matter import SUFFIX
from stormcell.render.templates import SHIPPED, load
from stormcell.render.trying import blocks

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")

_MATCH = """\
priority: 200               # the highest is tried first; the shipped ones are at most 102
match:                      # any entry; inside an entry all of it, each a text or a list of texts
  - service: "{name}"       # glob on the service
# - alert: "*{name}*"       # glob on the alert's name, whatever the case
# - template: "{name}.*failed"  # regular expression on the masked text
#   signal: log             # alert, log or span
"""

# What teams know better than we do; the rest stays that of the shipped template.
_FILLED: Mapping[str, str] = {
    "users": "Users notice: *to fill in: what fails or slows down for them, and what that costs*",
    "commands": (
        "# to fill in: your own, such as kubectl --namespace={{ place.namespace | shell }} get all\n{{ super() }}"
    ),
    "mitigation": "- *to fill in: what brings it back, and what must not be done*\n{{ super() }}",
    "metric": "- Users are served again: *to fill in: the metric, and the value it must be back at*",
    "escalation": "- *to fill in: who else is called, and when*\n{{ super() }}",
    "actions": "*to fill in: where action items are tracked*\n\n{{ super() }}",
}


def starter(name: str, kind: str, shape: str) -> str:
    """Return the text of a new template that builds on a shipped one.

    Parameters
    ----------
    name : str
        Of its file, without the ending.
    kind : str
        "runbook" or "postmortem".
    shape : str
        The name of the shipped template to begin with.

    Raises
    ------
    TemplateError
        If the name cannot be one, or nothing of the name ``shape`` is shipped.
    """
    if not _NAME.match(name):
        raise TemplateError(f"{name!r} cannot name a template; take letters, digits, - and _, at most 100")
    library = load((), kind)
    shipped = {template.name: template for template in library.templates}
    if name + SUFFIX in library.sources and name not in shipped:
        raise TemplateError(f"{name!r} is the name of a part that the shipped templates are made of; take another")
    if shape not in shipped:
        raise TemplateError(
            f"there is no shipped {kind} template {shape!r}; there are {', '.join(sorted(shipped))}"
        )
    parent = f"{SHIPPED}{shape}{SUFFIX}"
    there = blocks(library, parent)
    lines = [
        "---",
        f"title: {shipped[shape].title}",
        'owner: ""                   # whom to call and how, such as "team shop, #shop-oncall"',
        *(_MATCH.format(name=name).splitlines() if kind == RUNBOOK else ()),
        "---",
        f'{{% extends "{parent}" %}}',
        "",
        f"{{# A block that is not here stays that of {shape}. There are: {', '.join(sorted(there))}.",
        "   {{ super() }} prints what stands there already. What can be printed: docs/templates.md. #}",
    ]
    for block, text in _FILLED.items():
        if block in there:
            lines += ["", f"{{% block {block} %}}", text, "{% endblock %}"]
    return "\n".join(lines) + "\n"
