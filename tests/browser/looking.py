"""What is looked for on every page."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_SHIFTS = """
() => {
  window.stormcellShifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const moved = entry.sources.map(({ node }) => node && (node.outerHTML || node.data));
      window.stormcellShifts.push([entry.value, ...moved]);
    }
  }).observe({ type: "layout-shift", buffered: false });
}
"""


def axe(page: Any) -> list[str]:
    """Return what axe-core finds to be hard to use for some people: rule, impact and element of each."""
    source = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(source)
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: { type: 'tag', values: rules } })", list(_RULES)
    )
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def watch_shifts(page: Any) -> None:
    """Begin to note whatever moves on a page without having been touched."""
    page.evaluate(_SHIFTS)


def shifts(page: Any) -> list[Any]:
    """Return what moved since ``watch_shifts``, and by how much of the window."""
    page.wait_for_timeout(300)  # the observer is told late
    return list(page.evaluate("() => window.stormcellShifts"))


def overflows(page: Any) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))
