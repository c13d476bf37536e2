"""What is read of a store: groups, their members and drafts, and what groups are known again by."""

from __future__ import annotations

from collections.abc import Iterable

from stormcell.errors import ConflictError
from stormcell.store import codec, listing, reading, recurring
from stormcell.store.codec import from_key, to_key
from stormcell.store.listing import Order, Position, Wanted
from stormcell.store.transactions import Connected
from stormcell.types import Draft, Family, Group, Grouping, Membership, Past, Totals


class Grouped(Connected):
    """The part of a store that tells what is in it; see the module."""

    def groups(self, *, status: str | None = None) -> list[Group]:
        """Return the groups, of one status or all, ascending by (first_seen, id)."""
        with self._reading() as connection:
            if connection is None:
                return []
            wanted = None if status is None else to_key(status)
            found = connection.execute(
                "SELECT id, status, first_seen, document FROM groups WHERE ? IS NULL OR status = ?",
                (wanted, wanted),
            )
            groups = [reading.group(connection, *columns) for columns in found.fetchall()]
            return sorted(groups, key=lambda group: (group.first_seen, group.id))

    def group(self, id: str) -> Group | None:
        """Return the group of an id, or of the one id that starts so; None if there is none.

        Raises
        ------
        StoreError
            If several ids start so.
        """
        with self._reading() as connection:
            if connection is None or not id:
                return None
            one = "SELECT id, status, first_seen, document FROM groups WHERE id = ?"
            columns = connection.execute(one, (to_key(id),)).fetchone()
            if columns is None:
                ids = [from_key(key) for (key,) in connection.execute("SELECT id FROM groups")]
                candidates = sorted(other for other in ids if other.startswith(id))
                if len(candidates) > 1:
                    raise ConflictError(
                        f"{len(candidates)} groups start with {id}: {reading.listed(candidates)}; write more"
                    )
                if not candidates:
                    return None
                columns = connection.execute(one, (to_key(candidates[0]),)).fetchone()
            return reading.group(connection, *columns)

    def memberships(self, group_id: str) -> list[Membership]:
        """Return the atoms of a group, by its whole id, in the order of their grouping."""
        with self._reading() as connection:
            if connection is None:
                return []
            return reading.memberships(connection, to_key(group_id))

    def page_of_groups(
        self, wanted: Wanted, order: Order, *, limit: int, after: Position | None = None
    ) -> list[Group]:
        """Return at most ``limit`` of the groups that are wanted, in an order.

        Their members and profiles are left out.

        Parameters
        ----------
        wanted : Wanted
        order : Order
        limit : int
        after : Position, optional
            Only those after where this one stands or stood.
        """
        with self._reading() as connection:
            return [] if connection is None else listing.groups(connection, wanted, order, limit, after)

    def status_counts(self) -> dict[str, int]:
        """Return how many groups there are of each status that there is."""
        with self._reading() as connection:
            return {} if connection is None else listing.status_counts(connection)

    def page_of_members(
        self, group_id: str, *, limit: int, after: str | None = None
    ) -> list[tuple[str, Membership]]:
        """Return at most ``limit`` events of a group, by its whole id, ascending by uid.

        Returns
        -------
        list of (str, Membership)
            The event's uid, and its atom with no more than the event's row, of which no more than this uid.
        """
        with self._reading() as connection:
            return [] if connection is None else listing.members(connection, group_id, limit, after)

    def background(self, *, text: str = "", service: str = "") -> list[Membership]:
        """Return the atoms that are in no group, the most surprising first.

        Parameters
        ----------
        text : str
            Only those with an event whose text holds this, in any case.
        service : str
            Only those with an event of this service, the same event if both are asked for.
        """
        with self._reading() as connection:
            return [] if connection is None else reading.background(connection, text, service)

    def grouping(self) -> Grouping:
        """Return all groups as if one run had found them; of the memberships those of the background only."""
        apart = tuple(self.background())
        groups = tuple(self.groups())
        inside = sum(group.count for group in groups)
        return Grouping(
            events=inside + sum(len(row.members) for atom in apart for row in atom.rows),
            duplicates=0,
            groups=groups,
            memberships=apart,
        )

    def membership_of(self, uid: str) -> Membership | None:
        """Return the atom, background included, that holds an event; None if none does.

        Parameters
        ----------
        uid : str
            The event's; for an alert its fingerprint will do.

        Raises
        ------
        StoreError
            If alerts of that fingerprint are in several atoms.
        """
        with self._reading() as connection:
            return None if connection is None else reading.membership_of(connection, uid)

    def unknown(self, uids: Iterable[str]) -> set[str]:
        """Return which of these events are not stored."""
        wanted = set(uids)
        with self._reading() as connection:
            if connection is None:
                return wanted
            query = "SELECT 1 FROM members WHERE uid = ?"
            return {uid for uid in wanted if connection.execute(query, (to_key(uid),)).fetchone() is None}

    def drafts(self, group_id: str) -> list[Draft]:
        """Return the drafts of a group, by its whole id, in the order they were saved."""
        with self._reading() as connection:
            if connection is None:
                return []
            found = connection.execute(
                "SELECT kind, document FROM drafts WHERE group_id = ? ORDER BY id", (to_key(group_id),)
            )
            return [codec.load_draft(document, group_id, from_key(kind)) for kind, document in found]

    def past(self) -> list[Past]:
        """Return what every group is known again by, ascending by id."""
        with self._reading() as connection:
            return [] if connection is None else recurring.past(connection)

    def families(self) -> list[Family]:
        """Return the families that were saved last, ascending by id."""
        with self._reading() as connection:
            return [] if connection is None else recurring.families(connection)

    def statuses(self) -> dict[str, str]:
        """Return the status of every group by its id."""
        with self._reading() as connection:
            found = [] if connection is None else connection.execute("SELECT id, status FROM groups").fetchall()
            return {from_key(id): from_key(status) for id, status in found}

    def totals(self, time: int) -> Totals:
        """Return how many events and groups there are, as of a time, ns, which is now."""
        with self._reading() as connection:
            return Totals(time, 0, 0, 0, 0, 0) if connection is None else reading.totals(connection, time)
