# caught by: middleware_is_pure_asgi
# place: core/http/planted.py
from starlette.middleware.base import BaseHTTPMiddleware


class Slow(BaseHTTPMiddleware): ...
