"""The table of pages: each part has one of its own. The first that fits answers."""

from __future__ import annotations

from typing import Final

from stormcell.web.call import View
from stormcell.web.drafts import views as drafts
from stormcell.web.group import views as group
from stormcell.web.model import views as model
from stormcell.web.triage import views as triage

VIEWS: Final[tuple[View, ...]] = (*triage.VIEWS, *group.VIEWS, *drafts.VIEWS, *model.VIEWS)
