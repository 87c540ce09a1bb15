"""The search for secrets in files (R-183). What it must find is put together here, or it would find this file."""

import subprocess

import pytest

from tools import secret_scan

MIX = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zZ"
FOUND = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA" + MIX,
    "an AWS key": "AKIA" + "IOSFODNN7EXAMPLX",
    "a GitHub token": "ghp_" + MIX + "abcd",
    "a GitLab token": "glpat-" + MIX[:20],
    "a Slack token": "xoxb-" + "123456789012-" + MIX,
    "a Slack webhook": "https://hooks.slack.com/services/" + "T0001/B0001/" + MIX,
    "a Stripe key": "sk_live_" + MIX[:24],
    "a secret of a Stripe webhook": "whsec_" + MIX,
    "a Google key": "AIza" + MIX + "abc",
    "a Google secret": "GOCSPX-" + MIX[:28],
    "a SendGrid key": "SG." + MIX[:22] + "." + MIX,
    "an npm token": "npm_" + MIX + "abcd",
    "a PyPI token": "pypi-AgEI" + MIX,
    "an OpenAI or Anthropic key": "sk-ant-" + MIX + "abcd",
    "an Azure key": "AccountKey=" + MIX + MIX,
    "a signed token": "eyJ" + MIX[:20] + ".eyJ" + MIX[:20] + "." + MIX,
}
ASSIGNED = [
    'SECRET = "{}"',
    "api_key: '{}'",
    "DB_PASSWORD={}",
    '  "accessToken": "{}",',
    "export ENCRYPTION_KEY={}  # of the shop",
]
HARMLESS = [
    'token = "a short sentence about tokens"',
    'SECRET = "{secret}"',
    "password = settings.password.get_secret_value()",
    'token_url = "https://example.com/oauth/token/1234567890"',
    'key = "development-only-not-a-secret"',
    "SESSION_SECRET=$(openssl rand -hex 32)",
    "sk_test_a_very_secret_key",
    "-----BEGIN PRIVATE KEY-----\\nabc\\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize(("what", "text"), FOUND.items())
def test_a_secret_is_found_by_its_form(what, text):
    found = [(line, kind) for line, kind, _ in secret_scan.secrets_in("x.py", f"first\nx = '{text}'\n")]

    assert (2, what) in found


def test_every_form_is_tried_here():
    assert FOUND.keys() == secret_scan.FORMS.keys()


@pytest.mark.parametrize("line", ASSIGNED)
def test_random_text_behind_a_telling_name_is_found(line):
    assert [kind for _, kind, _ in secret_scan.secrets_in("x", line.format(MIX))] == ["a random value"]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_no_secret_is_left_alone(line):
    assert list(secret_scan.secrets_in("x", line)) == []


@pytest.fixture
def repository(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_a_file_that_would_be_kept_is_searched_and_its_secret_not_shown(repository):
    (repository / "shop.py").write_text(f"\nKEY = '{FOUND['a Stripe key']}'\n")

    [complaint] = secret_scan.complaints(repository)

    assert complaint.startswith("shop.py:2 holds a Stripe key (")
    assert FOUND["a Stripe key"] not in complaint


def test_what_cannot_be_searched_is_a_complaint(repository, tmp_path_factory):
    (repository / "odd.txt").write_bytes(b"\xff\xfe\x00secret")

    assert "cannot be read" in secret_scan.complaints(repository)[0]
    assert "git does not list the files" in secret_scan.complaints(tmp_path_factory.mktemp("no repository"))[0]


def test_our_own_files_hold_none():
    assert secret_scan.complaints() == []


def test_what_is_known_has_a_reason():
    assert all(len(name) == 16 and len(reason) > 10 for name, reason in secret_scan.KNOWN.items())
