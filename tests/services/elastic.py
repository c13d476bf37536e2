"""Elasticsearch, the real server: of either major version, with security and TLS on or off."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import ssl
import subprocess
import urllib.request
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.services.servers import PATIENCE, ROOT, Server, Servers, free_port

VERSIONS: Final = {9: "9.4.3", 8: "8.19.5"}
ADMIN: Final = "admin"
"""The user of the tests themselves, who may do anything."""
CERTIFICATE: Final = ROOT / "tests" / "fixtures" / "tls" / "localhost.pem"
"""What a server with TLS shows, signed by itself."""

QUICK: Final = "-XX:-UseG1GC -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Options of Java by which a node starts in two thirds of the time; no test is long enough to be slower for it."""

_FIRST_COMPILER: Final = "-XX:TieredStopAtLevel=1"

Role = Mapping[str, Any]


def password(user: str) -> str:
    """Return the password of a user."""
    return f"password-of-{user}"


@dataclass
class Elasticsearch:
    """A running node, how to reach it, and all that a second start takes."""

    url: str
    version: str
    security: bool
    home: Path
    java: str = QUICK
    server: Server = field(init=False)

    @property
    def ca_file(self) -> str:
        """What to trust, "" without TLS."""
        return str(CERTIFICATE) if self.url.startswith("https:") else ""

    def call(self, method: str, path: str, body: Any = None, user: str = ADMIN) -> Any:
        """Send a request and return the JSON of the answer; ``body`` is text (NDJSON), or becomes JSON.

        Raises
        ------
        urllib.error.HTTPError
            Where it is refused.
        """
        kind = "application/x-ndjson" if isinstance(body, str) else "application/json"
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {"Content-Type": kind}
        if self.security:
            headers["Authorization"] = f"Basic {b64encode(f'{user}:{password(user)}'.encode()).decode()}"
        request = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        trusted = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None
        with urllib.request.urlopen(request, timeout=PATIENCE, context=trusted) as answer:
            return json.loads(answer.read() or "null")

    def documents(self, index: str) -> dict[str, Any]:
        """Return what an index holds, at most 10,000 documents, by their ids; also what was just written."""
        self.call("POST", f"{index}/_refresh")
        found = self.call("POST", f"{index}/_search", {"size": 10_000, "query": {"match_all": {}}})
        return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}

    def stop(self) -> None:
        """Let it end in order."""
        self.server.stop()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.server.kill()

    def start(self, servers: Servers) -> None:
        """Start it, also once more: at the same URL and with the same data."""
        program = self.home / "bin" / "elasticsearch"
        self.server = servers.start(
            "elasticsearch", [program], self.answers, _variables(self.home, self.java), _user()
        )

    def answers(self) -> bool:
        """Tell whether it works."""
        try:
            self.call("GET", "_cluster/health")
        except OSError:
            return False
        return True


def start_elasticsearch(
    servers: Servers,
    version: str = VERSIONS[9],
    *,
    security: bool = False,
    tls: bool = False,
    users: Mapping[str, Sequence[str]] | None = None,
    roles: Mapping[str, Role] | None = None,
    java: str = QUICK,
) -> Elasticsearch:
    """Start a node.

    Without security anyone of this machine may use it. With security it knows ``users``, each with the names of
    their roles, and ``ADMIN``; what a role may is in ``roles``, by its name.
    """
    installed = ROOT / ".services" / f"elasticsearch-{version}"
    assert installed.is_dir(), f"{installed} is not there: scripts/services/elasticsearch makes it ready"
    # A copy, as it writes below itself: logs, and keys beside its settings.
    home = servers.copy(installed, _user())
    port = free_port()
    settings: dict[str, Any] = {
        "discovery.type": "single-node",
        "path.data": str(servers.data(_user())),
        "http.host": "127.0.0.1",
        "http.port": port,
        "transport.host": "127.0.0.1",
        "transport.port": 0,
        "xpack.security.enabled": security,
        # It works on a disk that is nearly full, too.
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }
    if tls:
        for file in (CERTIFICATE, CERTIFICATE.with_suffix(".key")):
            shutil.copyfile(file, home / "config" / file.name)
        prefix = "xpack.security.http.ssl"
        settings |= {
            f"{prefix}.enabled": True,
            f"{prefix}.certificate": CERTIFICATE.name,
            f"{prefix}.key": CERTIFICATE.with_suffix(".key").name,
        }
    (home / "config" / "elasticsearch.yml").write_text(yaml.safe_dump(settings), "utf-8")
    if security:
        (home / "config" / "roles.yml").write_text(yaml.safe_dump(dict(roles or {})), "utf-8")
        for name, theirs in {ADMIN: ["superuser"], **(users or {})}.items():
            _add_user(home, name, theirs)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    node = Elasticsearch(url, version, security, home, java)
    node.start(servers)
    return node


def _add_user(home: Path, name: str, roles: Sequence[str]) -> None:
    user = _user()
    command = [home / "bin" / "elasticsearch-users", "useradd", name, "-p", password(name), "-r", ",".join(roles)]
    subprocess.run(
        [*map(str, command)],
        check=True,
        env={**os.environ, **_variables(home)},
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=[] if user else None,
    )


def _variables(home: Path, java: str = QUICK) -> dict[str, str]:
    return {
        "ES_JAVA_HOME": str(home / "jdk"),
        "ES_JAVA_OPTS": f"-Xms512m -Xmx512m {java}",
        "CLI_JAVA_OPTS": _FIRST_COMPILER,
        "ES_PATH_CONF": str(home / "config"),
    }


def _user() -> pwd.struct_passwd | None:
    """Return as whom it runs where we are root: as root it refuses to."""
    return None if os.geteuid() else pwd.getpwnam("nobody")
