"""What processors and exporters of a process share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stormcell.config import Settings
from stormcell.errors import DeliveryError, SettingsError
from stormcell.sdk import Hub
from stormcell.sdk.patience import Patience
from stormcell.store import SqliteStore
from stormcell.testing import FakeClock, InMemoryGroupExporter
from stormcell.types import NOTHING_KNOWN, record_of
from tests.unit.engine.engines import until
from tests.unit.sdk.doors import DOORS, EXPORTERS, PROCESSORS, Keeping, behind, made, serving, settings

doors = pytest.mark.parametrize("name", DOORS)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process in a folder of its own that has not asked for its hub yet."""
    monkeypatch.setattr(Hub, "_shared", None)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_process_has_one_hub(alone: Path) -> None:
    assert Hub.shared() is Hub.shared()
    assert Hub() is not Hub.shared()


@doors
def test_without_a_hub_it_is_that_of_the_process_with_the_settings_in_force(name: str, alone: Path) -> None:
    (alone / "stormcell.yaml").write_text("live: {data: there}\ntext: {embedder: none}\n")
    with serving(name, None) as service:
        assert list(alone.iterdir()) == [alone / "stormcell.yaml"]  # nothing is opened before it is needed
        service.say("a")
        service.flush()
        assert Hub.shared().settings.live.data == Path("there")
    with SqliteStore(alone / "there" / "stormcell.db", create=False) as store:
        assert [group.count for group in store.grouping().groups] == [1]


@pytest.mark.parametrize("name", PROCESSORS)
def test_a_processor_says_at_once_that_settings_are_wrong(
    name: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORMCELL_SDK__QUEUE", "0")
    with pytest.raises(SettingsError, match="STORMCELL_SDK__QUEUE"):
        made(name, None)
    monkeypatch.delenv("STORMCELL_SDK__QUEUE")
    made(name, None).shutdown()


def test_a_processor_that_could_not_be_made_keeps_no_hub_open(tmp_path: Path) -> None:
    class Wrong(Keeping):
        @property
        def settings(self) -> Settings:
            raise SettingsError("no such setting")

    hub = Wrong()
    with pytest.raises(SettingsError):
        made("span-processor", hub)
    assert hub.held == 0


def test_the_last_one_that_lets_go_ends_it_and_it_begins_again_when_it_is_used_again(tmp_path: Path) -> None:
    exporter = InMemoryGroupExporter()
    hub = Hub(settings(tmp_path, text={"embedder": "none"}, live={"idle_seconds": 1e6}), exporters=[exporter])
    with serving("span-processor", hub) as spans:
        with serving("log-exporter", hub) as logs:
            logs.say("a")
            logs.flush()
        assert exporter.groups() == []
        spans.say("b")
    assert sum(group.count for group in exporter.groups()) == 2
    with serving("log-processor", hub) as again:
        again.say("c")
    assert sum(group.count for group in exporter.groups()) == 3


def test_one_release_too_many_ends_nothing_of_others(tmp_path: Path) -> None:
    exporter = InMemoryGroupExporter()
    hub = Hub(settings(tmp_path, text={"embedder": "none"}, live={"idle_seconds": 1e6}), exporters=[exporter])
    assert hub.release(0)
    with serving("span-processor", hub) as spans:
        spans.say("a")
        spans.flush()
        made("log-processor", hub).shutdown()
        assert exporter.groups() == []
    assert len(exporter.groups()) == 1


def test_exporters_of_the_process_come_beside_those_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "groups.ndjson"
    notifications = {
        "exporters": [
            {"name": "file", "kind": "ndjson-append", "target": str(file), "wait": 0, "when": {"service": "shop"}},
            {"name": "never", "kind": "ndjson", "target": str(tmp_path / "no"), "when": {"service": "~^cart"}},
        ],
        "silences": [
            {
                "name": "past",
                "when": {"not": {"title": ["a", "~b"]}},
                "starts": "2020-01-01T00:00:00Z",
                "ends": "2020-01-02T00:00:00+02:00",
            }
        ],
        "maintenance": [{"name": "nights", "days": ["mon"], "from": "22:00", "to": "22:01", "timezone": "UTC"}],
        "severity": [{"word": "bad", "when": {"severity": ">=17"}}, {"word": "good", "when": {}}],
    }
    given = settings(tmp_path / "data", notifications=notifications)
    one, other = InMemoryGroupExporter(), InMemoryGroupExporter()
    hub = Hub(given, exporters=[one, other])
    theirs = hub.settings.notifications
    assert theirs.exporters[:2] == given.notifications.exporters
    assert theirs.model_copy(update={"exporters": ()}) == given.notifications.model_copy(update={"exporters": ()})
    assert hub.settings.model_copy(update={"notifications": given.notifications}) == given
    with serving("log-processor", hub) as service:
        service.say("a")
    assert one.groups() == other.groups()
    assert [group.count for group in one.groups()] == [1]
    assert len(file.read_text().splitlines()) == 1


def test_what_an_exporter_does_not_take_now_it_is_handed_later(tmp_path: Path) -> None:
    clock, exporter, other = FakeClock(), InMemoryGroupExporter(), InMemoryGroupExporter()
    exporter.fail_with(DeliveryError("down", retryable=True))
    hub = Hub(settings(tmp_path, text={"embedder": "none"}), exporters=[exporter, other], clock=clock)
    with serving("log-processor", hub) as service:
        service.say("a")
    assert exporter.groups() == []
    assert len(other.groups()) == 1
    exporter.fail_with(None)
    clock.advance(60)
    with serving("span-processor", hub) as service:
        service.say("b")
    assert {group.id for group in exporter.groups()} >= {group.id for group in other.groups()}


def test_the_clock_is_that_of_silences(tmp_path: Path) -> None:
    clock = FakeClock()
    begun = datetime.fromtimestamp(clock.now() // 10**9, UTC)
    silence = {"name": "all", "when": {"service": "shop"}, "starts": begun, "ends": begun + timedelta(hours=1)}
    found = settings(tmp_path, text={"embedder": "none"}, notifications={"silences": [silence]})
    exporter = InMemoryGroupExporter()
    hub = Hub(found, exporters=[exporter], clock=clock)
    with serving("log-processor", hub) as service:
        service.say("a")
    assert exporter.groups() == []
    clock.advance(3601)
    with serving("log-processor", hub) as service:
        service.say("b")
    assert [group.count for group in exporter.groups()] == [2]


def test_where_an_event_belongs_is_known_once_there_are_groups(tmp_path: Path) -> None:
    keeping = Keeping()
    with serving("log-processor", keeping) as service:
        service.say("a")
    record = record_of(keeping.events()[0])
    exporter = InMemoryGroupExporter()
    live = {"tick_seconds": 1, "lateness_seconds": 0, "idle_seconds": 0.1}
    hub = Hub(settings(tmp_path / "data", text={"embedder": "none"}, live=live), exporters=[exporter])
    assert hub.assign(record) is hub.known(record) is NOTHING_KNOWN
    assert not list(tmp_path.iterdir())
    with serving("log-processor", hub) as service:
        service.say("a")
        service.flush()
        until(lambda: hub.assign(record).group is not None and bool(exporter.groups()))
        assert hub.assign(record).group == exporter.groups()[0].id
    assert hub.assign(record) is NOTHING_KNOWN


@pytest.mark.parametrize("name", EXPORTERS)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STORMCELL_SDK__QUEUE", "0"),
        ("STORMCELL_NOTIFICATIONS__EXPORTERS", '[{"name": "a", "kind": "b", "target": "c"}]'),
    ],
    ids=["of-no-use", "no-such-exporter"],
)
def test_wrong_settings_cost_an_exporter_what_it_has_and_no_time(
    name: str,
    variable: str,
    value: str,
    alone: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Patience, "_pause", lambda *_: pytest.fail("it waited"))
    monkeypatch.setenv("STORMCELL_TEXT__EMBEDDER", "none")
    monkeypatch.setenv(variable, value)
    service = behind(made(name, None))
    service.say("a")
    service.flush()
    assert service.dropped() == {"refused": 1}
    assert "nothing can be grouped" in caplog.text
    service.provider.shutdown()


@pytest.mark.parametrize("name", EXPORTERS)
def test_settings_that_were_mended_hold_from_the_next_batch_on(
    name: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = alone / "stormcell.yaml"
    file.write_text("text: {embedder: none}\nsdk: {queue: many}\n")
    with serving(name, None) as service:
        service.say("a")
        service.flush()
        file.write_text("text: {embedder: none}\n")
        service.say("b")
        service.flush()
        assert (service.processed(), service.dropped()) == (1, {"refused": 1})
