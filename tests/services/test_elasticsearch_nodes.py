"""The nodes of these tests are what they are taken for."""

from __future__ import annotations

import urllib.request
from http import HTTPStatus
from urllib.error import HTTPError, URLError

import pytest

from tests.services.conftest import client_major
from tests.services.elastic import VERSIONS, Elasticsearch


def test_they_are_of_the_client_s_version_and_of_the_newer_one(
    elasticsearch: Elasticsearch, elasticsearch_secure: Elasticsearch
) -> None:
    for node, version in ((elasticsearch, VERSIONS[client_major()]), (elasticsearch_secure, VERSIONS[9])):
        [found] = node.call("GET", "_nodes/_local")["nodes"].values()
        assert found["version"] == node.version == version


def test_a_user_may_what_the_role_says_and_no_more(elasticsearch_secure: Elasticsearch, prefix: str) -> None:
    node = elasticsearch_secure
    node.call("PUT", f"{prefix}-groups/_doc/1", {"message": "kept"}, "writer")
    assert node.documents(f"{prefix}-groups") == {"1": {"message": "kept"}}
    assert node.call("GET", f"{prefix}-groups/_doc/1", user="reader")["found"]
    for user, index in (("reader", f"{prefix}-groups"), ("stranger", f"{prefix}-groups"), ("writer", "others")):
        with pytest.raises(HTTPError) as refused:
            node.call("PUT", f"{index}/_doc/2", {}, user)
        assert refused.value.code == HTTPStatus.FORBIDDEN
        refused.value.close()


def test_it_is_to_be_trusted_first(elasticsearch_secure: Elasticsearch) -> None:
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(elasticsearch_secure.url)
