"""The settings: ``stormcell.yaml``, overridden by ``STORMCELL_SECTION__NAME``."""

from stormcell.config.conditions import Condition, EventCondition, GroupCondition
from stormcell.config.forward import ForwardSettings
from stormcell.config.journal import JournalSettings
from stormcell.config.live import LiveSettings
from stormcell.config.loading import DEFAULT_FILE, load, reference
from stormcell.config.notifications import NotificationsSettings
from stormcell.config.receivers import ReceiversSettings
from stormcell.config.rules import ApartRule, RulesSettings, SameRule, TogetherRule
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
    StoreSettings,
    TextSettings,
    WeightsSettings,
)
from stormcell.config.settings import Settings
from stormcell.config.telemetry import TelemetrySettings
from stormcell.config.webhooks import WebhooksSettings

__all__ = [
    "DEFAULT_FILE",
    "LEXICAL_ONLY",
    "ApartRule",
    "BackgroundSettings",
    "Condition",
    "DraftsSettings",
    "EventCondition",
    "ForwardSettings",
    "GroupCondition",
    "GroupingSettings",
    "JournalSettings",
    "LabelsSettings",
    "LinksSettings",
    "LiveSettings",
    "MaskSettings",
    "NotificationsSettings",
    "PrivacySettings",
    "ReceiversSettings",
    "RecurrenceSettings",
    "RowsSettings",
    "RulesSettings",
    "SameRule",
    "ServiceRule",
    "ServicesSettings",
    "Settings",
    "StoreSettings",
    "TelemetrySettings",
    "TextSettings",
    "TogetherRule",
    "WebhooksSettings",
    "WeightsSettings",
    "load",
    "reference",
]
