"""The settings: ``stormcell.yaml``, overridden by ``STORMCELL_SECTION__NAME``."""

from stormcell.config.codebook import CodebookSettings, DriftSettings, RolloutSettings
from stormcell.config.conditions import Condition, EventCondition, GroupCondition
from stormcell.config.drafts import DraftsSettings, LinkSettings, PublisherSettings
from stormcell.config.forward import ForwardSettings
from stormcell.config.journal import JournalSettings
from stormcell.config.kibana_alerts import KibanaAlertsSettings
from stormcell.config.live import LiveSettings
from stormcell.config.loading import DEFAULT_FILE, load, reference
from stormcell.config.notifications import (
    ExporterSettings,
    MaintenanceSettings,
    NotificationsSettings,
    SilenceSettings,
)
from stormcell.config.receivers import ReceiversSettings
from stormcell.config.rules import ApartRule, RulesSettings, SameRule, TogetherRule
from stormcell.config.sdk import SdkSettings
from stormcell.config.sections import (
    LEXICAL_ONLY,
    BackgroundSettings,
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
from stormcell.config.web import WebSettings
from stormcell.config.webhooks import MappingSettings, WebhooksSettings

__all__ = [
    "DEFAULT_FILE",
    "LEXICAL_ONLY",
    "ApartRule",
    "BackgroundSettings",
    "CodebookSettings",
    "Condition",
    "DraftsSettings",
    "DriftSettings",
    "EventCondition",
    "ExporterSettings",
    "ForwardSettings",
    "GroupCondition",
    "GroupingSettings",
    "JournalSettings",
    "KibanaAlertsSettings",
    "LabelsSettings",
    "LinkSettings",
    "LinksSettings",
    "LiveSettings",
    "MaintenanceSettings",
    "MappingSettings",
    "MaskSettings",
    "NotificationsSettings",
    "PrivacySettings",
    "PublisherSettings",
    "ReceiversSettings",
    "RecurrenceSettings",
    "RolloutSettings",
    "RowsSettings",
    "RulesSettings",
    "SameRule",
    "SdkSettings",
    "ServiceRule",
    "ServicesSettings",
    "Settings",
    "SilenceSettings",
    "StoreSettings",
    "TelemetrySettings",
    "TextSettings",
    "TogetherRule",
    "WebSettings",
    "WebhooksSettings",
    "WeightsSettings",
    "load",
    "reference",
]
