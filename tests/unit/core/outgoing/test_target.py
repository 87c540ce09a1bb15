"""Reading an address: what can be read in two ways is refused."""

import pytest

from mainspring.core.outgoing import AddressRefused, OutgoingRules
from mainspring.core.outgoing.target import target_of

RULES = OutgoingRules(allows_http=True, is_production=False)

TRICKS = [
    # numbers that some programs read as an address
    "http://2130706433/",
    "http://2130706433./",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0177.0.0.01/",
    "http://00000177.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1../",
    "http://127.0.0.01/",
    "http://127.0.0.0x1/",
    "http://0/",
    "http://0./",
    "http://0x0/",
    "http://0x/",
    "http://00/",
    "http://1.2.3.4.5/",
    "http://256.256.256.256/",
    "http://example.1/",
    "http://425.510.425.510/",
    "http://169.254.43518/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    # addresses as they are written
    "http://127.0.0.1/",
    "http://127.127.127.127/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://192.168.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fc00::1]/",
    "http://[ff02::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1%lo]/",
    "http://[::1]x/",
    "http://[::1/",
    "http://::1/",
    "http://[127.0.0.1]/",
    "http://[v1.fe80::a]/",
    "http://[]/",
    # names of inner networks
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://LocalHost.:80/",
    "http://www.localhost/",
    "http://localhost.localdomain/",
    "http://metadata/",
    "http://metadata.google.internal/",
    "http://printer.local/",
    "http://router.lan/",
    "http://box.home.arpa/",
    "http://postgres/",
    # letters that become others
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://127\u30020\u30020\u30021/",
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
    "http://\u0661\u0662\u0667.0.0.1/",
    "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",
    "http://loc\u00adalhost/",
    "http://b\u00fccher.example.com/",
    "http://xn--/",
    "http://xn--.com/",
    "http://xn--a.com/",
    "http://xn--127-.com/",
    "http://ab--cd.com/",
    # somebody before the host
    "http://good.com@127.0.0.1/",
    "http://good.com:80@127.0.0.1/",
    "http://user:secret@good.com/",
    "http://@good.com/",
    "http://:@good.com/",
    "http://good.com%40127.0.0.1/",
    "http://127.0.0.1:80@good.com/",
    # signs that are read in two ways
    "http://good.com\\@127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "http://127.0.0.1\\.good.com/",
    "http://good.com/\\..\\",
    "http:/127.0.0.1/",
    "http:127.0.0.1",
    "http:///127.0.0.1/",
    "//good.com/",
    "good.com",
    "/path",
    "",
    "http://",
    "http://?x",
    "http:// good.com/",
    " http://good.com/",
    "http://good.com /",
    "http://good.com/\r\nHost: evil",
    "http://good.com/\nx",
    "http://good.com/\tx",
    "http://go\tod.com/",
    "http://good.com\x00.evil.com/",
    "http://good.com/\x7f",
    "http://%31%32%37.0.0.1/",
    "http://good%2ecom/",
    "http://good..com/",
    "http://.good.com/",
    "http://good.com../",
    "http://-good.com/",
    "http://good-.com/",
    "http://go_od.com/",
    "http://*.good.com/",
    "http://good,com/",
    "http://good.com;80/",
    "http://" + "a" * 64 + ".com/",
    "http://" + "a." * 127 + "com/",
    "http://good.com/" + "a" * 2048,
    # ports
    "http://good.com:/",
    "http://good.com:0/",
    "http://good.com:080/",
    "http://good.com:+80/",
    "http://good.com:-1/",
    "http://good.com:65536/",
    "http://good.com:99999/",
    "http://good.com:22/",
    "http://good.com:6379/",
    "http://good.com:80:80/",
    "http://good.com:80a/",
    # other schemes
    "ftp://good.com/",
    "file:///etc/passwd",
    "gopher://good.com:80/_x",
    "dict://good.com/",
    "ldap://good.com/",
    "jar:http://good.com/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "unix:///var/run/docker.sock",
    "http+unix://x/",
    "ws://good.com/",
    "httpss://good.com/",
    "url:http://good.com/",
]

READ = {
    "https://good.com": ("https", "good.com", 443, "/"),
    "HTTPS://GOOD.com/Path": ("https", "good.com", 443, "/Path"),
    "http://good.com.:80/a?b=c#d@e": ("http", "good.com", 80, "/a?b=c"),
    "http://good.com?q=http://127.0.0.1/": ("http", "good.com", 80, "/?q=http://127.0.0.1/"),
    "http://good.com#@127.0.0.1/": ("http", "good.com", 80, "/"),
    "https://good.com/@127.0.0.1": ("https", "good.com", 443, "/@127.0.0.1"),
    "https://8.8.8.8/": ("https", "8.8.8.8", 443, "/"),
    "https://[2606:4700:4700:0::1111]/": ("https", "2606:4700:4700::1111", 443, "/"),
    "https://xn--bcher-kva.example/": ("https", "xn--bcher-kva.example", 443, "/"),
    "https://0x7f000001.nip.io/": ("https", "0x7f000001.nip.io", 443, "/"),
}


@pytest.mark.parametrize("url", TRICKS)
def test_a_trick_is_refused_before_anything_is_resolved(url):
    with pytest.raises(AddressRefused):
        RULES.check(target_of(url))


def test_there_are_many_tricks():
    assert len(set(TRICKS)) == len(TRICKS) >= 80


@pytest.mark.parametrize(("url", "parts"), READ.items())
def test_an_address_is_read_in_one_way(url, parts):
    found = target_of(url)
    RULES.check(found)

    assert (found.scheme, found.host, found.port, found.target) == parts


def test_the_host_header_names_what_was_asked_for():
    assert target_of("https://[2606:4700::1]:8443/").host_header == "[2606:4700::1]:8443"
    assert target_of("http://good.com:80/").host_header == "good.com"


def test_production_asks_with_tls_only():
    with pytest.raises(AddressRefused):
        OutgoingRules().check(target_of("http://good.com/"))


def test_a_refusal_shows_the_caller_nothing_of_our_network():
    with pytest.raises(AddressRefused) as refused:
        RULES.check(target_of("http://10.0.0.1/"))

    assert "10." not in str(refused.value)
    assert refused.value.details is None
    assert "10.0.0.0/8" in refused.value.reason
