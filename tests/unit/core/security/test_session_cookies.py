"""What the cookies of a session are called, and how two of a name are noticed."""

import pytest

from mainspring.core.security.refusals import TokenInvalid
from mainspring.core.security.session_cookies import SessionCookies, only_cookie
from mainspring.core.settings import Settings


def test_in_production_the_names_bind_the_cookies_to_tls_and_to_our_host():
    # ASVS 3.3.1, 3.3.3
    cookies = SessionCookies.of(Settings(app_env="production", cookie_same_site="strict"))

    assert cookies == SessionCookies(
        "__Host-accessToken", "__Secure-refreshToken", device="__Secure-deviceToken", is_secure=True, same_site="strict"
    )


def test_elsewhere_they_work_without_tls():
    assert SessionCookies.of(Settings()) == SessionCookies("accessToken", "refreshToken", is_secure=False, same_site="lax")


def test_a_cookie_is_found_among_others_and_in_several_headers():
    headers = [(b"cookie", b"theme=dark; refreshToken2=x"), (b"host", b"refreshToken=no"), (b"cookie", b"refreshToken=yes")]

    assert only_cookie(headers, b"refreshToken") == b"yes"
    assert only_cookie(headers, b"accessToken") is None


@pytest.mark.parametrize("second", [[(b"cookie", b"refreshToken=b")], []])
def test_two_of_a_name_are_refused(second):
    first = b"refreshToken=a" if second else b"refreshToken=a;refreshToken=a"

    with pytest.raises(TokenInvalid):
        only_cookie([(b"cookie", first), *second], b"refreshToken")
