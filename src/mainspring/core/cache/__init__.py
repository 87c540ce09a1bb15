"""Answers that are kept: `@cached` on what reads, `invalidate` where something changes (R-232 to R-239)."""

from .cache import Cache
from .declaring import Dependence, cached, invalidate, user

__all__ = ["Cache", "Dependence", "cached", "invalidate", "user"]
