"""Which shape the shipped runbook templates see in real alerts and log lines.

The expectations are judged by hand: what would somebody on call want to read first? They are the table here, never
what the templates happen to give.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from stormcell.config import DraftsSettings
from stormcell.render import Drafter
from stormcell.render.templates import load
from stormcell.text.masking import mask
from stormcell.types import Event, Group, Material, Membership, Signal
from tests.unit.render.samples import SAMPLES, alert, event, events, group, row
from tests.unit.render.test_drafts import EVIL, HARMLESS, check, hostile_group, kinds

DATA = Path(__file__).parents[3] / "benchmarks/data"
SHIPPED = load((), "runbook")
NAMES = [template.name for template in SHIPPED.templates]
DRAFTER = Drafter(DraftsSettings())

# Every alert that kube-prometheus ships, and every one that its runbooks are for.
ALERTS = {
    "certificate": """
        KubeClientCertificateExpiration KubeletClientCertificateExpiration
        KubeletClientCertificateRenewalErrors KubeletServerCertificateExpiration
        KubeletServerCertificateRenewalErrors
    """,
    "control-plane": """
        KubeAPIDown KubeAPIErrorBudgetBurn KubeAPIInstanceUnreachable KubeAPITerminatedRequests
        KubeAggregatedAPIDown KubeAggregatedAPIErrors KubeClientErrors KubeControllerManagerDown
        KubeControllerManagerInstanceUnreachable KubeProxyDown KubeSchedulerDown
        KubeSchedulerInstanceUnreachable KubeVersionMismatch etcdBackendQuotaLowSpace etcdGRPCRequestsSlow
        etcdHighFsyncDurations etcdHighNumberOfFailedGRPCRequests etcdInsufficientMembers etcdMembersDown
        etcdNoLeader
    """,
    "cpu": """
        CPUThrottlingHigh NodeCPUHighUsage NodeSystemSaturation
    """,
    "disk": """
        KubePersistentVolumeErrors KubePersistentVolumeFillingUp KubePersistentVolumeInodesFillingUp
        NodeDiskIOSaturation NodeFilesystemAlmostOutOfFiles NodeFilesystemAlmostOutOfSpace
        NodeFilesystemFilesFillingUp NodeFilesystemSpaceFillingUp NodeRAIDDegraded NodeRAIDDiskFailure
    """,
    "down": """
        TargetDown
    """,
    "job": """
        KubeJobCompletion KubeJobFailed KubeJobNotCompleted
    """,
    "memory": """
        NodeMemoryHighUtilization NodeMemoryMajorPagesFaults
    """,
    "monitoring": """
        AlertmanagerClusterDown AlertmanagerClusterFailedPeers AlertmanagerClusterFailedToSendAlerts
        AlertmanagerConfigInconsistent AlertmanagerFailedReload AlertmanagerFailedToSendAlerts
        AlertmanagerMembersInconsistent ConfigReloaderSidecarErrors GrafanaRequestsFailing InfoInhibitor
        KubeStateMetricsListErrors KubeStateMetricsShardingMismatch KubeStateMetricsShardsMissing
        KubeStateMetricsWatchErrors NodeTextFileCollectorScrapeError PrometheusBadConfig
        PrometheusDuplicateTimestamps PrometheusErrorSendingAlertsToAnyAlertmanager
        PrometheusErrorSendingAlertsToSomeAlertmanagers PrometheusHighQueryLoad
        PrometheusKubernetesListWatchFailures PrometheusLabelLimitHit PrometheusMissingRuleEvaluations
        PrometheusNotConnectedToAlertmanagers PrometheusNotIngestingSamples
        PrometheusNotificationQueueRunningFull PrometheusOperatorListErrors
        PrometheusOperatorNodeLookupErrors PrometheusOperatorNotReady PrometheusOperatorReconcileErrors
        PrometheusOperatorRejectedResources PrometheusOperatorStatusUpdateErrors
        PrometheusOperatorSyncFailed PrometheusOperatorWatchErrors PrometheusOutOfOrderTimestamps
        PrometheusRemoteStorageFailures PrometheusRemoteWriteBehind PrometheusRemoteWriteDesiredShards
        PrometheusRuleFailures PrometheusSDRefreshFailure PrometheusScrapeBodySizeLimitHit
        PrometheusScrapeSampleLimitHit PrometheusTSDBCompactionsFailing PrometheusTSDBReloadsFailing
        PrometheusTargetLimitHit PrometheusTargetSyncFailure Watchdog
    """,
    "network": """
        NodeBondingDegraded NodeHighNumberConntrackEntriesUsed NodeNetworkInterfaceFlapping
        NodeNetworkReceiveErrs NodeNetworkTransmitErrs
    """,
    "node": """
        KubeNodeEviction KubeNodeNotReady KubeNodePressure KubeNodeReadinessFlapping KubeNodeUnreachable
        KubeletDown KubeletInstanceUnreachable KubeletPlegDurationHigh KubeletPodStartUpLatencyHigh
        NodeClockNotSynchronising NodeClockSkewDetected NodeSystemdServiceCrashlooping
        NodeSystemdServiceFailed
    """,
    "restarts": """
        AlertmanagerClusterCrashlooping KubeContainerWaiting KubePdbNotEnoughHealthyPods KubePodCrashLooping
        KubePodNotReady
    """,
    "rollout": """
        KubeDaemonSetMisScheduled KubeDaemonSetNotScheduled KubeDaemonSetRolloutStuck
        KubeDeploymentGenerationMismatch KubeDeploymentReplicasMismatch KubeDeploymentRolloutStuck
        KubeStatefulSetGenerationMismatch KubeStatefulSetReplicasMismatch KubeStatefulSetUpdateNotRolledOut
    """,
    "saturation": """
        KubeCPUOvercommit KubeCPUQuotaOvercommit KubeHpaMaxedOut KubeHpaReplicasMismatch
        KubeMemoryOvercommit KubeMemoryQuotaOvercommit KubeQuotaAlmostFull KubeQuotaExceeded
        KubeQuotaFullyUsed KubeletTooManyPods NodeFileDescriptorLimit
    """,
}

# Of other sources: two exercises for people on call, the anomalies of a shop, and names that are a trap.
OTHERS = {
    "Pod is crash looping.: Crashing pod analytics-exporter-fast-": "restarts",
    "CrashLoopBackoff.: Crashing pod logging-agent in namespace d": "restarts",
    "CPUThrottlingHigh.: 100% throttling of CPU in namespace defa": "cpu",
    'KubernetesWarningEvent: Failed to pull image "yourcompany/c': "restarts",
    "JobFailure: ": "job",
    "KubeletTooManyPods: ": "saturation",
    "HighLatencyForCustomerCheckout: HTTP Requests to the '/check": "latency",
    "KubeDeploymentReplicasMismatch: Deployment default/user-prof": "rollout",
    "KubePodNotReady: ": "restarts",
    "Watchdog: ": "monitoring",
    "MinishopHighLatency: The service is experiencing high latenc": "latency",
    "AppDown: The application is down": "down",
    "KubeCPUOvercommit: Your cluster is currently OK, but if a si": "saturation",
    "KubernetesScheduledHealthCheck": "default",
    "KubernetesPodImagePullBackOff": "restarts",
    "KubernetesPodPending": "saturation",
    "KubernetesPodRestarting": "restarts",
    "HighErrorRate": "errors",
    "KubernetesNodeNotReady": "node",
    "KubernetesDeploymentRolloutStuck": "rollout",
    "RDSReplicationLagHigh": "database",
    "RDSDatabaseConnectionsHigh": "database",
    "RDSFreeStorageSpaceLow": "database",
    "RDSCPUUtilizationHigh": "database",
    "PodClientLatencyP90High": "latency",
    "CpuUsageRateHigh": "cpu",
    "MemoryUsageRateHigh": "memory",
    "ContainerOOMKilled": "memory",
    "fs_usage": "disk",
    "net_receive": "network",
    "dest_p50": "latency",
    "src_p95": "latency",
    "src_qps": "traffic",
    "dest_success_rate": "errors",
    "mem_usage": "memory",
    "KafkaConsumerLag": "queue",
    "RabbitMQQueueFull": "queue",
    "SSLCertExpiringSoon": "certificate",
    "CoreDNSErrorsHigh": "network",
    "SSHBruteForce": "security",
    "PaymentCircuitBreakerOpen": "down",
    # These hold the letters of another shape: hpa, etl, helm, oom, volume, request rate, slow, ssl.
    "PushPaymentFailing": "errors",
    "SettlementFailed": "errors",
    "ServersOverwhelmed": "default",
    "ChatroomErrors": "errors",
    "TrafficVolumeHigh": "traffic",
    "RequestErrorRateHigh": "errors",
    "GatewaySlowDown": "latency",
    "RequestsSlow": "latency",
    "DatabaseDown": "database",
    "PostgresPodCrashLooping": "restarts",
}

LOGS = {
    "Connection error: HTTPConnectionPool(host='nginx-service.test-ns', port=80): Max retries exceeded with url: "
    "/ (Caused by NameResolutionError(\"Failed to resolve 'nginx-service.test-ns' ([Errno -3] Try again)\"))": (
        "network"
    ),
    "2025-05-29 10:15:28,411 - WARNING - Certificate has expired. Update the ssl certificate": "certificate",
    "ExpiredCertException: Certificate expired on 2024-08-03 17:00:08": "certificate",
    "All host(s) tried for db query failed (tried: prod-db:3333) - no available connection and the queue has "
    "reached its max size 256": "database",
    "curl: (7) Failed to connect to localhost port 3003 after 0 ms: Couldn't connect to server": "down",
    'Error from server (BadRequest): container "crw-main-container" in pod "customer-relations-5d98ffcfd-tz4" '
    "is waiting to start: image can't be pulled": "restarts",
    "BackOff Back-off restarting failed container payments-api in pod payments-api-7f9dd8b6c4-x7gr9_payments "
    "(reason: OOMKilled, exit code: 137)": "memory",
    "2026-04-18T10:45:10Z [kernel] Memory cgroup out of memory: Killed process 1 (payments-api)": "memory",
    'FailedMount MountVolume.SetUp failed for volume "kube-api-access-xxxx"': "disk",
    'Failed Failed to pull image "payments:v2.1.0-bad": rpc error: code = NotFound': "restarts",
    "FailedScheduling 0/2 nodes are available: 2 Insufficient cpu. preemption: not helpful": "saturation",
    "Unhealthy Liveness probe failed: HTTP probe failed with statuscode: 500": "restarts",
    'FailedCreate Error creating: pods "payments-api-7f9dd8b6c4-aaaaa" is forbidden: exceeded quota: '
    "default-quota": "saturation",
    "ProgressDeadlineExceeded Deployment payments-api has exceeded its progress deadline (600s)": "rollout",
    "NodeNotReady Node ip-10-0-1-73.us-east-1.compute.internal status is now: NodeNotReady": "node",
    "2026-04-18T10:30:01Z FATAL configuration error: required env var DB_DSN is not set in pod spec": "rollout",
    "DB instance payments-prod is approaching max_connections limit. Current connections: 469 of 500.": "database",
    "remaining connection slots are reserved for non-replication superuser connections": "database",
    "ERROR: deadlock detected": "database",
    "HikariPool-1 - Connection is not available, request timed out after 30000ms.": "database",
    "java.lang.NoSuchMethodError: com.shop.Cart.total()": "rollout",
    "java.util.concurrent.RejectedExecutionException: Task rejected from ThreadPoolExecutor": "saturation",
    "accept4: too many open files": "saturation",
    "write /var/lib/data: no space left on device": "disk",
    "x509: certificate signed by unknown authority": "certificate",
    "javax.net.ssl.SSLHandshakeException: PKIX path building failed": "certificate",
    "dial tcp 10.0.0.7:5432: connect: connection refused": "down",
    "dial tcp: lookup cart on 10.96.0.10:53: no such host": "network",
    "read tcp 10.0.0.1:80->10.0.0.2:5000: i/o timeout": "network",
    "upstream connect error or disconnect/reset before headers. no healthy upstream": "down",
    "etcdserver: request timed out, possibly due to previous leader failure": "control-plane",
    "Offset 42 out of range for partition orders-3": "queue",
    "429 Too Many Requests from api.example.com": "traffic",
    "sshd[812]: Failed password for invalid user admin from 203.0.113.9 port 4022": "security",
    "Job has reached the specified backoff limit": "job",
    "rpc error: code = DeadlineExceeded desc = context deadline exceeded": "latency",
    "Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception": "errors",
    "[getRoutesByRouteIds][Get Route By Ids Failed]": "errors",
    "[verifyCode][Get image code warn][Code not found]": "default",
    "Multi-AZ instance failover completed. payments-prod now running on standby host us-east-1b.": "default",
    "received SIGTERM, initiating graceful shutdown": "default",
    # Words that are not trouble by themselves.
    "Throttler: acquired initMutex lock": "default",
    "high watermark moved to 42": "default",
    "NodeFilesystemFilesFillingUp": "default",
    "Evicted Topologies []": "default",
}


def alerting(name: str) -> Group:
    medoid = alert("u1", name, "shop", 0)
    return group([row(medoid)], medoid)[0]


def logged(text: str) -> Group:
    medoid = event("u1", text)
    return replace(group([row(medoid)], medoid)[0], template=mask(text))


def test_every_alert_of_the_rules_and_runbooks_is_judged() -> None:
    names = {
        name for file in DATA.glob("alert-rules/*.yaml") for name in re.findall(r"alert: (\S+)", file.read_text())
    }
    names |= {file.stem for file in DATA.glob("runbooks/*/*.md")} - {"_index"}
    judged = [name for names in ALERTS.values() for name in names.split()]
    assert sorted(judged) == sorted(names)


@pytest.mark.parametrize("shape", ALERTS)
def test_alerts_of_kube_prometheus_get_the_shape_that_an_engineer_expects(shape: str) -> None:
    for name in ALERTS[shape].split():
        assert SHIPPED.choose(alerting(name)).name == shape, name


@pytest.mark.parametrize(("name", "shape"), OTHERS.items())
def test_other_alerts_get_the_shape_that_an_engineer_expects(name: str, shape: str) -> None:
    assert SHIPPED.choose(alerting(name)).name == shape


@pytest.mark.parametrize(("text", "shape"), LOGS.items())
def test_log_lines_get_the_shape_that_an_engineer_expects(text: str, shape: str) -> None:
    assert SHIPPED.choose(logged(text)).name == shape


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_drafts_every_kind_of_exemplar(name: str) -> None:
    for sample in SAMPLES.values():
        made, atom = sample()
        draft = DRAFTER.draft("runbook", Material(made, [atom]), name)
        check(draft, events([atom]))
        assert draft.template == name
        assert kinds(draft) <= HARMLESS
        assert not re.search(r"\{[{%#]|[}%#]\}|\n{3}| \n", draft.markdown)
        assert re.findall(r"^## (.+)$", draft.markdown, re.MULTILINE) == [
            *("Meaning", "Impact", "Diagnosis", "Mitigation", "Verification", "Escalation", "Evidence"),
        ]


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_stays_harmless_with_hostile_telemetry(name: str) -> None:
    for signal in Signal:
        made, atom = hostile_group(EVIL, "u1")
        medoid: Event = replace(made.medoid, signal=signal)
        hostile: tuple[Group, Membership] = (
            replace(made, medoid=medoid, earliest=medoid),
            replace(
                atom, rows=tuple(replace(one, event=medoid) if one.event.uid == "u1" else one for one in atom.rows)
            ),
        )
        draft = DRAFTER.draft("runbook", Material(hostile[0], [hostile[1]]), name)
        assert kinds(draft) <= HARMLESS


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hostile", [False, True])
def test_commands_of_every_shape_are_whole_and_name_real_places(name: str, hostile: bool) -> None:
    made, atom = hostile_group("a'; $(x)`y` #\n|", "-u; reboot") if hostile else SAMPLES["latency"]()
    markdown = DRAFTER.draft("runbook", Material(made, [atom]), name).markdown
    fences = re.findall(r"^```sh\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)
    script = "".join(fences)
    assert script.count("\n") > 5
    assert all(line and line == line.strip() for line in script.splitlines())
    # Only the shell's own reading: nothing is run.
    read = subprocess.run(["/bin/sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")
    if not hostile:
        assert "ts-order-service" in script or "node-76" in script or name == "control-plane"
