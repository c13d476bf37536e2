"""Masks for personal data and secrets: what they take, what they leave, and that they come to an end."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stormcell.config import PrivacySettings, Settings
from stormcell.decode.json_text import Trouble, parse
from stormcell.decode.report import Report, Scribe, quote, show, show_path
from stormcell.features.links import find_links
from stormcell.features.rows import build_rows
from stormcell.privacy import Concealer, conceal, conceal_start, hidden_key, says_secret, shown_key
from stormcell.privacy.text import HIDDEN
from stormcell.types import Event, Rows, Value
from tests.unit.features.build import alert, log, span

# Put together here, so that no scanner of repositories takes them for secrets of ours.
GITHUB = "ghp_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7d"
SLACK = "xoxb-" + "123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
STRIPE = "sk_live_" + "51H8AbCdEfGhIjKlMnOpQr"
AWS_ID = "AKIA" + "IOSFODNN7EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
GOOGLE = "AIza" + "SyA-1234567890abcdefghijklmnopqrstu"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA75\nx5n0==\n-----END RSA PRIVATE KEY-----"
AZURE = "Zm9vYmFy" * 10 + "Zm9vYm" + "=="
UUID = "2b1477d5-5f6e-4a0b-9c3d-0123456789ab"

MASKED = [
    ("e-mail", "mail joe.doe+x@shop.example.org bounced", "mail <email> bounced"),
    ("e-mail in a URL", "/cart?email=joe%40shop.example&id=7", "/cart?email=<email>&id=7"),
    ("e-mails glued", "a@b.example+c@d.example", "<email><email>"),
    ("e-mail, long", "x" * 200 + "@shop.example", "x" * 136 + "<email>"),
    ("e-mail of another script", "an jörg@straße.example.", "an <email>."),
    ("IPv4", "from 10.1.2.3 up", "from <ip> up"),
    ("IPv4 with port", "refused by 10.1.2.3:8080", "refused by <ip>:8080"),
    ("IPv4 as Java shows it", "shop/10.1.2.3:8080", "shop/<ip>:8080"),
    ("IPv4 in a URL", "http://10.1.2.3/x?ip%3D10.1.2.4", "http://<ip>/x?ip%3D<ip>"),
    ("IPv6", "from 2001:0db8:0000:0000:0000:ff00:0042:8329.", "from <ip>."),
    ("IPv6 short", "[2001:db8::a]:80, fe80::1%eth0 and ::1", "[<ip>]:80, <ip> and <ip>"),
    ("IPv6 around an IPv4", "::ffff:10.1.2.3", "::ffff:<ip>"),
    ("JWT", f"got {JWT}, ok", "got <token>, ok"),
    ("JWT, cut", f"got {JWT[:30]}", "got <token>"),
    ("GitHub", f"push with {GITHUB}", "push with <token>"),
    ("GitLab", "use " + "glpat-" + "AbCdEfGhIjKlMnOpQrSt", "use <token>"),
    ("Slack", f"post as {SLACK}", "post as <token>"),
    ("Slack webhook", "https://hooks.slack.com/" + "services/T00000000/B00000000/abcdefghijkl",
     "https://hooks.slack.com/<token>"),
    ("Stripe", f"charge with {STRIPE}", "charge with <token>"),
    ("npm", "npm_" + "a1B2" * 9, "<token>"),
    ("PyPI", "pypi-" + "AgEIcHlwaS5vcmc" * 4, "<token>"),
    ("OpenAI", "sk-" + "proj-abcdefghijklmnop1234", "<token>"),
    ("SendGrid", "SG." + "a" * 22 + "." + "b" * 43, "<token>"),
    ("Vault", "hvs." + "CAESIAbCdEfGhIjKlMnOpQrSt", "<token>"),
    ("ours", "as " + "sct_" + "aB-_" * 10 + "xYz now", "as <token> now"),
    ("Telegram", "1234567890:AA" + "b" * 33, "<token>"),
    ("private key", f"key {PEM} read", "key <key> read"),
    ("private key in JSON", 'x: "' + PEM.replace("\n", "\\n") + '"', 'x: "<key>"'),
    ("private key, cut", f"key {PEM[:50]}", "key <key>"),
    ("AWS id", f"as {AWS_ID}", "as <key>"),
    ("AWS id and secret", f"as {AWS_ID}:{AWS_SECRET}", "as <key>"),
    ("AWS secret", f"with {AWS_SECRET} now", "with <key> now"),
    ("Google", f"key is {GOOGLE}", "key is <key>"),
    ("Azure storage", f"with {AZURE}", "with <key>"),
    ("Azure connection string", "AccountName=a;AccountKey=abc+/d==;EndpointSuffix=core.windows.net",
     "AccountName=a;AccountKey=<key>;EndpointSuffix=core.windows.net"),
    ("service account", '{"private_key_id":"0123abcd","private_key":"x1","client_email":"a@b.example"}',
     '{"private_key_id":"<key>","private_key":"<key>","client_email":"<email>"}'),
    ("hashed password", "$2a$10$" + "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "<password>"),
    ("card", "paid by 4111111111111111.", "paid by <card>."),
    ("card in groups", "4111 1111 1111 1111 5, 4111-1111-1111-1111", "<card> 5, <card>"),
    ("card behind a group", "1234 5234 4111 1111 1111 1111", "1234 5234 <card>"),
    ("American Express", "378282246310005 or 3782 822463 10005", "<card> or <card>"),
    ("card of 19 digits", "4000 0000 0000 0000 006 and 6304000000000000000", "<card> and <card>"),
    ("IBAN", "to DE89370400440532013000 EUR 5", "to <iban> EUR 5"),
    ("IBAN in groups", "to GB82 WEST 1234 5698 7654 32 PAID", "to <iban> PAID"),
    ("bearer", "sent Bearer abcd.efgh-1234 to", "sent Bearer <token> to"),
    ("basic", "sent Basic " + base64.b64encode(b"joe:geheim").decode(), "sent Basic <password>"),
    ("Authorization", "Authorization: Bearer abc next", "Authorization: <token> next"),
    ("Authorization, other", "authorization: Custom abc123== x", "authorization: <token> x"),
    ("Authorization, digest", 'Proxy-Authorization: Digest username="a", response="b"\nHost: x',
     "Proxy-Authorization: <token>\nHost: x"),
    ("cookie", "Cookie: sid=abc; theme=dark HTTP/1.1", "Cookie: <cookie> HTTP/1.1"),
    ("set-cookie", "'Set-Cookie: sid=abc; Path=/; HttpOnly' -v", "'Set-Cookie: <cookie>' -v"),
    ("URL with a password", "postgres://shop:s3cr3t@db:5432/x", "postgres://shop:<password>@db:5432/x"),
    ("URL with a password, odd", "redis://:p@ss@h:1", "redis://:<password>@h:1"),
    ("Go's data source", "root:geheim@tcp(db:3306)/shop", "root:<password>@tcp(db:3306)/shop"),
    ("JDBC", "jdbc:mysql://h/db?user=x&password=y&z=1", "jdbc:mysql://h/db?user=x&password=<password>&z=1"),
    ("query", "/x?token=abc&a=b&api_key=c", "/x?token=<token>&a=b&api_key=<key>"),
    ("query, signed", "?X-Amz-Signature=0123456789abcdef&sig=aGVsbG8%3D1", "?X-Amz-Signature=<token>&sig=<token>"),
    ("query in a query", "/x?to=%2Fy%3Ftoken%3Dabc%26z", "/x?to=%2Fy%3Ftoken%3D<token>%26z"),
    ("key-value", "user=joe password=geheim host=x", "user=joe password=<password> host=x"),
    ("key: value", "passwd: geheim", "passwd: <password>"),
    ("signs inside", "pwd=a,b;c)d,ok=1", "pwd=<password>,ok=1"),
    ("in brackets", "Login(user=joe, password=geheim)", "Login(user=joe, password=<password>)"),
    ("glued names", "dbPassword=a MY_PASSWD=b accesstoken=c",
     "dbPassword=<password> MY_PASSWD=<password> accesstoken=<token>"),
    ("quoted", "password=\"it's me\" token='don't'", "password=\"<password>\" token='<token>'"),
    ("JSON", r'{"user":"joe","password":"a\"b","n":1}', '{"user":"joe","password":"<password>","n":1}'),
    ("JSON in JSON", r'{\"password\":\"a\\\"b\",\"n\":1}', r'{\"password\":\"<password>\",\"n\":1}'),
    ("JSON, number", '{"password":12345}', '{"password":<password>}'),
    ("JSON, cut", '{"password":"gehe', '{"password":"<password>'),
    ("JSON, deep", '{"tokens":["a","b"],"secrets":{"db":"x"}}', '{"tokens":<token>,"secrets":<secret>}'),
    ("JSON, pairs", '{"name": "DB_PASSWORD", "value": "x1"}', '{"name": "DB_PASSWORD", "value": "<password>"}'),
    ("JSON, encoded", "%22password%22%3A%22geheim%22", "%22password%22%3A%22<password>%22"),
    ("YAML", "api-key: abc1\nname: x", "api-key: <key>\nname: x"),
    ("PHP", "[password] => geheim", "[password] => <password>"),
    ("option", "mysql --password geheim --host x", "mysql --password <password> --host x"),
    ("SQL", "WITH PASSWORD 'geheim' VALID", "WITH PASSWORD '<password>' VALID"),
    ("XML", '<db:password a="b">geheim</db:password>', '<db:password a="b"><password></db:password>'),
    ("two letters in lower case", "İİİİ password=geheim", "İİİİ password=<password>"),
]  # fmt: skip

PLAIN = [
    "",
    "Order status not allowed to pay",
    f"order {UUID} of trace 72ab7d9987844ef50657d4871f29767c, span 4737feedff6b5a11",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "v1.2.3.4 foo-1.2.3.4.jar Chrome/110.0.0.0 1.2.3 1.2.3.4.5",
    "listening on 0.0.0.0:8080",
    "took 1234567890 ns at 12:34:56.789 on 2023-01-29T15:38:06.123456789Z",
    "at 1700000000000, 1700000000000000, 1700000000000000000 and 4700000000000000000",
    "4111111111111112 4111111111111111000000 0.4111111111111111 x4111111111111111",
    "std::vector<int> a::b dead::b1 std::x1::f 0a:1b:2c:3d:4e:5f 00:11:22:33:44:55:66:77",
    "GB82 WEST 1234 5698 7654 33",
    "lodash@4.17.21 @types/node git@v1.2.3 user@localhost @Override",
    "com.example.TokenService: started, PasswordEncoder: ready",
    "Unexpected token: } in JSON, Invalid token: expired, Secret: not found",
    "password is wrong, token has expired, basic authentication, bearer authentication failed",
    "input_tokens=512 max_tokens: 4096 password_length=12 token.type=x expires_at=5",
    "monkey=1 author: Joe compass=3 routing_key=orders.created key=value keyboard=us",
    "password=*** password=${DB_PASSWORD} token={} secret=[redacted] pwd=null password=",
    "PWD=/root auth=basic auth: kerberos",
    'failed to get token: "',
    '["no token: ", 5]',
    "ts-auth-service-7f8d7d756d-k7b9j ts-order-service sk-learn task-abcdefghijklmnopqrstuvwxyz",
    "GET /api/v1/users/123/orders?page=2&size=10 200 35ms",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "naïve señor 検索",
]

SECRET_NAMES = [
    *("password", "db.password", "userPassword", "PASSWD", "mysql_pwd", "passphrase", "db_pass", "password_hash"),
    *(
        "authorization",
        "http.request.header.authorization",
        "Proxy-Authorization",
        "x-api-key",
        "apiKey",
        "API_KEYS",
    ),
    *("set-cookie", "http.request.header.cookie", "token", "access_token", "idToken", "x-csrf-token", "jwt"),
    *("client_secret", "secretAccessKey", "aws_secret_access_key", "private_key", "private_key_id", "secret_id"),
    *("AccountKey", "SharedAccessSignature", "ssh-key", "credentials", "labels.password", "JSESSIONID", "cvv"),
    *("token.value", "password_old", "AccessKeyId", "Ocp-Apim-Subscription-Key"),
]
OTHER_NAMES = [
    *("", "key", "public_key", "routing_key", "db.key", "author", "authority", "session.id", "k8s.secret.name"),
    *("password_length", "passwordPolicy", "token.type", "token_count", "tokenizer", "auth_service", "secretary"),
    *("secret_name", "cookie.consent", "token_expires_at", "monkey", "pass_rate", "bypass", "http.route"),
]


@pytest.mark.parametrize(("text", "masked"), [case[1:] for case in MASKED], ids=[case[0] for case in MASKED])
def test_masks(text: str, masked: str) -> None:
    assert conceal(text) == masked


@pytest.mark.parametrize("text", PLAIN)
def test_leaves_the_rest_alone(text: str) -> None:
    assert conceal(text) is text


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_that_say_secret(name: str) -> None:
    assert says_secret(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_names_that_do_not(name: str) -> None:
    assert not says_secret(name)


def test_templates_need_no_masks_for_digits() -> None:
    assert conceal("10.1.2.3 a@b.example 4111111111111111", digits=False) == "10.1.2.3 <email> 4111111111111111"


PIECES = st.sampled_from(
    [
        *("password", "token", "api_key", "auth", "Cookie", "Authorization", "key", "name", "value", "null", "--"),
        *("=", ":", ": ", "=>", " ", '"', "'", "\\", '\\"', "[", "]", "{", "}", "<", ">", "(", ")", ",", ";", "&"),
        *(
            "?",
            "/",
            "//",
            "://",
            "@",
            "%40",
            "%22",
            "%3D",
            "%26",
            ".",
            "-",
            "_",
            "\n",
            "$",
            "İ",
            "\u017f",
            "\u212a",
            "٣",
        ),
        *("<password>", "<email>", "<ip>", "</", "<a>", "</a>", "<token>x</token>", "a@b.co", "x.com", "::", "1"),
        *("10.0.0.1", "fe80::1", "4111111111111111", "4111 1111 1111 1111", "DE89370400440532013000", "geheim"),
        *("Bearer ", "Basic ", "YTpi", "Digest ", "tcp(", "sk-", "a1b2c3", JWT, GITHUB, AWS_ID, AWS_SECRET),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "5"),
    ]
)
TEXTS = st.one_of(st.text(), st.text("ab019:.-/<>@ =\"'\\"), st.lists(PIECES, max_size=20).map("".join))


@given(TEXTS, st.booleans())
def test_masking_twice_changes_nothing(text: str, digits: bool) -> None:
    once = conceal(text, digits=digits)
    assert conceal(once, digits=digits) == once


# What is a secret wherever it stands.
ALWAYS = [GITHUB, SLACK, STRIPE, AWS_ID, GOOGLE, JWT, PEM, "joe@shop.example", "4111111111111111", "10.1.2.3"]
BESIDE = st.text(" \n\t,;:=()[]{}<>\"'|&?/", min_size=1, max_size=5)


@given(st.sampled_from(ALWAYS), TEXTS, BESIDE, BESIDE, TEXTS)
def test_no_surroundings_keep_a_secret(secret: str, before: str, left: str, right: str, after: str) -> None:
    assume(secret not in before + after)  # where it may be a part of something else
    assert secret not in conceal(f"{before}{left} {secret} {right}{after}")


@given(st.sampled_from([*ALWAYS, "password=geheim-und-lang"]), st.integers(0, 200), st.integers(0, 60))
def test_no_cut_shows_the_start_of_a_secret(secret: str, blanks: int, most: int) -> None:
    start = secret.partition("=")[2] or secret
    shown = conceal_start(" " * blanks + secret, most + blanks)
    assert start[:8] not in shown


def test_a_short_text_is_concealed_whole() -> None:
    assert conceal_start("to a@b.example", 100) == "to <email>"
    assert conceal_start("hello you", 7) == "hello "
    assert len(conceal_start("x" * 300, 200)) == 200 - 128


# Runs that almost match again and again, or match and show the next one: each must be read in one go.
HOSTILE = [
    *("a@", "a@b.c", "+d@e.fg", "%40a.", "1.1.1.1", "1.", "::", "f::", "1:", "4444 ", "4111 1111 1111 1111 ", "4"),
    *("DE11 ", "DE89370400440532013000 ", "token=", "token ", "token=<", "token=<token>", 'token="', 'token=\\"'),
    *("token:[", "token={", "auth={", "auth=", "pwd=/", 'pwd="/', "pass=1", '"password":"', '\\"token\\":\\"'),
    *("Authorization: Digest a ", "authorization: a ", "Cookie: a=b;", "Cookie: ", "eyJ", "eyJa.", "SG.", "ghp_"),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "----", "://a:", "://a:b@", "<a>", "<token a", "\\"),
    *("<token>x</token>", "bearer aaaaaaaa", "Basic YTpi ", "aA1/", "$2a$", "key", "key key=", "api_key_"),
    *("token=İ ", '","value":', "password=a,", "password=a,b=c", " root:x@tcp(", ":@tcp(", "token\n"),
    *('token":\n', "password:'"),
]  # fmt: skip


@pytest.mark.parametrize("run", HOSTILE)
@pytest.mark.parametrize("end", ["", "!", "@"])
def test_hostile_texts_end(run: str, end: str) -> None:
    masked = conceal(run * (20_000 // len(run)) + end)
    assert masked != HIDDEN
    assert conceal(masked) == masked


# Whole events.


def test_an_event_without_secrets_is_the_same_object() -> None:
    event = log(
        text="hello",
        attributes={"a": 1, "b": [1, {"c": None}], "d": 1.5, "token": None, "e": ["x", True], "f": {}},
        resource={"service.name": "shop"},
    )
    concealer = Concealer()
    assert concealer.event(event) is event
    assert concealer.event(event) is event


def test_everything_of_an_event_that_people_read_is_masked() -> None:
    event = log(
        uid="joe@shop.example",
        trace_id="a" * 32,
        service="shop of joe@shop.example",
        text="password=geheim",
        attributes={"user": "joe@shop.example", "log.record.uid": "x"},
        resource={"host.ip": ["10.1.2.3"], "service.name": "shop of joe@shop.example"},
    )
    shown = Concealer().event(event)
    assert shown == replace(
        event,
        service="shop of <email>",
        text="password=<password>",
        attributes={"user": "<email>", "log.record.uid": "x"},
        resource={"host.ip": ["<ip>"], "service.name": "shop of <email>"},
    )
    assert (shown.uid, shown.trace_id) == (event.uid, event.trace_id)


ATTRIBUTES: list[tuple[dict[str, Value], dict[str, Value]]] = [
    ({"password": "x y z"}, {"password": "<password>"}),
    ({"password": 1234, "token": 1, "tokens": 5}, {"password": "<password>", "token": "<token>", "tokens": 5}),
    ({"password": "", "secret": None, "token": True}, {"password": "", "secret": None, "token": True}),
    ({"set-cookie": ["a=b"], "secrets": {"a": 1}}, {"set-cookie": "<cookie>", "secrets": "<secret>"}),
    ({"auth": "basic", "token": "expired"}, {"auth": "basic", "token": "<token>"}),
    ({"auth": {"user": "a@b.co"}}, {"auth": {"user": "<email>"}}),
    ({"a": [{"b": {"api-key": "x", "c": "10.1.2.3"}}]}, {"a": [{"b": {"api-key": "<key>", "c": "<ip>"}}]}),
    ({"card": 4111111111111111, "n": 4111111111111112}, {"card": "<card>", "n": 4111111111111112}),
    ({"x": 4111111111111111.0, "y": float("inf")}, {"x": "<card>", "y": float("inf")}),
    ({"a@b.co": 1, "c@d.co": 2, "e": 3}, {"<email>": 1, "<email> 2": 2, "e": 3}),
    ({"to a@b.co": "x"}, {"to <email>": "x"}),
    ({"password": "[redacted]", "token": "<token>"}, {"password": "[redacted]", "token": "<token>"}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), ATTRIBUTES, ids=[str(case[0]) for case in ATTRIBUTES])
def test_attributes(given: dict[str, Value], expected: dict[str, Value]) -> None:
    concealer = Concealer()
    for _ in range(2):
        assert concealer.event(log(attributes=given)).attributes == expected
        assert concealer.event(log(resource=given)).resource == expected


def test_values_of_endless_depth_end() -> None:
    endless: list[Any] = []
    endless.append(endless)
    shown = Concealer().event(log(attributes={"a": endless})).attributes["a"]
    for _ in range(63):
        assert isinstance(shown, list)
        [shown] = shown
    assert shown == [HIDDEN]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stormcell.privacy.events._CACHE_CHARACTERS", 1000)
    monkeypatch.setattr("stormcell.privacy.events._RESOURCES", 3)
    concealer = Concealer()
    for number in range(100):
        attributes = {f"name {number}": f"value {number}"}
        event = log(
            text=f"to {number}@shop.example", attributes=attributes, resource={"a": f"{number}@shop.example"}
        )
        assert concealer.event(event) == replace(event, text="to <email>", resource={"a": "<email>"})
        assert len(concealer._seen) + len(concealer._names) < 10
        assert len(concealer._resources) <= 3


# Rows: what grouping works with, and what is stored.


def _rows(*events: Event, mask: bool = True) -> Rows:
    return build_rows(events, Settings(privacy=PrivacySettings(mask=mask)))


def _all_of(rows: Rows) -> str:
    links = find_links(rows, Settings().links)
    return repr((rows.events, rows.templates, rows.keys, rows.fingerprints, links))


@pytest.mark.parametrize(
    "event",
    [
        log(text="password=geheim123 x"),
        log(text='{"password":"geheim123"}'),
        log(text="secret=geheim-482913", service="geheim123@shop.example"),
        log(text="password=" + "x" * 2035 + "geheim123"),
        log(text=" " * 2030 + "sk-" + "geheim" * 10),
        log(attributes={"request_id": "geheim@shop.example", "logger": "api_key=geheim"}),
        log(
            attributes={
                "request_id": " " * 120 + "sk-" + "geheim" * 10,
                "logger": " " * 120 + "sk-" + "geheim" * 10,
            }
        ),
        log(resource={"k8s.pod.name": "geheim@shop.example"}),
        span(1, text="GET https://joe:geheim@shop.example/", attributes={"password": "geheim"}),
        alert(text="token=geheim", service="api_key=geheim"),
    ],
)
def test_nothing_secret_is_in_rows(event: Event) -> None:
    twice = (event, replace(event, uid="other", severity=event.severity + 1))
    assert "geheim" not in _all_of(_rows(*twice))
    assert "geheim" in _all_of(_rows(*twice, mask=False))


def test_templates_of_texts_that_differ_in_secrets_are_one() -> None:
    texts = (
        "GET https://joe:a@shop.example/x?token=b&user=ann",
        "GET https://joe:c@shop.example/y?token=d&user=bob",
    )
    rows = _rows(*(span(number, text=text) for number, text in enumerate(texts, 1)))
    assert [template.text for template in rows.templates] == ["GET <url>"]


def test_templates_of_addresses_are_as_without_privacy() -> None:
    events = [span(number, text=f"GET http://10.1.2.{number}:80/a/b from 10.1.2.{number}:5") for number in (1, 2)]
    assert _rows(*events).templates == _rows(*events, mask=False).templates


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"attributes": {"request_id": "a@shop.example"}}, {"attributes": {"request_id": "b@shop.example"}}),
        ({"resource": {"host.name": "10.0.0.1"}}, {"resource": {"host.name": "10.0.0.2"}}),
        ({"service": "a@shop.example"}, {"service": "b@shop.example"}),
        ({"text": f"token={UUID}"}, {"text": f"token={UUID.replace('2b', '3c')}"}),
    ],
)
def test_secrets_that_are_masked_alike_link_only_their_own(one: dict[str, Any], other: dict[str, Any]) -> None:
    one, other = ({"service": "", "trace_id": "", **fields} for fields in (one, other))
    events = [log(0, **one), log(0, **other), log(0, **one, severity=17), log(0, **other, severity=17)]
    for mask in (True, False):
        rows = _rows(*events, mask=mask)
        links = find_links(rows, Settings().links)
        assert not any("\0" in link.key for link in links)
        joined = {frozenset(rows.members[row][0] for row in (link.a, link.b)) for link in links}
        assert joined == {frozenset((events[0].uid, events[2].uid)), frozenset((events[1].uid, events[3].uid))}


def test_hidden_keys() -> None:
    key = hidden_key("<email>", "joe@shop.example")
    assert shown_key(key) == "<email>"
    assert "joe" not in key
    assert key == hidden_key("<email>", "joe@shop.example") != hidden_key("<email>", "ann@shop.example")
    assert shown_key("shop|x") == "shop|x"


# Problems quote what was found.


def test_problems_show_no_secret() -> None:
    assert quote("x" * 50 + " " + GITHUB) == '"' + "x" * 50 + ' <token>"'
    assert quote(" " * 4090 + GITHUB) == '"' + " " * 60 + '..."'
    assert show({"joe@shop.example": 1}) == 'an object with "<email>"'
    assert show(4111111111111111) == "<card>"
    assert show_path(("labels", "joe@shop.example", 0)) == "labels.<email>[0]"


@pytest.mark.parametrize(
    "line",
    [
        '{"password": "geheim" oops}',
        '{"password" "geheim"}',
        '{"api_key" "geheim", "a": 1}',
        '{"password": "geheim\\x"}',
        '{"a": ' + '"x",' * 2000 + ' "password": "geheim" oops',
        '{"key": "token", "value": {"stringValue": "geheim" oops}}',
    ],
)
def test_problems_of_broken_json_show_no_secret(line: str) -> None:
    trouble = parse(line.encode())
    assert isinstance(trouble, Trouble)
    assert "gehei" not in trouble.message


def test_problems_of_broken_json_show_the_rest() -> None:
    trouble = parse(b'{"password": "geheim", "number" 5}')
    assert isinstance(trouble, Trouble)
    assert trouble.message == (
        'expected JSON, found an error at column 33 near " \\"number\\" 5}" (expecting \':\' delimiter)'
    )


@pytest.mark.parametrize("path", [("labels", "password"), ("a", "api_key", 3)])
def test_problems_of_secret_names_show_no_value(path: tuple[str | int, ...]) -> None:
    scribe = Scribe(Report(), strict=False)
    scribe.broken(path, "text", 12345)
    scribe.broken(path, "text")
    scribe.name = "password"
    scribe.broken(("body",), "text", "geheim")
    assert [problem.message for problem in scribe.report.problems] == [
        f"{show_path(path)}: expected text, found a secret",
        f"{show_path(path)}: expected text, found nothing",
        "body: expected text, found a secret",
    ]
