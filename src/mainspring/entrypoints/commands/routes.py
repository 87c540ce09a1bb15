"""`mainspring routes`."""

from mainspring.core.console import table


def routes() -> None:
    """List every route with the access rule in force."""
    from mainspring.core.application import create_application
    from mainspring.core.settings import load_settings
    from mainspring.entrypoints.http import create_app

    program = create_app(create_application(load_settings(make_secrets=False)))
    lines = [
        (method, path, " and ".join(guard.rule() for guard in plan.guards) or "public") for method, path, plan in program.plans
    ]
    table(("METHOD", "PATH", "WHO MAY"), sorted(lines, key=lambda line: (line[1], line[0])))
