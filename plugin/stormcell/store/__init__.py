"""Where groups, their members and drafts are kept between runs."""

from stormcell.store.sqlite import SqliteStore

__all__ = ["SqliteStore"]
