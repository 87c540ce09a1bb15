"""The web process: every module's routes behind the middleware of core."""

from mainspring.core.application import Application
from mainspring.core.http.app import HttpApp
from mainspring.core.http.routing import Router, on_database
from mainspring.core.mail import page as mail_page
from mainspring.core.module import BootRefused
from mainspring.core.observability import health
from mainspring.core.observability.metrics import exposition
from mainspring.core.security import published_keys


def create_app(application: Application) -> HttpApp:
    """The ASGI program in front of an application. Raises BootRefused when a route lacks a rule or an answer type."""
    routers: list[Router] = [health.router, published_keys.router]
    if application.settings.metrics_enabled:
        routers.append(exposition.router)
    if not application.settings.is_production:
        routers.append(mail_page.router)
    for module in application.modules:
        routes = module.file("routes")
        if routes is None:
            continue
        router = getattr(routes, "router", None)
        if not isinstance(router, Router):
            raise BootRefused(f"The routes.py of module {module.name} has no `router = Router(...)`.")
        for one in (router, getattr(routes, "root_router", None)):
            if isinstance(one, Router):
                on_database(one, module.database)
                routers.append(one)
    return HttpApp(application, routers)
