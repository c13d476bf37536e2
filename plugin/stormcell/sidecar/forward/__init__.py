"""Sends telemetry on to where it would have gone without us, with what is known of its groups."""

from stormcell.sidecar.forward.build import build
from stormcell.sidecar.forward.forwarder import Forwarder, ForwardStats, Tail
from stormcell.sidecar.forward.rewrite import Rewriter
from stormcell.sidecar.position import Position

__all__ = ["ForwardStats", "Forwarder", "Position", "Rewriter", "Tail", "build"]
