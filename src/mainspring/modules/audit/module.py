"""The declaration of audit."""

from mainspring.core.module import Module

MODULE = Module("audit", __package__)
