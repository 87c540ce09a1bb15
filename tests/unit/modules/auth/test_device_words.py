"""Devices in the words of their owners."""

import pytest

from mainspring.modules.auth.device_words import words_for

MAC, WIN = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        (f"{WIN} {WEBKIT} Chrome/129.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WIN} {WEBKIT} Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0", "Edge on Windows"),
        (f"{WIN} {WEBKIT} Chrome/129.0.0.0 Safari/537.36 OPR/115.0", "Opera on Windows"),
        (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari on a Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) CriOS/129.0 Mobile Safari/604.1", "Chrome on an iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/26.0 Chrome/122 Mobile Safari/537.36", "Samsung Internet on Android"),
        ("Dalvik/2.1.0 (Linux; U; Android 14)", "Android"),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28", "python-httpx"),
        ("<script>alert(1)</script>", None),
        ("\r\nBcc: eve@example.net", None),
        ("", None),
        (None, None),
    ],
)
def test_a_program_and_its_system(sent, words):
    assert words_for(sent) == words
