"""Tells from the source of a value in a log call what kind of value it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import _log_values as values
from _log_values import Draw

WHOLE = frozenset({"count", "bytes", "port", "whole"})
"""Kinds that are whole numbers."""
BARE = WHOLE | {"truth", "float"}
"""Kinds that no notation puts in quotes."""

_LITERAL = re.compile(r"""(["'])([^"'\\]*)\1""")
_WRAPPED = re.compile(
    r"^(?:str|String|string|repr|strconv\.\w+|Objects\.toString|six\.text_type|logfields\.Repr)\((.*)\)$"
)
_CALL = re.compile(r"\([^()]*\)")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CONSTANT = re.compile(r"^(?:\w+\.)*[A-Z][A-Z0-9_]{2,}$")
_SOURCES = (
    (r"KObj|KRef|NamespacedName|nsn\b|klog\.K", "kube"),
    (r"^(?:len|Len|size)\(|\.(?:size|length|Len|count)(?:\(\))?$|\.size\b", "count"),
    (r"Since\(|Duration|[eE]lapsed|time\.(?:time|monotonic)\(\) -|\.Seconds\(\)|nanoTime", "duration"),
    (r"(?i)bytesToString|humansize|prettyPrint|byteCountToDisplay|units\.", "size"),
    (r"(?i)toHexString|%x", "hex"),
    (r"(?i)join\(|mkString|asList|keySet|\.keys\(\)|\.values\(\)|\.List\(\)|toArray", "list"),
    (r"(?i)getClass|__class__|type\(|reflect\.|simpleName|__name__", "class"),
    (r"^(?:time\.Now|Instant\.now|new Date|datetime)", "time"),
)
# On the words of the last name, after those of the name before it; the first that fits decides.
_WORDS = (
    (r"^(?:e|ex|t|th|exc)$|(?:err|error|errors|exc|exception|throwable|cause|failure|ioe)$", "error"),
    (r"(?:message|msg|reason|description|detail|details|text|output|stderr|note|explanation)$", "message"),
    (
        r"^(?:is|has|should|can|use) |(?:enabled|disabled|force|success|forced|exists|flag|readonly|found|ok)$",
        "truth",
    ),
    (r"(?:uuid|uid|guid|ulid)$", "uuid"),
    (r"(?:application|app|appl) id$", "application"),
    (r"attempt id$|attempt$", "attempt"),
    (r"container(?: id)?$", "container"),
    (r"digest$|checksum$|sha$|hash$|sandbox id$", "digest"),
    (r"block(?: id)?$|blk$", "block"),
    (r"(?:broker|node|controller|leader|replica|worker|sid|peer|my|server) id$|^sid$|pid$|thread id$", "small"),
    (r"(?:session|zxid|xid|transaction|tx|txn|member|lease) id$|zxid$|session$", "hexid"),
    (r"topic(?: id)? partition$|^tp$|partition$|shard(?: id)?$|bucket$", "partition"),
    (r"(?:message|ledger|segment|entry|offset|position|sequence|seq|correlation) id$|message id$", "whole"),
    (r"(?:user|owner|principal|account|username|acc name|acc|tenant|identity|who|login)(?: name)?$", "user"),
    (r"(?:pod|replica set|deployment)(?: name)?$", "pod"),
    (r"(?:class|clazz|type|klass|class name|provider|kind|plugin)$", "class"),
    (r"(?:bytes|memory|mem|disk|heap|capacity|buffer size|file size|size mb|size gb)$", "bytes"),
    (
        r"(?:duration|elapsed|latency|timeout|interval|delay|backoff|ttl|age|lag|took|ms|millis|seconds|secs)$",
        "duration",
    ),
    (r"(?:wait|period|lifetime|time ms|took ms|wait time|total time|time taken|since|grace)$", "duration"),
    (r"(?:time|timestamp|date|now|created|updated|at|until|expiration|deadline|mint|maxt|expiry|ts)$", "time"),
    (
        r"(?:offset|epoch|generation|revision|term|seq|sequence|serial|generation id|lsn|gen|iteration|iter num)$",
        "whole",
    ),
    (
        r"(?:count|counter|size|num|total|len|length|number|n|i|j|k|idx|index|attempts|retries|retry|limit)$",
        "count",
    ),
    (
        r"^(?:num|max|min|total|count) |(?:samples|threads|weight|priority|depth|level|max|min|ret|rc|code)$",
        "count",
    ),
    (
        r"(?:remaining|processed|skipped|sent|received|expected|actual|percent|ratio|score)$",
        "count",
    ),
    (r"(?:number of \w+|replicas)$", "count"),
    (r"(?:load|retval|threshold|quota|step|slots|partitions count|exit code|status code)$", "count"),
    (r"port$", "port"),
    (
        r"(?:addr|address|remote|peer|local|listener|endpoint|bind|inet|socket address|target|dest|from|to)$",
        "address",
    ),
    (r"mac(?: address)?$", "mac"),
    (r"(?:ip|ips|ip address|cidr|subnet|gateway ip)$", "ip"),
    (r"(?:url|uri|href|link|links|endpoint url|base url|remote url|link url)$", "url"),
    (
        r"(?:host|hostname|node|host name|node name|server|server name|broker name|machine)$",
        "host",
    ),
    (r"(?:fqdn|domain|zone|origin)$", "host"),
    (
        r"(?:path|file|dir|directory|filename|folder|fname|socket|device|mount|root|location|src|dst|file name)$",
        "path",
    ),
    (r"(?:state|status|phase|mode|result|role|stage|health|condition|strategy|policy|decision)$", "state"),
    (r"(?:action|op|operation|method|verb|event|signal|event type|stimulus id|cause of)$", "action"),
    (r"(?:version|versions|release|tag)$", "version"),
    (r"(?:cmd|command|args|query|sql|stmt|statement|argv|cmdline|cmdv|expr|script)$", "command"),
    (
        r"(?:props|properties|config|conf|labels|metadata|attributes|stats|options|headers|params|map|settings|spec|info)$",
        "map",
    ),
    (
        r"(?:list|set|array|nodes|hosts|servers|names|ids|files|keys|paths|blocks|tasks|members|peers|items|values)$",
        "list",
    ),
    (
        r"(?:endpoints|regions|segments|topics|tables|ports|zones|devices|partitions|domains|groups|clusters|entries)$",
        "list",
    ),
    (
        r"(?:dag id|task id|run id|key|queue|topic|table|index|service|group|cluster|region)$",
        "name",
    ),
    (r"(?:namespace|name|collection)$", "name"),
    (
        r"(?:queue path|table name|topic name|keyspace|stream|subscription|repository|ns|field|column|rule|job)$",
        "name",
    ),
    (r" id$|^id$", "id"),
    (
        r"^(?:this|self|req|request|response|resp|task|ctx|conn|connection|channel|client|consumer|event|msg|r|res)$",
        "object",
    ),
)
_MIXED = (
    *(("name", 24), ("whole", 18), ("id", 14), ("object", 10), ("state", 8), ("path", 7), ("list", 6)),
    *(("message", 5), ("address", 5), ("map", 3)),
)
_CLUSTERS = frozenset({"hadoop-yarn", "hadoop-hdfs", "spark", "flink"})
_OPENSTACK = frozenset({"nova", "neutron", "cinder", "ironic", "heat", "octavia", "swift"})


def literals(expression: str) -> list[str]:
    """Return the texts that an expression chooses from; none if it is not such a choice."""
    whole = _LITERAL.fullmatch(expression)
    if whole:
        return [whole[2]]
    if re.search(r"\?.*:|\bif\b.*\belse\b", expression):
        return [text for _, text in _LITERAL.findall(expression)]
    return []


def is_constant(expression: str) -> bool:
    """Whether an expression is a name in capitals, which stands for one value."""
    return bool(_CONSTANT.match(expression))


def kind_of(expression: str, random: Random) -> str:
    """Return the kind of a value; drawn where its expression says nothing."""
    for pattern, kind in _SOURCES:
        if re.search(pattern, expression):
            return kind
    wrapped = _WRAPPED.match(expression)
    if wrapped:
        return kind_of(wrapped[1], random)
    names = _names(expression)
    for words in (names[-1:], [" ".join(names[-2:])], *([name] for name in names[-2::-1])):
        for pattern, kind in _WORDS if words else ():
            if re.search(pattern if pattern.startswith("^") else rf"(?:^| ){pattern}", words[0]):
                return kind
    kinds, weights = zip(*_MIXED, strict=True)
    return str(random.choices(kinds, weights)[0])


def _names(expression: str) -> list[str]:
    """Return the names in an expression, each as its words in small letters, what gets left away."""
    bare = expression
    while _CALL.search(bare):
        bare = _CALL.sub("", bare)
    found = []
    for name in re.findall(r"[A-Za-z_]\w*", bare) or re.findall(r"[A-Za-z_]\w*", expression):
        words = [word.lower() for word in _PARTS.findall(name)]
        while words and words[0] in ("get", "to", "as", "string", "fetch", "compute", "the", "new"):
            words = words[1:]
        if words and words[-1] in ("string", "value"):
            words = words[:-1]
        if words:
            found.append(" ".join(words))
    return found


def draw_of(kind: str, language: str, system: str, random: Random) -> Draw:
    """Return a maker of values of a kind, as a system in a language writes them."""
    if kind == "error":
        return values.error(random, language)
    if kind == "duration":
        return values.duration(random, language)
    if kind in ("list", "map", "object"):
        return _gathered(kind, language, random)
    if kind == "id":
        return (
            values.uuid
            if system in _OPENSTACK
            else random.choice((values.uuid, _hex(16), values.number, _hex(8), _numbered))
        )
    if kind in ("application", "attempt", "container") and system in _CLUSTERS:
        return {"application": _application, "attempt": _attempt, "container": _container}[kind]
    if kind == "block" and language in ("java", "scala"):
        return _block
    if kind == "class" and language != "java" and language != "scala":
        return values.name
    if kind in _SETTLED:
        return _SETTLED[kind](random)
    return _FREE[kind]


def _hex(length: int) -> Draw:
    return lambda line: values.hexes(line, length)


def _numbered(line: Random) -> str:
    return f"{line.choice(('task', 'job', 'req', 'conn', 'seg'))}-{values.number(line, 5)}"


def _application(line: Random) -> str:
    return f"application_{1_700_000_000_000 + line.randrange(4)}_{line.randrange(1, 9999):04}"


def _attempt(line: Random) -> str:
    return f"{_application(line).replace('application', 'appattempt')}_{line.randrange(1, 4):06}"


def _container(line: Random) -> str:
    number = _application(line).replace("application", "container")
    return f"{number}_{line.randrange(1, 3):02}_{line.randrange(1, 999):06}"


def _mac(line: Random) -> str:
    return ":".join(["fa:16:3e", *(values.hexes(line, 2) for _ in range(3))])


def _ulid(line: Random) -> str:
    return "01H" + "".join(line.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(23))


def _block(line: Random) -> str:
    return (
        f"blk_{line.randrange(2**30, 2**31)}_{line.randrange(1000, 99999)}"
        if line.random() < 0.7
        else f"rdd_{line.randrange(99)}_{line.randrange(99)}"
    )


def _partition(line: Random) -> str:
    topic = line.choice(("orders", "payments", "audit.events", "__consumer_offsets", "clicks"))
    return f"{topic}-{line.randrange(48)}"


def _version(line: Random) -> str:
    return ".".join(str(line.randrange(20)) for _ in range(line.choice((2, 3, 3)))) + line.choice(
        ("", "", "-rc1", "-SNAPSHOT")
    )


def _size(line: Random) -> str:
    return str(line.randrange(2 ** line.randint(8, 36)))


_FREE: dict[str, Draw] = {
    "address": values.address, "application": values.name, "attempt": lambda line: str(line.randrange(1, 20)),
    "block": _ulid, "bytes": _size, "class": values.java_class, "container": _hex(64),
    "count": lambda line: values.number(line, 5), "digest": _hex(64),
    "float": lambda line: repr(line.lognormvariate(1, 2)), "hex": _hex(8),
    "hexid": lambda line: "0x" + values.hexes(line, line.choice((9, 16))), "host": values.host, "ip": values.ip,
    "kube": values.kube_object, "mac": _mac, "name": values.name, "partition": _partition, "path": values.path,
    "pod": values.pod, "port": values.port, "small": lambda line: str(line.randrange(1, 40)),
    "truth": lambda line: line.choice(("true", "false")), "url": values.url, "user": values.user,
    "uuid": values.uuid, "version": _version, "whole": lambda line: values.number(line, 12),
}  # fmt: skip
_SETTLED: dict[str, Callable[[Random], Draw]] = {
    "message": values.message, "time": values.time, "state": values.state, "action": values.action,
    "command": values.command, "size": values.size,
}  # fmt: skip


def _gathered(kind: str, language: str, random: Random) -> Draw:
    """Return a maker of lists, maps or objects, each of a varying number of things of one kind."""
    inner: Draw = random.choice((values.name, values.host, values.uuid, values.number, values.path))
    most = random.choice((1, 3, 3, 6, 12))
    keys = random.sample(("id", "name", "state", "epoch", "host", "size", "owner", "ts"), random.randint(1, 5))
    form = random.randrange(3)

    def items(line: Random) -> list[str]:
        return [inner(line) for _ in range(line.randint(0, most))]

    def pairs(line: Random, sign: str, gap: str) -> str:
        return gap.join(
            f"{key}{sign}{inner(line)}" for key in keys[: line.randint(1, len(keys)) if form else len(keys)]
        )

    def draw(line: Random) -> str:
        if kind == "list":
            found = items(line)
            if language == "python":
                return str(found)
            return f"[{(' ' if language == 'go' else ', ').join(found)}]"
        if language == "python":
            if kind == "map":
                return str({key: inner(line) for key in keys[: line.randint(0, len(keys))]})
            return f"<{line.choice(('Task', 'Session', 'Request'))} object at 0x7f{values.hexes(line, 10)}>"
        if language == "go":
            return f"map[{pairs(line, ':', ' ')}]" if kind == "map" else f"{{{pairs(line, ':', ' ')}}}"
        if kind == "map":
            return f"{{{pairs(line, '=', ', ')}}}"
        simple = values.java_class(line).rpartition(".")[2]
        return (
            f"{simple}@{values.hexes(line, 7)}",
            f"{simple}{{{pairs(line, '=', ', ')}}}",
            f"{simple} [{pairs(line, '=', ', ')}]",
        )[form]

    return draw
