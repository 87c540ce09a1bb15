"""How people reach the server: its address, hosts, proxies."""

from ipaddress import ip_network
from urllib.parse import urlsplit

from .finding import Finding, advice
from .patient import Patient

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def about_address(patient: Patient) -> list[Finding]:
    """PUBLIC_URL and ALLOWED_HOSTS."""
    settings = patient.settings
    host, found = urlsplit(settings.public_url).hostname or "", []
    if settings.is_production and host in LOOPBACK:
        cure = "Set PUBLIC_URL=https:// and the name that people use."
        found.append(Finding(f"PUBLIC_URL is {settings.public_url}: links in mails lead nowhere, tokens name this issuer.", cure))
    if not _is_allowed(host, settings.allowed_hosts):
        found.append(Finding(f"ALLOWED_HOSTS does not let {host} in, the host of PUBLIC_URL.", f"Add {host} to ALLOWED_HOSTS."))
    elif settings.is_production and "*" in settings.allowed_hosts:
        cure = f"Set ALLOWED_HOSTS={host}, unless a proxy checks it."
        found.append(advice("ALLOWED_HOSTS is *: requests under any name are answered.", cure))
    return found


def about_proxies(patient: Patient) -> list[Finding]:
    """TRUSTED_PROXIES."""
    settings = patient.settings
    found = [
        Finding(
            f"TRUSTED_PROXIES holds {one}: everybody can pretend to come from anywhere.", "Name the addresses of your proxies."
        )
        for one in settings.trusted_proxies
        if ip_network(one, strict=False).prefixlen == 0
    ]
    if settings.is_production and settings.public_url.startswith("https://") and not settings.trusted_proxies:
        sentence = "TRUSTED_PROXIES is empty although PUBLIC_URL is https: to limits all visitors look like the proxy."
        found.append(Finding(sentence, "Set TRUSTED_PROXIES to the address of what ends TLS, such as 127.0.0.1."))
    return found


def _is_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    return any(
        one in ("*", host) or (one.startswith("*.") and host.endswith(one[1:])) for one in (name.lower() for name in allowed)
    )
