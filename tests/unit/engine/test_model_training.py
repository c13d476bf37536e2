"""Training on the side: what it came to is taken once, and each is a span."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from stormcell.codebook.training import Trainer
from stormcell.engine.model_training import Training
from stormcell.telemetry.meters import Attributes, Meters
from tests.unit.engine.modelled import telemetry, watched_settings
from tests.unit.features.build import rows_of


class Recording(Meters):
    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, str]]] = []

    def span(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[object]:
        self.spans.append((name, dict(attributes or {})))
        return nullcontext()


def test_each_training_is_a_span_that_says_what_for() -> None:
    meters = Recording()
    training = Training(run=lambda call: call(), meters=meters)
    trainer = Trainer(watched_settings())
    trainer.offer(rows_of(telemetry(0, 60)))
    training.start(trainer, "drift")
    assert training.result is not None
    assert training.result.codebook is not None
    assert meters.spans == [("stormcell.training", {"stormcell.reason": "drift"})]
    training.take()
    assert training.result is None
