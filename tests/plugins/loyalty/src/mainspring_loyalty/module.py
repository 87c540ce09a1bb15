"""Loyalty's declaration."""

from mainspring.core.module import Module

MODULE = Module(name="loyalty", package=__package__, requires=("users>=1",))
