"""Servers that begin and end when they are told to."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
import httpx
import pytest

from stormcell.errors import SettingsError
from stormcell.sidecar.listening import ListenError
from tests.integration.sidecar.support import LOGS, Sidecar, logs, sidecar, until


def refused(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) != 0


def test_ports_are_known_and_free_again() -> None:
    with sidecar() as served:
        ports = served.http_server.port, served.grpc_server.port
        assert 0 not in ports
        assert ports[0] != ports[1]
    assert all(map(refused, ports))


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for name in ("http_port", "grpc_port"):
            with pytest.raises(ListenError, match=f"127.0.0.1:{port}: .*in use"), sidecar(**{name: port}):
                pass


def test_ports_are_not_shared() -> None:
    with sidecar() as served:
        for port in (served.http_server.port, served.grpc_server.port):
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                with pytest.raises(OSError, match="in use"):
                    other.bind(("127.0.0.1", port))


def test_a_public_address_is_refused_before_anything_listens() -> None:
    with pytest.raises(SettingsError, match="allow_public_without_auth"), sidecar(grpc_host="0.0.0.0"):
        pass
    with sidecar(grpc_host="0.0.0.0", allow_public_without_auth=True) as served:
        assert served.call(LOGS, logs()) == b""


def test_ipv6_works() -> None:
    with sidecar(http_host="::1", grpc_host="[::1]") as served:
        url = f"http://[::1]:{served.http_server.port}/v1/logs"
        assert httpx.post(url, content=b"{}", headers={"content-type": "application/json"}).status_code == 200
        with grpc.insecure_channel(f"[::1]:{served.grpc_server.port}") as channel:
            assert channel.unary_unary(LOGS)(logs(), timeout=20) == b""


def _under_way(served: Sidecar, pool: ThreadPoolExecutor) -> tuple[Future[int], Future[bytes]]:
    """Send a request to each server, and return when both wait for the inbox."""
    served.inbox.go_on.clear()
    http = pool.submit(lambda: served.post("/v1/logs", logs()).status_code)
    call = pool.submit(served.call, LOGS, logs())
    for _ in range(2):
        assert served.inbox.entered.acquire(timeout=20)
    return http, call


def test_what_is_under_way_is_finished() -> None:
    with sidecar() as served, ThreadPoolExecutor(4) as pool:
        http, call = _under_way(served, pool)
        stops = [pool.submit(server.stop, 20) for server in (served.http_server, served.grpc_server)]
        until(lambda: refused(served.http_server.port) and refused(served.grpc_server.port))
        assert not any(stop.done() for stop in stops)
        served.inbox.go_on.set()
        assert (http.result(20), call.result(20)) == (200, b"")
        for stop in stops:
            stop.result(20)
    assert served.inbox.bodies == [logs()] * 2


def test_what_takes_longer_is_to_be_sent_again() -> None:
    with sidecar() as served, ThreadPoolExecutor(4) as pool:
        http, call = _under_way(served, pool)
        for server in (served.http_server, served.grpc_server):
            pool.submit(server.stop, 0.2)
        assert http.result(20) == 503
        with pytest.raises(grpc.RpcError) as caught:
            call.result(20)
        assert caught.value.code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE)
        served.inbox.go_on.set()


def test_the_longest_limits_work() -> None:
    with sidecar(idle_seconds=1e9, request_seconds=1e9) as served:
        assert served.call(LOGS, logs()) == b""
        assert served.post("/v1/logs", logs()).status_code == 200


def test_idle_connections_do_not_hold_it_up() -> None:
    with sidecar() as served:
        connections = [served.connect() for _ in range(5)]
        until(lambda: served.http_server.connections == 5)
        stopped = threading.Thread(target=served.http_server.stop, args=(60,))
        stopped.start()
        stopped.join(30)
        assert not stopped.is_alive()
        for connection in connections:
            connection.close()


def test_nothing_is_left_running() -> None:
    before = set(threading.enumerate())
    with sidecar() as served:
        served.call(LOGS, logs())
        served.post("/v1/logs", logs())
    until(lambda: not [thread for thread in set(threading.enumerate()) - before if "stormcell" in thread.name])
