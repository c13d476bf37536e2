"""Hands what is in the outbox to exporters, each from a thread of its own."""

from stormcell.delivery.courier import Courier, Destination, Progress
from stormcell.delivery.delivery import Delivery, DeliveryStats

__all__ = ["Courier", "Delivery", "DeliveryStats", "Destination", "Progress"]
