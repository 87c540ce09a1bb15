"""Which server the settings name, and what they refuse."""

import pytest

from mainspring.core.mail.server import MailServer, mail_server, sender_of
from mainspring.core.mail.wiring import unsent_mail_warning
from mainspring.core.settings import load_settings
from mainspring.core.settings.problems import SettingsRefused
from mainspring.testing.databases import environment_of_tests


def settings(tmp_path, **given):
    return load_settings({"APP_ENV": "test", **given}, tmp_path, modules=[], make_secrets=False)


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ({"SMTP_URL": "smtp://mail.example"}, MailServer("mail.example", 587, "offered")),
        ({"SMTP_URL": "smtp://mail.example:25"}, MailServer("mail.example", 25, "offered")),
        ({"SMTP_URL": "smtp://a%40b.c:p%2Fw@mail.example"}, MailServer("mail.example", 587, "required", "a@b.c", "p/w")),
        ({"SMTP_URL": "smtps://u:p@mail.example"}, MailServer("mail.example", 465, "implicit", "u", "p")),
        ({"SMTP_URL": "smtp://u:p@mail.example:465"}, MailServer("mail.example", 465, "implicit", "u", "p")),
        ({"SMTP_URL": "smtp://u:p@localhost:1025"}, MailServer("localhost", 1025, "offered", "u", "p")),
        ({"SMTP_URL": "smtp://u:p@mail.example", "EMAIL_TLS": "off"}, MailServer("mail.example", 587, "off", "u", "p")),
        ({"SMTP_URL": "smtp://mail.example", "EMAIL_TLS": "required"}, MailServer("mail.example", 587, "required")),
        ({"EMAIL_HOST": "mail.example", "EMAIL_PORT": "465"}, MailServer("mail.example", 465, "implicit")),
        (
            {"EMAIL_HOST": "mail.example", "EMAIL_USER": "u", "EMAIL_PASSWORD": "p"},
            MailServer("mail.example", 587, "required", "u", "p"),
        ),
        ({}, None),
    ],
)
def test_the_settings_name_a_server(tmp_path, given, server):
    assert mail_server(settings(tmp_path, **given)) == server


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"SMTP_URL": "http://mail.example"}, "SMTP_URL must look like"),
        ({"SMTP_URL": "smtp://"}, "SMTP_URL must look like"),
        ({"SMTP_URL": "smtp://mail.example:port"}, "SMTP_URL is no URL"),
        ({"SMTP_URL": "smtp://user@mail.example"}, "without a password"),
        ({"SMTP_URL": "smtp://a.example", "EMAIL_HOST": "b.example"}, "Keep one form"),
        ({"EMAIL_USER": "u", "EMAIL_PASSWORD": "p"}, "EMAIL_HOST is missing"),
        ({"EMAIL_HOST": "a.example", "EMAIL_USER": "u"}, "belong together"),
        ({"EMAIL_FROM": "nobody"}, "EMAIL_FROM must be an address"),
        ({"EMAIL_FROM": "a@b.c\nBcc: x@y.z"}, "EMAIL_FROM must be an address"),
        ({"TEMPLATES_DIR": "no/such/folder"}, "TEMPLATES_DIR is no folder"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(tmp_path, given, problem):
    with pytest.raises(SettingsRefused, match=problem):
        settings(tmp_path, **given)


def test_no_refusal_and_no_text_shows_the_password(tmp_path):
    with pytest.raises(SettingsRefused) as refused:
        settings(tmp_path, SMTP_URL="smtp://user:hidden-thing@mail.example/path")
    found = settings(tmp_path, SMTP_URL="smtp://user:hidden-thing@mail.example")

    assert "hidden-thing" not in str(refused.value)
    assert "hidden-thing" not in repr(found) + repr(mail_server(found)) + "".join(line.value for line in found.sources())


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ({}, "no-reply@localhost"),
        ({"PUBLIC_URL": "https://shop.example"}, "no-reply@shop.example"),
        ({"PUBLIC_URL": "http://10.0.0.5:8000"}, "no-reply@localhost"),
        ({"EMAIL_HOST": "m.example", "EMAIL_USER": "shop@m.example", "EMAIL_PASSWORD": "p"}, "shop@m.example"),
        ({"EMAIL_FROM": "Shop <hello@shop.example>"}, "hello@shop.example"),
    ],
)
def test_mail_has_a_sender(tmp_path, given, sender):
    assert sender_of(settings(tmp_path, **given)).email == sender


def test_production_without_a_server_is_told_at_each_start(tmp_path):
    given = environment_of_tests() | {"PUBLIC_URL": "https://shop.example", "DB_SYNCHRONOUS": "full", "APP_ENV": "production"}

    assert "no mail leaves this machine" in (unsent_mail_warning(settings(tmp_path, **given)) or "")
    assert unsent_mail_warning(settings(tmp_path, **given, SMTP_URL="smtp://mail.example")) is None
    assert unsent_mail_warning(settings(tmp_path)) is None
