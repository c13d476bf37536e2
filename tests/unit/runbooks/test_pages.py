from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormcell.runbooks.pages import (
    DIAGNOSIS,
    IMPACT,
    KINDS,
    MAX_FRONT,
    MEANING,
    MITIGATION,
    OTHER,
    Front,
    front_matter,
    headings,
    longest_fence,
    page,
    plain,
    sentences,
)

MARKDOWN = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            [
                "# A",
                "## Impact",
                "## Diagnosis ##",
                "### Seen",
                "```",
                "````sh",
                "~~~",
                "---",
                "+++",
                "- a",
                "",
                "#",
            ]
        ),
    )
).map("\n".join)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\ntitle: Disk\ntags: [a, b]\n---\n# X\n", {"title": "Disk", "tags": ["a", "b"]}),
        ('+++\ntitle = "Disk"\n+++\n# X\n', {"title": "Disk"}),
        ("---\n{ not yaml\n---\n# X\n", {}),
        ("+++\nnot toml\n+++\n# X\n", {}),
        ("---\n- a list\n---\n# X\n", {}),
        ("---\n" + "[" * 2000 + "\n---\n# X\n", {}),
        ("---\nlong: " + "x" * MAX_FRONT + "\n---\n# X\n", {}),
        ("---\ndate: 2024-99-99T99:99:99Z\n---\n# X\n", {}),
        ("---\n---\n# X\n", {}),
        ("# X\n", {}),
    ],
)
def test_front_matter_is_told_and_cut_off(text: str, said: dict[str, object]) -> None:
    front, rest = front_matter(text)
    assert (front.said, rest) == (said, "# X\n")
    empty = text.startswith(("#", "---\n---"))
    assert bool(front.problem) is (not said and not empty)


def test_what_is_wrong_with_front_matter_names_its_line() -> None:
    front, _ = front_matter("---\ntitle: x\nalerts: [A\ntags: y\n---\n")
    assert front.problem.startswith("line 4: ")


def test_front_matter_needs_an_end() -> None:
    assert front_matter("---\ntitle: x\n# X\n") == (Front({}), "---\ntitle: x\n# X\n")


def test_headings_in_fences_are_none() -> None:
    lines = ["# A", "```sh", "# no", "~~~", "```", "## B ##", "~~~~", "## no", "~~~", "~~~~", "#no", "   ### C"]
    assert [(one.line, one.level, one.text) for one in headings(lines)] == [(0, 1, "A"), (5, 2, "B"), (11, 3, "C")]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Meaning", MEANING),
        ("Alert overview", MEANING),
        ("User impact", IMPACT),
        ("Troubleshooting", DIAGNOSIS),
        ("How to fix it", MITIGATION),
        ("Escalation", OTHER),
    ],
)
def test_a_section_is_told_by_its_heading(heading: str, kind: str) -> None:
    assert page(f"# Title\n\n## {heading}\n\nit is so\n").sections[kind].split("\n")[-3:] == ["", "it is so", ""]


def test_what_stands_before_any_section_is_the_meaning() -> None:
    assert page("before\n# Title\nafter\n## Impact\nall\n").sections == {
        MEANING: "before\nafter",
        IMPACT: "all\n",
        DIAGNOSIS: "",
        MITIGATION: "",
        OTHER: "",
    }


def test_a_title_tells_no_kind() -> None:
    assert page("# Debug the recovery\nit broke\n").sections[MEANING] == "it broke\n"


def test_a_section_below_another_is_of_its_kind() -> None:
    found = page("# T\n## Diagnosis\na\n### On nodes\nb\n### Resolution\nc\n## More\nd\n").sections
    assert (found[DIAGNOSIS], found[MITIGATION], found[OTHER]) == ("a\nb", "c", "More\nd\n")


def test_plain_text_has_no_links_tags_or_marks() -> None:
    assert plain('**See** [the `guide`](http://a/b) and <b>![x](y)</b> {{< ref "a" >}}') == "See the guide and  x"


def test_a_sentence_ends_with_its_paragraph() -> None:
    assert sentences("One is\nhere. Two!\n\nthree\n\n\n") == ["One is here.", "Two!", "three"]


@pytest.mark.parametrize(("text", "length"), [("", 0), ("a ``` b", 3), ("~~~~~\n````", 5), ("`a`", 1)])
def test_the_longest_fence(text: str, length: int) -> None:
    assert longest_fence(text) == length


@given(MARKDOWN)
def test_any_text_can_be_read(text: str) -> None:
    front, rest = front_matter(text)
    assert isinstance(front.said, dict)
    assert text.endswith(rest)
    assert set(page(rest).sections) == set(KINDS)
    lines = rest.split("\n")
    assert all(lines[one.line].lstrip(" ").startswith("#" * one.level) for one in headings(lines))


@pytest.mark.parametrize(
    "part", ["[", "# ", "`", "<", "\n ", "- \n", "{{", "![](", "#" * 7, " \t", "---\n", "a. "]
)
def test_large_texts_of_one_sign_are_read(part: str) -> None:
    text = part * (200_000 // len(part))
    page(front_matter(text)[1])
    sentences(text)
