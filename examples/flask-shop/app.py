"""A small shop on Flask, with three ways to fail. Run it under `opentelemetry-instrument` (see README.md).

Nothing here knows of Stormcell: it is an ordinary service with ordinary telemetry.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from payments import start_provider

PAYMENT_TIMEOUT = 0.5
LOCK_TIMEOUT = 0.2
ATTEMPTS = 3
PRODUCTS = ("teapot", "kettle", "mug", "sieve", "tray", "spoon", "caddy", "cosy")

DATA = Path(os.environ.get("SHOP_DATA", "shop-data"))
DATABASE = DATA / "shop.db"
PROVIDER = start_provider()

app = Flask(__name__)
logger = logging.getLogger("shop")
tracer = trace.get_tracer("shop")
# Spans tell of every request already.
logging.getLogger("werkzeug").setLevel(logging.WARNING)


def prepare() -> sqlite3.Connection:
    """Make the database and the search index of English; nobody ever made the German one.

    Returns a connection that is to stay open: whoever closes the last one locks everybody out for a moment.
    """
    DATA.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(DATABASE, timeout=10, check_same_thread=False)
    with database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)")
        database.execute("CREATE TABLE IF NOT EXISTS carts (customer TEXT, product INTEGER)")
        for number, name in enumerate(PRODUCTS, 1):
            database.execute("INSERT OR IGNORE INTO products VALUES (?, ?, ?)", (number, name, 500 + 150 * number))
    index = {name: number for number, name in enumerate(PRODUCTS, 1)}
    (DATA / "index-en.json").write_text(json.dumps(index))
    return database


OPEN = prepare()


@contextmanager
def db(operation: str, table: str) -> Iterator[sqlite3.Connection]:
    """Give a connection, inside a span that tells what it is for."""
    attributes = {"db.system.name": "sqlite", "db.operation.name": operation, "db.collection.name": table}
    with tracer.start_as_current_span(f"{operation} {table}", kind=SpanKind.CLIENT, attributes=attributes):
        connection = sqlite3.connect(DATABASE, timeout=LOCK_TIMEOUT)
        try:
            with connection:
                yield connection
        finally:
            connection.close()


@app.get("/")
def home() -> ResponseReturnValue:
    """List what is sold."""
    with db("SELECT", "products") as connection:
        rows = connection.execute("SELECT id, name FROM products ORDER BY id").fetchall()
    return jsonify([{"id": number, "name": name} for number, name in rows])


@app.get("/products/<int:number>")
def product(number: int) -> ResponseReturnValue:
    """Show one product."""
    with db("SELECT", "products") as connection:
        row = connection.execute("SELECT name, price FROM products WHERE id = ?", (number,)).fetchone()
    if row is None:
        abort(404)
    return jsonify({"id": number, "name": row[0], "price": row[1]})


@app.get("/search")
def search() -> ResponseReturnValue:
    """Find products by a word. The index of a language may be gone: nobody catches that."""
    language = request.args.get("lang", "en")
    with tracer.start_as_current_span(
        "query index", kind=SpanKind.CLIENT, attributes={"search.index": f"products-{language}"}
    ):
        index = json.loads((DATA / f"index-{language}.json").read_text())
    wanted = request.args.get("q", "")
    return jsonify([number for name, number in index.items() if wanted in name])


@app.post("/cart")
def cart() -> ResponseReturnValue:
    """Put a product into a cart, unless somebody else writes to the database for too long."""
    customer, chosen = request.form["customer"], int(request.form["product"])
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with db("INSERT", "carts") as connection:
                connection.execute("INSERT INTO carts VALUES (?, ?)", (customer, chosen))
            return jsonify({"customer": customer, "product": chosen}), 201
        except sqlite3.OperationalError as error:
            if attempt == ATTEMPTS:
                logger.exception("cart of customer %s not saved after %d attempts", customer, attempt)
                abort(503)
            logger.warning("cart of customer %s not saved (%s), trying again", customer, error)
            time.sleep(0.02)
    raise AssertionError


@app.post("/stocktake")
def stocktake() -> ResponseReturnValue:
    """Count the stock in one transaction that locks out all other writers meanwhile."""
    seconds = min(float(request.form["seconds"]), 60.0)
    threading.Thread(target=_count, args=(seconds,), daemon=True).start()
    return "", 202


def _count(seconds: float) -> None:
    connection = sqlite3.connect(DATABASE, timeout=10, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(seconds)
    connection.execute("ROLLBACK")
    connection.close()


@app.post("/checkout")
def checkout() -> ResponseReturnValue:
    """Pay. The provider answers for cards; for wallets it does not, in time."""
    order, method = request.form["order"], request.form["method"]
    try:
        _pay(order, method)
    except OSError:
        logger.exception("payment of order %s failed, the customer was not charged", order)
        abort(504)
    return jsonify({"order": order, "paid": True})


def _pay(order: str, method: str) -> None:
    attributes = {"http.request.method": "POST", "service.peer.name": "payments", "payment.method": method}
    with tracer.start_as_current_span("POST payments", kind=SpanKind.CLIENT, attributes=attributes):
        call = urllib.request.Request(f"{PROVIDER}/{method}", data=order.encode(), method="POST")
        with urllib.request.urlopen(call, timeout=PAYMENT_TIMEOUT) as answer:
            answer.read()
