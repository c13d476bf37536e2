"""All sections together."""

from __future__ import annotations

from stormcell.config.base import Section
from stormcell.config.codebook import CodebookSettings, DriftSettings, RolloutSettings
from stormcell.config.drafts import DraftsSettings
from stormcell.config.forward import ForwardSettings
from stormcell.config.journal import JournalSettings
from stormcell.config.kibana_alerts import KibanaAlertsSettings
from stormcell.config.live import LiveSettings
from stormcell.config.notifications import NotificationsSettings
from stormcell.config.receivers import ReceiversSettings
from stormcell.config.retention import RetentionSettings
from stormcell.config.rules import RulesSettings
from stormcell.config.sdk import SdkSettings
from stormcell.config.sections import (
    BackgroundSettings,
    GroupingSettings,
    LabelsSettings,
    LinksSettings,
    PrivacySettings,
    RecurrenceSettings,
    RowsSettings,
    ServicesSettings,
    StoreSettings,
    TextSettings,
    WeightsSettings,
)
from stormcell.config.telemetry import TelemetrySettings
from stormcell.config.web import WebSettings
from stormcell.config.webhooks import WebhooksSettings


class Settings(Section):
    """Everything that can be set; made by itself it holds the defaults."""

    privacy: PrivacySettings = PrivacySettings()
    text: TextSettings = TextSettings()
    rows: RowsSettings = RowsSettings()
    links: LinksSettings = LinksSettings()
    services: ServicesSettings = ServicesSettings()
    background: BackgroundSettings = BackgroundSettings()
    labels: LabelsSettings = LabelsSettings()
    weights: WeightsSettings = WeightsSettings()
    grouping: GroupingSettings = GroupingSettings()
    recurrence: RecurrenceSettings = RecurrenceSettings()
    codebook: CodebookSettings = CodebookSettings()
    drift: DriftSettings = DriftSettings()
    rollout: RolloutSettings = RolloutSettings()
    store: StoreSettings = StoreSettings()
    drafts: DraftsSettings = DraftsSettings()
    journal: JournalSettings = JournalSettings()
    receivers: ReceiversSettings = ReceiversSettings()
    web: WebSettings = WebSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    kibana_alerts: KibanaAlertsSettings = KibanaAlertsSettings()
    live: LiveSettings = LiveSettings()
    retention: RetentionSettings = RetentionSettings()
    rules: RulesSettings = RulesSettings()
    notifications: NotificationsSettings = NotificationsSettings()
    forward: ForwardSettings = ForwardSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    sdk: SdkSettings = SdkSettings()
