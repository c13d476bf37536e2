"""Hands what is in the outbox to exporters, each from a thread of its own."""

from stormcell.sidecar.delivery.courier import Courier, Destination, Progress
from stormcell.sidecar.delivery.delivery import Delivery, DeliveryStats

__all__ = ["Courier", "Delivery", "DeliveryStats", "Destination", "Progress"]
