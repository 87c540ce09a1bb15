"""`mainspring settings`."""

from mainspring.core.console import table


def settings() -> None:
    """List every setting with its value and where it came from. Secrets are hidden."""
    from mainspring.core.settings import load_settings

    shown = load_settings(make_secrets=False).sources()
    table(("NAME", "VALUE", "SOURCE"), [(line.name, line.value or "-", line.source) for line in shown])
