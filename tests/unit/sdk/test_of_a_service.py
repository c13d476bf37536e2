"""What fails on one route of the shop is one incident, what fails on another is another."""

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Tracer

from stormcell.config import Settings
from stormcell.sdk import Hub, StormcellSpanProcessor
from stormcell.testing import InMemoryGroupExporter


def handle(tracer: Tracer, route: str) -> None:
    """Stands for the service: fails in one way or in another."""
    with tracer.start_as_current_span(f"POST {route}", attributes={"http.route": route}):
        if route == "/pay":
            raise TimeoutError("the bank does not answer")
        raise LookupError("the cart is gone")


def test_routes_are_incidents_of_their_own(tmp_path: Path) -> None:
    settings = Settings.model_validate({"live": {"data": tmp_path}, "rules": {"same": ["http.route"]}})
    exporter = InMemoryGroupExporter()
    provider = TracerProvider()
    provider.add_span_processor(StormcellSpanProcessor(Hub(settings, exporters=[exporter])))
    tracer = provider.get_tracer("shop")

    for _ in range(3):
        with pytest.raises(TimeoutError):
            handle(tracer, "/pay")
        with pytest.raises(LookupError):
            handle(tracer, "/cart")
    provider.shutdown()

    pay, cart = exporter.groups()
    assert (pay.medoid.text, pay.count) == ("POST /pay", 3)
    assert (cart.medoid.text, cart.count) == ("POST /cart", 3)
