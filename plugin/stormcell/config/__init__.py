"""The settings: ``stormcell.yaml``, overridden by ``STORMCELL_SECTION__NAME``."""

from stormcell.config.loading import DEFAULT_FILE, load, reference
from stormcell.config.sections import (
    LEXICAL_ONLY,
    BackgroundSettings,
    DraftsSettings,
    GroupingSettings,
    LabelsSettings,
    LinksSettings,
    MaskSettings,
    PrivacySettings,
    RecurrenceSettings,
    RowsSettings,
    ServiceRule,
    ServicesSettings,
    Settings,
    StoreSettings,
    TextSettings,
    WeightsSettings,
)

__all__ = [
    "DEFAULT_FILE",
    "LEXICAL_ONLY",
    "BackgroundSettings",
    "DraftsSettings",
    "GroupingSettings",
    "LabelsSettings",
    "LinksSettings",
    "MaskSettings",
    "PrivacySettings",
    "RecurrenceSettings",
    "RowsSettings",
    "ServiceRule",
    "ServicesSettings",
    "Settings",
    "StoreSettings",
    "TextSettings",
    "WeightsSettings",
    "load",
    "reference",
]
