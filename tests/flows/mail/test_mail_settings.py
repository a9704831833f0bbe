"""The mail's settings: each invalid one has its message, and the password is in none."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.home.settings import BarometerError
from flows.mail.settings import MailSettings, is_set_up, mail_settings
from tests.build.post import PASSWORD, Post


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SMTP_HOST": ""}, "BAROMETER_SMTP_HOST .or BAROMETER_SMTP_BLOCK. not set"),
        ({"MAIL_TO": "", "MAIL_FROM": ""}, "MAIL_FROM, BAROMETER_MAIL_TO not"),
        ({"SMTP_BLOCK": "post"}, "Unset one"),
        ({"SMTP_PORT": "70000"}, "'70000' is not a port"),
        ({"SMTP_SECURITY": "ssl"}, "one of starttls, tls, none"),
        ({"SMTP_SECURITY": "none", "SMTP_HOST": "smtp.example.org"}, "readable on the way"),
        ({"SMTP_SECURITY": "none", "SMTP_HOST": "127.0.0.1.example.org"}, "readable on the way"),
        ({"SMTP_HOST": "smtp\r\nevil"}, "not the name or address of a server"),
        ({"SMTP_PASSWORD": ""}, "needs both"),
        ({"SMTP_USER": ""}, "needs both"),
        ({"SMTP_PASSWORD": "pässword"}, "must be ASCII"),
        ({"MAIL_FROM": "a@x.org, b@x.org"}, "one address"),
        ({"MAIL_FROM": "nobody"}, "is not an address"),
        ({"MAIL_TO": "a@x.org\r\nBcc: b@x.org"}, "is not an address"),
        ({"MAIL_TO": "a@x.org;b@x.org"}, "is not an address"),
        ({"MAIL_TO": "a@bücher.example"}, "xn-- form"),
        ({"MAIL_TO": "a@x.org,,b"}, "is not an address"),
    ],
)
def test_an_invalid_setting_is_named(changes: dict[str, str], message: str, tmp_path: Path) -> None:
    environ = Post(587, tmp_path, tmp_path, "starttls").environ()
    environ |= {f"BAROMETER_{name}": value for name, value in changes.items()}
    with pytest.raises(BarometerError, match=message) as caught:
        mail_settings(environ)
    assert PASSWORD not in str(caught.value)


def test_valid_settings() -> None:
    environ = {
        "BAROMETER_SMTP_HOST": "smtp.example.org",
        "BAROMETER_MAIL_FROM": "b@x.org",
        "BAROMETER_MAIL_TO": "a@x.org, Ann B. <b@x.org>,a@x.org,",
    }
    assert mail_settings(environ) == MailSettings(
        "smtp.example.org", 587, "starttls", None, None, "b@x.org", ("a@x.org", "b@x.org")
    )
    assert mail_settings(environ | {"BAROMETER_SMTP_SECURITY": "tls"}).port == 465
    assert not is_set_up({}) and is_set_up(environ)
