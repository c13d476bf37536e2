from __future__ import annotations

from math import log as ln
from math import log1p

import numpy as np
import pytest

from stormcell.config import BackgroundSettings, ServicesSettings
from stormcell.features.blame import Accusations, accuse
from stormcell.features.calls import CallGraph
from stormcell.features.peers import peer
from stormcell.features.surprise import Surprise
from stormcell.types import Event, Rows
from tests.unit.features.build import alert, log, rows_of, span

SURPRISE = 2.0
FAILURE = 3.0
SCALE = SURPRISE + 0.05


def surprising(count: int) -> Surprise:
    known = np.zeros(count, dtype=bool)
    return Surprise(np.full(count, SURPRISE), np.ones(count), known, np.full(count, FAILURE))


def judge(*events: Event) -> tuple[Rows, Accusations]:
    rows = rows_of(events)
    calls = CallGraph(BackgroundSettings())
    calls.learn(rows)
    return rows, accuse(rows, surprising(len(rows)), calls, ServicesSettings())


def accused(*events: Event) -> dict[str, tuple[str, float]]:
    """Return for each uid (rows hold one event here) whom it accuses, and how much."""
    rows, found = judge(*events)
    assert rows.weight.tolist() == [1] * len(rows)
    return {
        event.uid: (
            found.services[found.accused[row]] if found.accused[row] >= 0 else "",
            float(found.amount[row]),
        )
        for row, event in enumerate(rows.events)
    }


def uid(number: int) -> str:
    return f"{number:016x}"


def amount(weight: float, exclusive_ms: float) -> object:
    return pytest.approx(weight * SCALE * (1 + log1p(exclusive_ms)))


def test_the_deepest_failed_span_accuses_most() -> None:
    found = accused(
        span(1, ms=100, failed=True, text="front"),
        span(2, 1, ms=60, failed=True, text="middle"),
        span(3, 2, ms=10, failed=True, text="back"),
        span(4, 2, ms=20, text="side"),
    )
    assert found[uid(1)][1] == amount(0.1, 40)
    assert found[uid(2)][1] == amount(0.1, 30)  # 60 without the 10 and the 20 of its children
    assert found[uid(3)][1] == amount(1.0, 10)
    assert found[uid(4)][1] == amount(0.3, 20)


def test_a_failed_span_whose_children_went_well_is_where_it_failed() -> None:
    found = accused(span(1, ms=9, failed=True, text="front"), span(2, 1, ms=4, text="back"))
    assert found[uid(1)][1] == amount(1.0, 5)


def test_children_side_by_side_leave_no_negative_time() -> None:
    found = accused(span(1, ms=10, text="a"), span(2, 1, ms=8, text="b"), span(3, 1, ms=8, text="c"))
    assert found[uid(1)][1] == amount(0.1, 0)


def test_a_span_that_names_itself_as_parent_is_a_root() -> None:
    assert accused(span(1, 1, ms=5))[uid(1)][1] == amount(0.3, 5)


def test_a_parent_that_was_not_seen_makes_no_difference() -> None:
    assert accused(span(1, 77, ms=5))[uid(1)] == accused(span(1, ms=5))[uid(1)]


def test_a_span_accuses_the_service_that_it_was_seen_to_call() -> None:
    found = accused(
        span(1, text="call", service="front"),
        span(2, 1, text="serve", service="back"),
        span(3, text="call", service="front", trace_id="b" * 32),  # this one's child is missing
    )
    assert {number: found[uid(number)][0] for number in (1, 2, 3)} == {1: "back", 2: "back", 3: "back"}


def test_the_most_frequent_callee_is_learned() -> None:
    found = accused(
        span(1, text="call", service="front"),
        span(2, 1, text="serve", service="rare"),
        span(3, 1, text="serve", service="usual"),
        span(4, 1, text="more", service="usual"),
    )
    assert found[uid(1)][0] == "usual"


def test_a_call_to_oneself_is_no_call() -> None:
    assert accused(span(1, text="a"), span(2, 1, text="b"))[uid(1)][0] == "shop"


def test_a_service_named_in_the_operation_is_accused() -> None:
    found = accused(
        span(1, text="POST ts.Order-Service/create", service="front"),
        span(2, text="work", service="ts-order-service"),
    )
    assert found[uid(1)][0] == "ts-order-service"


def test_the_longest_name_wins() -> None:
    found = accused(
        span(1, text="paymentservice.Charge", service="front"),
        span(2, service="payment"),
        span(3, service="paymentservice", trace_id="b" * 32),
    )
    assert found[uid(1)][0] == "paymentservice"


def test_what_was_seen_beats_what_is_named() -> None:
    found = accused(
        span(1, text="ask cart-service", service="front"),
        span(2, 1, text="b", service="proxy"),
        span(3, text="c", service="cart-service"),
    )
    assert found[uid(1)][0] == "proxy"


def test_a_mask_names_no_service() -> None:
    found = accused(span(1, text="to joe@shop.example", service="front"), span(2, service="email"))
    assert found[uid(1)][0] == "front"


def test_logs_and_alerts_accuse_their_own_service() -> None:
    found = accused(
        log(uid="info", text="calls cart-service"),
        log(uid="error", severity=17),
        alert(uid="alert"),
        log(uid="other", service="cart-service"),
    )
    assert {found[uid][0] for uid in ("info", "error", "alert")} == {"shop"}
    assert found["info"][1] == pytest.approx(0.7 * SCALE)
    assert found["error"][1] == pytest.approx(SCALE)
    assert found["alert"][1] == pytest.approx(SCALE)


def test_amounts_grow_with_the_weight_of_a_row() -> None:
    _, found = judge(log(0.1, text="a 1"), log(0.2, text="a 2"), log(0.3, text="a 3"))
    assert found.amount.tolist() == pytest.approx([3 * 0.7 * SCALE])
    _, found = judge(span(1, ms=3), span(2, ms=3))
    assert found.amount.tolist() == pytest.approx([2 * 0.3 * SCALE * (1 + ln(4))])


def test_without_a_service_nobody_is_accused() -> None:
    _, found = judge(log(service=""), span(1, service=""))
    assert found.services == ()
    assert found.accused.tolist() == [-1, -1]


def test_hops_in_the_call_graph() -> None:
    chain = [span(n, n - 1, text=f"t{n}", service=f"s{n}") for n in range(1, 8)]
    pair = [span(20, text="p", service="x"), span(21, 20, text="q", service="y")]
    _, found = judge(*chain, *pair, log(service="loner"))
    hops = {
        (a, b): found.hops[i, j] * 4 for i, a in enumerate(found.services) for j, b in enumerate(found.services)
    }
    assert [hops["s1", f"s{n}"] for n in range(1, 8)] == [0, 1, 2, 3, 4, 4, 4]
    assert hops["s1", "x"] == 4  # no way there
    assert all(np.isnan(hops["loner", other]) for other in found.services if other != "loner")
    assert hops["loner", "loner"] == 0
    assert np.array_equal(found.hops, found.hops.T, equal_nan=True)


def test_hops_take_the_shortest_way() -> None:
    ring = [span(n, n - 1, text=f"t{n}", service=f"s{n % 4}") for n in range(1, 6)]
    _, found = judge(*ring)
    assert (found.hops[0] * 4).tolist() == [0, 1, 2, 1]


def test_nothing() -> None:
    rows = rows_of([])
    found = accuse(rows, surprising(0), CallGraph(BackgroundSettings()), ServicesSettings())
    assert (found.accused.shape, found.hops.shape) == ((0,), (0, 0))


PEERS = {
    "a service": ({"peer.service": "payments"}, "payments"),
    "a service, as newer conventions say it": (
        {"service.peer.name": "payments", "peer.service": "old"},
        "payments",
    ),
    "a host": ({"url.full": "https://api.pay.example:8443/v1?key=1"}, "api.pay.example"),
    "a host, as older conventions say it": ({"http.url": "http://pay/v1"}, "pay"),
    "a database": ({"db.system.name": "postgresql", "server.address": "orders-db"}, "orders-db"),
    "a database at an address": ({"db.system.name": "redis", "server.address": "10.0.0.7"}, "redis"),
    "an address": ({"url.full": "http://10.0.0.7:8080/pay"}, "shop"),
    "a proxy of this machine": ({"url.full": "http://localhost:3500/pay"}, "shop"),
    "a database of this process": ({"db.system": "sqlite"}, "sqlite"),
    "nobody": ({"server.address": "shop.example"}, "shop"),
    "itself, as servers do": ({"http.route": "/cart", "http.url": "http://shop.example/cart"}, "shop"),
    "no text": ({"peer.service": 7}, "shop"),
    "no address": ({"url.full": "http://[::1"}, "shop"),
}


@pytest.mark.parametrize("named", PEERS)
def test_a_failed_span_accuses_the_peer_that_it_names(named: str) -> None:
    attributes, blamed = PEERS[named]
    assert accused(span(1, failed=True, attributes=attributes))[uid(1)][0] == blamed


def test_a_peer_is_accused_by_how_unusual_it_is_that_the_call_fails() -> None:
    found = accused(
        span(1, failed=True, attributes={"peer.service": "payments"}), span(2, failed=True, text="other")
    )
    assert (found[uid(1)][0], found[uid(2)][0]) == ("payments", "shop")
    assert found[uid(1)][1] == pytest.approx((FAILURE + 0.05) * (1 + log1p(1)))
    assert found[uid(2)][1] == amount(1.0, 1)


def test_a_peer_that_is_heard_is_known_by_the_first_part_of_its_host() -> None:
    host = {"url.full": "http://stock.prod.svc:80/"}
    found = accused(span(1, failed=True, attributes=host), span(2, service="stock"))
    assert found[uid(1)][0] == "stock"


def test_what_a_call_was_seen_to_reach_goes_before_the_peer_that_it_names() -> None:
    found = accused(
        span(1, text="call", service="front"),
        span(2, 1, text="serve", service="back"),
        span(3, text="call", service="front", failed=True, attributes={"peer.service": "balancer"}),
    )
    assert found[uid(3)][0] == "back"


def test_a_peer_of_what_went_well_or_failed_further_down_is_not_accused() -> None:
    attributes = {"peer.service": "payments"}
    found = accused(
        span(1, attributes=attributes),
        span(2, failed=True, attributes=attributes),
        span(3, 2, failed=True, text="deeper"),
    )
    assert {found[uid(number)][0] for number in (1, 2)} == {"shop"}


def test_an_address_names_nobody_where_it_is_not_masked() -> None:
    for host in ("http://10.0.0.7:8080/pay", "http://[fd00::7]/pay"):
        assert peer({"url.full": host}) == ""
