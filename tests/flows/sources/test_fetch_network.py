"""Certificates, TLS and proxies on the way to a publisher."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from flows.home.settings import BarometerError, Settings
from tests.build.publisher import (
    ZST,
    fetch_one,
    is_right,
    path,
    publish,
)
from tests.build.web import Web, serving


def test_names_come_from_the_pattern_and_never_from_a_server(home: Settings, web: Web) -> None:
    web.files["/2026/../../evil.sh"] = ZST
    web.plan[path()] = [{"status": 302, "headers": {"Location": "/2026/../../evil.sh"}}]
    web.files[path()] = ZST
    headers = {"Content-Disposition": 'attachment; filename="../../../evil.sh"'}
    web.plan["/evil.sh"] = [{"body": ZST, "headers": headers}]
    publish(home, web.address)
    found = fetch_one(home)
    assert is_right(home, found, ZST)
    assert not list(home.home.parent.rglob("evil*"))


def test_redirects_have_an_end(home: Settings, web: Web) -> None:
    web.plan[path()] = [{"status": 302, "headers": {"Location": path()}}] * 99
    publish(home, web.address)
    assert "redirects" in fetch_one(home).message
    assert len(web.asked) == 6


def tls_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def test_tls_is_checked_and_a_redirect_out_of_it_refused(
    home: Settings,
    web: Web,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(tls_context(authority)) as safe:
        safe.files[path()] = ZST
        publish(home, safe.address)
        untrusted = fetch_one(home)
        assert untrusted.state == "failed" and "SSL_CERT_FILE" in untrusted.message
        assert safe.asked == []
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        safe.plan[path()] = [{"status": 301, "headers": {"Location": web.address + path()}}]
        refused = fetch_one(home)
        assert refused.state == "failed" and "without TLS" in refused.message
        assert web.asked == []
        assert is_right(home, fetch_one(home), ZST)


def test_certificates_that_are_not_there_are_named(
    home: Settings, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home, web.address)
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(BarometerError, match="SSL_CERT_FILE"):
        fetch_one(home)


def test_a_server_without_tls_at_an_https_address(home: Settings, web: Web) -> None:
    publish(home, web.address.replace("http", "https"))
    found = fetch_one(home)
    assert found.state == "failed" and "no TLS" in found.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_told_and_its_password_is_not(
    home: Settings, web: Web, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = web.address.replace("//", "//user:hunter2@")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    web.plan["*"] = [{"status": 407}] * 9
    publish(home, f"{scheme}://ais.invalid")
    found = fetch_one(home)
    assert found.state == "failed" and "The proxy requires a login" in found.message
    assert "hunter2" not in found.message and "user:" not in found.message
    assert len(web.asked) == 1


def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    home: Settings, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home, web.address)
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hunter2@proxy:1")
    with pytest.raises(BarometerError, match="HTTPS_PROXY") as caught:
        fetch_one(home)
    assert "hunter2" not in str(caught.value)


def test_a_name_that_is_not_known_and_a_port_that_is_shut(home: Settings) -> None:
    publish(home, "http://ais.invalid")
    assert "name ais.invalid" in fetch_one(home).message
    publish(home, "http://localhost:1")
    assert "connection failed" in fetch_one(home).message
