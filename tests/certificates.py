"""Certificates, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Pair:
    certificate: Path
    key: Path


class Authority:
    """Makes keys and certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.pair = self._pair("authority")
        openssl("req", "-x509", "-new", "-key", self.pair.key, "-subj", "/CN=authority", "-days", "2")(
            "-out", self.pair.certificate
        )

    def issue(self, name: str) -> Pair:
        pair = self._pair(name)
        request, more = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        more.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("req", "-new", "-key", pair.key, "-subj", f"/CN={name}")("-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.pair.certificate, "-CAkey", self.pair.key)(
            "-CAcreateserial", "-days", "2", "-extfile", more, "-out", pair.certificate
        )
        return pair

    def _pair(self, name: str) -> Pair:
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")("-out", pair.key)
        return pair


def openssl(*arguments: str | Path) -> Any:
    """Return a call that takes the rest of the arguments."""
    program = shutil.which("openssl")
    assert program, "these tests need the openssl command"

    def run(*rest: str | Path) -> None:
        done = subprocess.run([program, *arguments, *rest], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return run
