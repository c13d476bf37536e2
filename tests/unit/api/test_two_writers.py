"""Two who change the same store at the same time: each change is whole, and all are in the log."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from stormcell.config import Settings
from stormcell.errors import ConflictError, InputError, NotFoundError
from stormcell.groups.lifecycle import Status
from stormcell.operate import feedback
from stormcell.operate.people import Person
from stormcell.operate.status import set_status
from stormcell.store import SqliteStore

SETTINGS = Settings()


def together(*works: Callable[[], None]) -> None:
    failed: list[BaseException] = []

    def kept(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=kept, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def assert_whole(path: Path, before: set[str]) -> None:
    """Make sure that the groups agree with their atoms, and that no event is lost."""
    with SqliteStore(path, create=False) as store:
        groups = store.groups()
        for group in groups:
            atoms = store.memberships(group.id)
            assert sorted(uid for atom in atoms for row in atom.rows for uid in row.members) == list(group.members)
            assert group.count == len(group.members) == sum(group.signals.values())
            assert group.medoid.uid in group.members
        uids = [uid for group in groups for uid in group.members]
        assert len(uids) == len(set(uids))
        assert set(uids) == before


def test_whatever_two_people_say_at_once_the_groups_stay_whole(store: Path) -> None:
    with SqliteStore(store, create=False) as opened:
        before = {uid for group in opened.groups() for uid in group.members}
    done: Counter[str] = Counter()

    def person(seed: int) -> None:
        chance = random.Random(seed)
        who = Person(f"p{seed}", "", seed)
        with SqliteStore(store, create=False, busy_timeout=60) as opened:
            for _ in range(12):
                groups = opened.groups()
                a, b = chance.sample(groups, 2)
                uid = chance.choice(a.members)
                act = chance.choice(["merge", "split", "move", "pin", "ack"])
                try:
                    match act:
                        case "merge":
                            changed = feedback.merge(opened, [a.id, b.id], who, SETTINGS).changed
                        case "split":
                            changed = feedback.split(opened, a.id, [uid], who, SETTINGS).changed
                        case "move":
                            changed = feedback.move(opened, uid, b.id, who, SETTINGS).changed
                        case "pin":
                            changed = feedback.pin(opened, uid, who, SETTINGS).changed
                        case _:
                            changed = set_status(opened, a.id, Status.ACKNOWLEDGED, who).changed
                except (ConflictError, NotFoundError, InputError):
                    continue
                done[who.name] += changed

    together(lambda: person(1), lambda: person(2))
    assert_whole(store, before)
    with SqliteStore(store, create=False) as opened:
        assert Counter(entry.who for entry in opened.audit_log()) == +done
        assert done.total() > 0


def test_of_two_who_acknowledge_at_once_one_does(store: Path) -> None:
    with SqliteStore(store, create=False) as opened:
        group = opened.groups()[0].id
    changed: list[bool] = []

    def acknowledge(name: str) -> None:
        with SqliteStore(store, create=False) as opened:
            changed.append(set_status(opened, group, Status.ACKNOWLEDGED, Person(name, "", 1)).changed)

    together(lambda: acknowledge("ann"), lambda: acknowledge("bob"))
    assert sorted(changed) == [False, True]
    with SqliteStore(store, create=False) as opened:
        assert len(opened.audit_log(group)) == 1
