"""Similar groups by the portraits in Elasticsearch, held against the store's own exact answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stormcell.config import RecurrenceSettings
from stormcell.features.likeness import usual
from stormcell.features.portrait import CANDIDATES, portrait, question
from stormcell.groups.recurrence import compare
from stormcell.groups.recurrence import similar as exactly
from stormcell.types import Blame, Dossier, Draft, Event, Group, Past, Profile, Remembered
from stormcell_exporters.elasticsearch import ElasticsearchExporter
from stormcell_exporters.elasticsearch.documents import documents
from tests.integration.program import EXAMPLE, stormcell
from tests.services.elastic import Elasticsearch

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))  # scripts beside each other, no package

from _recurrence import Cases, load, profiles

SETTINGS = RecurrenceSettings()
BLAMED = "user-db-0"
"""By a third of them."""
DAY = 86_400 * 10**9
FIRST = 1_700_000_000 * 10**9


@dataclass(frozen=True)
class World:
    """489 incidents of a shop, a day apart, as groups; each fault has come five times."""

    groups: list[Group]

    @property
    def past(self) -> list[Past]:
        return [Past(group.id, group.status, group.first_seen, group.profile) for group in self.groups]


@pytest.fixture(scope="module")
def world() -> World:
    cases = load("sockshop", timeless=True)
    return World([group_of(cases, at, profile) for at, profile in enumerate(profiles(cases))])


def group_of(cases: Cases, at: int, profile: Profile) -> Group:
    """Return an incident as a group that went on for an hour of its own day."""
    event: Event = cases.events[at][0]
    begin = FIRST + at * DAY
    blamed = sorted(profile.services.items(), key=lambda item: (-item[1], item[0]))
    return Group(
        id=f"g-{at:04}",
        title=cases.classes[at],
        status="resolved",
        medoid=event,
        earliest=event,
        latest=event,
        most_severe=event,
        count=len(cases.events[at]),
        signals={event.signal.value: len(cases.events[at])},
        services=tuple(Blame(*each) for each in blamed),
        first_seen=begin,
        last_seen=begin + DAY // 24,
        radius=0.0,
        margin=None,
        fields=(),
        members=(event.uid,),
        template=event.text,
        profile=profile,
    )


@pytest.fixture
def exporter(prefix: str) -> Iterator[ElasticsearchExporter]:
    made = ElasticsearchExporter(prefix=prefix)
    yield made
    made.close()


def fill(elasticsearch: Elasticsearch, exporter: ElasticsearchExporter, groups: Sequence[Group]) -> None:
    exporter.setup(elasticsearch.url)
    lines = []
    for group in groups:
        runbook = (Draft(group.id, "runbook", "logs", f"# {group.title}\n", ()),) if group.id == "g-0001" else ()
        likeness = () if group.profile is None else portrait(group.profile).tolist()
        made = documents(Dossier(group, drafts=runbook, portrait=likeness)).group
        lines += [json.dumps({"index": {"_id": made.id}}), made.source.decode()]
    index = f"{exporter.names.prefix}-groups"
    done = elasticsearch.call("POST", f"{index}/_bulk?refresh=true", "\n".join(lines) + "\n")
    assert not done["errors"], done


class Asking:
    """Asks Elasticsearch, and then compares what it finds, as `stormcell elasticsearch similar` does."""

    def __init__(self, exporter: ElasticsearchExporter, url: str, past: Sequence[Past]) -> None:
        self._exporter, self._url, self._past = exporter, url, {each.id: each for each in past}
        self._known = usual([each.profile for each in past if each.profile is not None])

    def found(self, group: str, **filters: Any) -> list[Remembered]:
        profile = self._past[group].profile
        assert profile is not None
        asked = question(profile, SETTINGS, self._known).tolist()
        return [*self._exporter.similar(asked, self._url, most=CANDIDATES, exclude=group, **filters)]

    def nearest(self, group: str, **filters: Any) -> list[str]:
        found = self.found(group, **filters)
        candidates = [Past(each.id, each.status, each.first_seen, each.profile) for each in found]
        compared = compare([self._past[group], *candidates], SETTINGS, self._past.values())
        return [each.group for each in exactly(compared, group, 5)]


@dataclass(frozen=True)
class Exact:
    """How far all groups are from some of them, by the store's own answer, to the decimals that are shown."""

    far: dict[str, dict[str, float]]

    @classmethod
    def of(cls, past: Sequence[Past]) -> Exact:
        compared = compare(past, SETTINGS)
        asked = [each.id for each in past[::20]]
        return cls(
            {id: {one.group: round(one.dissimilarity, 3) for one in exactly(compared, id, 999)} for id in asked}
        )

    def recall(self, asking: Asking, fits: Callable[[str], bool] = lambda _: True, **filters: Any) -> float:
        """Return how many of the five nearest that fit are found; of equally near ones any will do."""
        found, wanted = 0, 0
        for asked, every in self.far.items():
            far = {group: value for group, value in every.items() if fits(group)}
            nearest = sorted(far.values())[:5]
            answer = asking.nearest(asked, **filters)
            assert len(set(answer)) == len(answer) == len(nearest) > 0
            assert set(answer) <= far.keys(), "what was not asked for"
            found += sum(far[group] <= nearest[-1] for group in answer)
            wanted += len(nearest)
        return found / wanted


def test_the_nearest_are_found(
    elasticsearch: Elasticsearch, exporter: ElasticsearchExporter, world: World
) -> None:
    fill(elasticsearch, exporter, world.groups)
    asking, exact = Asking(exporter, elasticsearch.url, world.past), Exact.of(world.past)
    of = {group.id: group for group in world.groups}
    since, until = FIRST + 100 * DAY + DAY // 2, FIRST + 400 * DAY
    assert exact.recall(asking) >= 0.95
    assert (
        exact.recall(asking, lambda id: BLAMED in [part.name for part in of[id].services], service=BLAMED) >= 0.95
    )
    assert exact.recall(asking, lambda id: since < of[id].first_seen < until, since=since, until=until) >= 0.95


def test_the_command_finds_what_the_store_finds(elasticsearch: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    assert stormcell("group", EXAMPLE, "--out", tmp_path).code == 0
    place = ("--store", tmp_path, "--url", elasticsearch.url, "--prefix", prefix)
    groups = stormcell("groups", "list", "--store", tmp_path, "--json").json
    ran = stormcell("elasticsearch", "similar", groups[0]["id"], *place)
    assert ran.code == 1
    assert "run `stormcell elasticsearch setup`" in ran.err
    assert stormcell("elasticsearch", "setup", *place[2:]).code == 0
    assert stormcell("elasticsearch", "push", *place).code == 0
    elasticsearch.call("POST", f"{prefix}-groups/_refresh")
    for group in groups:
        there = stormcell("elasticsearch", "similar", group["id"], *place, "--json").json["similar"]
        here = stormcell("groups", "similar", group["id"], "--store", tmp_path, "--json").json["similar"]
        assert [each["id"] for each in there] == [each["id"] for each in here]
        # Copies hold six decimals of each part.
        far = [each["dissimilarity"] for each in here]
        assert [each["dissimilarity"] for each in there] == pytest.approx(far, abs=1e-4)
        assert all(each["in_store"] and each["runbook"]["markdown"].startswith("# ") for each in there)


def test_a_copy_tells_what_the_group_was(
    elasticsearch: Elasticsearch, exporter: ElasticsearchExporter, world: World
) -> None:
    few = world.groups[:4]
    bare = Group(**{**{name: getattr(few[3], name) for name in few[3].__slots__}, "profile": None})
    fill(elasticsearch, exporter, [*few[:3], bare])
    asking = Asking(exporter, elasticsearch.url, world.past)
    found = {each.id: each for each in asking.found("g-0000")}
    # Itself is left out, and what has no portrait cannot be found.
    assert found.keys() == {"g-0001", "g-0002"}
    group, copy = few[1], found["g-0001"]
    assert (copy.title, copy.status, copy.runbook) == (group.title, "resolved", f"# {group.title}\n")
    assert (copy.first_seen, copy.last_seen) == (group.first_seen, group.last_seen)
    assert found["g-0002"].runbook == ""
    assert group.profile is not None
    assert copy.profile is not None
    assert copy.profile.sayings == group.profile.sayings
    assert copy.profile.services == pytest.approx(group.profile.services, abs=1e-6)
    # At the edge: it was seen until then, and from then on.
    assert {each.id for each in asking.found("g-0000", since=group.last_seen)} == {"g-0001", "g-0002"}
    assert {each.id for each in asking.found("g-0000", until=group.first_seen)} == set()
    assert {each.id for each in asking.found("g-0000", service="no such")} == set()
