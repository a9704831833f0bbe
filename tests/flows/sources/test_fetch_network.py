"""Certificates, TLS, proxies and redirects on the way to a publisher."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from flows.home.settings import BarometerError, Settings
from tests.build.publisher import ZST, fetch_one, is_right, path, publish
from tests.build.web import Web, serving


def test_names_come_from_the_pattern_and_never_from_a_server(home: Settings, site: Web) -> None:
    site.files["/2026/../../evil.sh"] = ZST
    site.plan[path()] = [{"status": 302, "headers": {"Location": "/2026/../../evil.sh"}}]
    headers = {"Content-Disposition": 'attachment; filename="../../../evil.sh"'}
    site.plan["/evil.sh"] = [{"body": ZST, "headers": headers}]
    assert is_right(home, fetch_one(home), ZST)
    assert not list(home.home.parent.rglob("evil*"))


def test_redirects_have_an_end(home: Settings, site: Web) -> None:
    site.plan[path()] = [{"status": 302, "headers": {"Location": path()}}] * 99
    assert "redirects" in fetch_one(home).message
    assert len(site.asked) == 6


def test_tls_is_checked_and_a_redirect_out_of_it_refused(
    home: Settings, web: Web, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    with serving(context) as safe:
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


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses_is_reported_without_its_password(
    home: Settings, web: Web, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, web.address.replace("//", "//user:hunter2@"))
    web.plan["*"] = [{"status": 407}] * 9
    publish(home, f"{scheme}://ais.invalid")
    result = fetch_one(home)
    assert result.state == "failed" and "The proxy requires a login" in result.message
    assert "hunter2" not in result.message and "user:" not in result.message
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("SSL_CERT_FILE", "/nowhere.pem"), ("HTTPS_PROXY", "gopher://user:hunter2@proxy:1")],
)
def test_a_setting_that_cannot_be_used_is_named(
    home: Settings, site: Web, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BarometerError, match=name) as caught:
        fetch_one(home)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_named(home: Settings, web: Web) -> None:
    for address, words in (
        ("http://ais.invalid", "name ais.invalid"),
        ("http://localhost:1", "connection failed"),
        (web.address.replace("http", "https"), "no TLS"),
    ):
        publish(home, address)
        result = fetch_one(home)
        assert result.state == "failed" and words in result.message
