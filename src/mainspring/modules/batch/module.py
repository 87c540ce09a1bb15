"""The declaration of batch."""

from mainspring.core.module import Module

MODULE = Module("batch", __package__)
