"""Products: what there is to sell."""

from mainspring.core.module import Module

MODULE = Module(name="catalog", package=__package__)
