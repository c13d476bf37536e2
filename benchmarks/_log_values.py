"""Values as they stand in logs, made by kind: what a slot settles once, and what changes from line to line."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

Draw = Callable[[Random], str]
"""Makes the value of one line."""

_PLACES = (
    *(
        "orders",
        "payments",
        "checkout",
        "inventory",
        "billing",
        "search",
        "profile",
        "catalog",
        "shipping",
        "mail",
    ),
    *("session", "audit", "metrics", "events", "users", "reports", "gateway", "auth", "cart", "ledger"),
)
_ROLES = ("api", "db", "worker", "proxy", "cache", "web", "store", "queue", "node", "master", "agent", "edge")
_ENVS = ("prod", "staging", "dev", "eu-west-1", "us-east-1a", "blue", "green", "canary", "default", "kube-system")
_USERS = (
    *("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "niaj"),
    *("olivia", "peggy", "root", "admin", "hdfs", "spark", "system", "guest", "deploy", "jenkins"),
)
_STATES = (
    ("RUNNING", "FINISHED", "FAILED", "KILLED", "ACCEPTED", "SUBMITTED"),
    ("Ready", "NotReady", "Pending", "Running", "Succeeded", "Failed", "Unknown"),
    ("active", "standby", "inactive", "error", "building", "deleted"),
    ("leader", "follower", "candidate", "observer"),
    ("STARTED", "INITIALIZING", "RELOCATING", "UNASSIGNED"),
    ("open", "closed", "half-open"),
    ("CREATE", "UPDATE", "DELETE", "IN PROGRESS"),
    ("success", "timeout", "rejected by policy", "not found"),
)
_ACTIONS = (
    ("GET", "PUT", "POST", "DELETE", "HEAD"),
    ("create", "update", "delete", "list", "watch"),
    ("start", "stop", "restart", "reload"),
    ("READ", "WRITE", "FLUSH", "COMPACT", "SPLIT"),
    ("add", "remove", "move node", "scale up", "scale down"),
)
_TYPES = (
    "Region",
    "Block",
    "Task",
    "Session",
    "Request",
    "Partition",
    "Segment",
    "Channel",
    "Consumer",
    "Snapshot",
)
_SUFFIXES = (
    "Manager",
    "Handler",
    "Service",
    "Impl",
    "Listener",
    "Provider",
    "Event",
    "Context",
    "Factory",
    "Info",
)
_PACKAGES = ("org.apache.example", "com.acme.storage", "io.acme.net", "java.util.concurrent", "com.acme.core.sync")
_JAVA_ERRORS = (
    "java.io.IOException: Connection reset by peer",
    "java.net.ConnectException: Connection refused",
    "java.lang.NullPointerException",
    "java.util.concurrent.TimeoutException",
    "java.io.FileNotFoundException: {path} (No such file or directory)",
    "java.net.SocketTimeoutException: {n} millis timeout while waiting for channel to be ready for read",
    "java.lang.IllegalStateException: {type} has already been closed",
    "java.lang.InterruptedException: sleep interrupted",
    "java.io.EOFException: Unexpected end of stream at offset {n}",
    "java.nio.channels.ClosedChannelException",
    "java.lang.IllegalArgumentException: No enum constant {state}",
    "java.net.UnknownHostException: {host}: Name or service not known",
    "java.lang.OutOfMemoryError: Java heap space",
    "java.util.NoSuchElementException: No value present",
)
_PYTHON_ERRORS = (
    ("ConnectionRefusedError", "[Errno 111] Connection refused"),
    ("TimeoutError", "timed out"),
    ("KeyError", "'{name}'"),
    ("ValueError", "invalid literal for int() with base 10: '{name}'"),
    ("FileNotFoundError", "[Errno 2] No such file or directory: '{path}'"),
    ("PermissionError", "[Errno 13] Permission denied: '{path}'"),
    ("OSError", "[Errno 28] No space left on device"),
    ("RuntimeError", "Session {id} is closed"),
    ("TypeError", "'NoneType' object is not iterable"),
    ("HTTPError", "503 Service Unavailable"),
    ("DBConnectionError", "Lost connection to server at {host} during query"),
    ("NotFound", "Resource {id} could not be found."),
    ("Timeout", ""),
)
_GO_ERRORS = (
    "EOF",
    "unexpected EOF",
    "context canceled",
    "context deadline exceeded",
    "dial tcp {addr}: connect: connection refused",
    "dial tcp {addr}: i/o timeout",
    "read tcp {addr}->{addr}: read: connection reset by peer",
    "write tcp {addr}: write: broken pipe",
    "open {path}: no such file or directory",
    "lookup {host}: no such host",
    "rpc error: code = Unavailable desc = transport is closing",
    "rpc error: code = NotFound desc = {name} not found",
    '{name} "{name}" not found',
    "invalid character '<' looking for beginning of value",
    "exit status {small}",
    "x509: certificate signed by unknown authority",
    'strconv.Atoi: parsing "{name}": invalid syntax',
    "Operation cannot be fulfilled on {name}: the object has been modified",
)
_MESSAGES = (
    "Connection refused", "timed out", "Read timed out after {n} ms", "Permission denied", "No route to host",
    "disk quota exceeded for user {user}", "invalid token", "not the leader", "{name} does not exist",
    "too many open files", "checksum mismatch at offset {n}", "out of memory", "unauthorized", "Broken pipe",
    "node {host} left the cluster", "lock is held by {user}", "expected {small} replicas but found {small}",
    "Cannot allocate memory", "the operation was cancelled by the user",
)  # fmt: skip
_COMMANDS = (
    "ip netns exec {name} ip -4 route list dev {name}",
    "/usr/bin/qemu-img info --output=json {path}",
    "SELECT * FROM {name} WHERE id = {n}",
    "tar -xzf {path} -C {path}",
    "UPDATE {name} SET state = 'done' WHERE id IN ({n}, {n})",
    "systemctl restart {name}",
    "df -P {path}",
    "mount -t nfs {host}:{path} {path}",
    "bash -c exit {small}",
)


def hexes(random: Random, length: int) -> str:
    """Return so many hexadecimal digits."""
    return f"{random.getrandbits(4 * length):0{length}x}"


def uuid(random: Random) -> str:
    """Return a random UUID."""
    return "-".join(hexes(random, length) for length in (8, 4, 4, 4, 12))


def number(random: Random, digits: int = 6) -> str:
    """Return a number of one to so many digits, short ones as often as long ones."""
    return str(random.randrange(10 ** random.randint(1, digits)))


def ip(random: Random) -> str:
    """Return an address, now and then of IPv6."""
    if random.random() < 0.06:
        return f"fd00:{hexes(random, 3)}::{hexes(random, 2)}"
    first = random.choice(("10", "10", "172.16", "192.168"))
    return first + "".join(f".{random.randrange(256)}" for _ in range(3 - first.count(".")))


def port(random: Random) -> str:
    """Return a port, often a well-known one."""
    known = (80, 443, 2181, 2379, 3306, 5432, 6379, 8080, 9042, 9092, 9200)
    return str(random.choice(known) if random.random() < 0.5 else random.randrange(1024, 65536))


def address(random: Random) -> str:
    """Return an address with a port."""
    where = ip(random)
    return f"[{where}]:{port(random)}" if ":" in where else f"{where}:{port(random)}"


def host(random: Random) -> str:
    """Return a host name."""
    short = f"{random.choice(_ROLES)}-{random.randrange(60)}"
    return random.choice(
        (short, f"{short}.{random.choice(_PLACES)}.svc", f"{short}.dc{random.randrange(4)}.example.com")
    )


def name(random: Random) -> str:
    """Return the name that people give to something, in one of the usual forms."""
    place, role = random.choice(_PLACES), random.choice(_ROLES)
    form = random.randrange(7)
    if form == 0:
        return place
    if form == 1:
        return f"{place}-{role}"
    if form == 2:
        return f"{place}_{role}_{random.randrange(100)}"
    if form == 3:
        return f"{place}-{random.randrange(1000)}"
    if form == 4:
        return f"{place}.{role}"
    if form == 5:
        return f"{role}{random.randrange(20)}"
    return f"{place.title()}{role.title()}"


def path(random: Random) -> str:
    """Return the path of a file."""
    root = random.choice(("/var/lib", "/data", "/mnt/disk1", "/etc", "/tmp", "/opt/app", "/user", ""))  # noqa: S108
    inner = "/".join(name(random) for _ in range(random.randint(1, 3)))
    return f"{root}/{inner}{random.choice(('', '', '.log', '.json', '.yaml', '.tmp', f'.{random.randrange(99)}'))}"


def url(random: Random) -> str:
    """Return a URL."""
    where = random.choice((host(random), address(random)))
    query = f"?id={number(random)}" if random.random() < 0.2 else ""
    return f"{random.choice(('http', 'https'))}://{where}/{random.choice(_PLACES)}/{number(random, 4)}{query}"


def java_class(random: Random) -> str:
    """Return the name of a class with its package or without."""
    simple = random.choice(_TYPES) + random.choice(_SUFFIXES)
    return simple if random.random() < 0.5 else f"{random.choice(_PACKAGES)}.{simple}"


def pod(random: Random) -> str:
    """Return the name of a pod."""
    letters = "bcdfghjklmnpqrstvwxz2456789"
    tail = "".join(random.choice(letters) for _ in range(5))
    return f"{random.choice(_PLACES)}-{random.choice(_ROLES)}-{hexes(random, 9)}-{tail}"


def kube_object(random: Random) -> str:
    """Return a namespace and a name."""
    return f"{random.choice(_ENVS + _PLACES)}/{pod(random) if random.random() < 0.6 else name(random).lower()}"


def user(random: Random) -> str:
    """Return who did it."""
    return random.choice(_USERS)


def filled(form: str, random: Random) -> str:
    """Return a text with its fields filled with values."""
    makers: dict[str, Draw] = {
        "n": number, "small": lambda r: str(r.randrange(1, 8)), "path": path, "host": host, "addr": address,
        "name": name, "user": user, "id": uuid, "type": lambda r: r.choice(_TYPES),
        "state": lambda r: r.choice(r.choice(_STATES)),
    }  # fmt: skip
    return "".join(
        text + (makers[field](random) if field else "") for text, field, _, _ in string.Formatter().parse(form)
    )


def some(forms: Sequence[str], random: Random) -> Draw:
    """Return a maker that fills one of a few of the forms."""
    kept = random.sample(forms, min(len(forms), random.choice((1, 2, 3, 5, 8))))
    return lambda line: filled(line.choice(kept), line)


def error(random: Random, language: str, *, repr_: bool = False) -> Draw:
    """Return a maker of what the language prints of an error."""
    if language == "python":
        shown = [f'{kind}("{text}")' if repr_ else text or kind for kind, text in _PYTHON_ERRORS]
        return some(shown, random)
    return some(_GO_ERRORS if language == "go" else _JAVA_ERRORS, random)


def message(random: Random) -> Draw:
    """Return a maker of texts of one to eight words."""
    return some(_MESSAGES, random)


def command(random: Random) -> Draw:
    """Return a maker of command lines and queries."""
    return some(_COMMANDS, random)


def state(random: Random) -> Draw:
    """Return a maker of the states of one kind of thing."""
    kept = random.choice(_STATES)
    return lambda line: line.choice(kept)


def action(random: Random) -> Draw:
    """Return a maker of the actions on one kind of thing."""
    kept = random.choice(_ACTIONS)
    return lambda line: line.choice(kept)


def duration(random: Random, language: str) -> Draw:
    """Return a maker of durations in one way of writing them."""

    def go(line: Random) -> str:
        seconds = line.lognormvariate(0, 2.5)
        if seconds < 1:
            return f"{seconds * 1000:.{line.randint(0, 6)}f}ms"
        if seconds < 60:
            return f"{seconds:.{line.randint(0, 9)}f}s"
        return f"{int(seconds // 60)}m{int(seconds % 60)}s"

    if language == "go":
        return go
    forms: tuple[Draw, ...] = (
        lambda line: number(line, 5),
        lambda line: f"{line.lognormvariate(0, 2):.{line.randint(1, 6)}f}",
        lambda line: (
            f"{line.randrange(24)}:{line.randrange(60):02}:{line.randrange(60):02}.{line.randrange(10**6):06}"
        ),
        lambda line: f"PT{line.randrange(1, 90)}S",
        lambda line: f"{number(line, 4)}ms",
    )
    return random.choice(forms[:3] if language == "python" else (forms[0], forms[0], forms[3], forms[4]))


def time(random: Random) -> Draw:
    """Return a maker of times in one way of writing them."""
    form = random.choice(("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.%f", "%a, %d %b %Y %H:%M:%S GMT", "ms", "s",
                          "%Y-%m-%d %H:%M:%S +0000 UTC", "%a %b %d %H:%M:%S UTC %Y"))  # fmt: skip

    def draw(line: Random) -> str:
        when = datetime(2024, 3, 1, tzinfo=UTC) + timedelta(milliseconds=line.randrange(86_400_000 * 20))
        if form in ("ms", "s"):
            return str(int(when.timestamp() * (1000 if form == "ms" else 1)))
        return when.strftime(form)

    return draw


def size(random: Random) -> Draw:
    """Return a maker of amounts of memory in one way of writing them."""
    form = random.randrange(4)

    def draw(line: Random) -> str:
        if form < 2:
            return str(line.randrange(2 ** line.randint(8, 36)))
        if form == 2:
            return f"{line.uniform(1, 1000):.1f} {line.choice(('B', 'KiB', 'MiB', 'GiB'))}"
        return f"{line.randrange(1, 1024)}{line.choice(('B', 'KB', 'MB', 'GB'))}"

    return draw
