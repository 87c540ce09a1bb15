"""The declaration of the trials."""

from mainspring.core.module import Module

MODULE = Module(name="lab", package=__package__)
