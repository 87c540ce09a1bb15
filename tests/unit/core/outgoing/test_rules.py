"""What an installation allows beyond the public internet."""

from ipaddress import ip_address

import pytest

from mainspring.core.outgoing import AddressRefused, OutgoingRules
from mainspring.core.outgoing.target import target_of
from mainspring.core.settings import SettingsRefused, load_settings


def rules(**environment: str) -> OutgoingRules:
    return OutgoingRules.of(load_settings({"APP_ENV": "test", **environment}))


def test_an_allowed_network_may_be_reached():
    allowing = rules(OUTGOING__ALLOWED_NETWORKS="10.1.0.0/16,fd00:1::/32")

    allowing.check(target_of("http://10.1.2.3/"))
    allowing.check(target_of("http://[fd00:1::5]/"))
    allowing.check_address("inner.example", ip_address("::ffff:10.1.2.3"))
    with pytest.raises(AddressRefused):
        allowing.check(target_of("http://10.2.0.1/"))


def test_an_allowed_host_may_lie_inside_but_not_at_the_metadata():
    allowing = rules(OUTGOING__ALLOWED_HOSTS="Keycloak.internal.")

    allowing.check(target_of("https://keycloak.internal/"))
    allowing.check_address("keycloak.internal", ip_address("10.0.0.7"))
    for text in ("169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "fd00:ec2::254", "::ffff:169.254.169.254"):
        with pytest.raises(AddressRefused):
            allowing.check_address("keycloak.internal", ip_address(text))
    with pytest.raises(AddressRefused):
        allowing.check_address("other.internal", ip_address("10.0.0.7"))


def test_a_name_with_one_inner_address_is_refused_whole():
    with pytest.raises(AddressRefused):
        rules().check_addresses("good.com", [ip_address("8.8.8.8"), ip_address("10.0.0.1")])


def test_ports_are_those_of_the_setting():
    rules(OUTGOING__PORTS="443,8443").check(target_of("https://good.com:8443/"))
    with pytest.raises(AddressRefused):
        rules(OUTGOING__PORTS="443").check(target_of("http://good.com/"))


def test_what_the_settings_name_opens_its_port_and_this_machine_while_developing():
    named = ["http://127.0.0.1:8081", "https://idp.example:8443", "auth.example"]
    developing, production = OutgoingRules(is_production=False), OutgoingRules(is_production=True)

    assert developing.naming(named).hosts == {"127.0.0.1"}
    assert production.naming(named).hosts == frozenset()
    assert developing.naming(named).ports == {80, 443, 8081, 8443}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OUTGOING__ALLOWED_NETWORKS", "10.0.0.0/99"),
        ("OUTGOING__ALLOWED_HOSTS", "https://keycloak.internal"),
        ("OUTGOING__ALLOWED_HOSTS", "*.internal"),
        ("OUTGOING__PORTS", "0"),
        ("OUTGOING__PORTS", "https"),
        ("OUTGOING__CA_FILE", "/nowhere/at/all.pem"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(name, value):
    with pytest.raises(SettingsRefused, match=name):
        load_settings({"APP_ENV": "test", name: value})
