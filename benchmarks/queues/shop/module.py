"""The declaration of the benchmark's module."""

from mainspring.core.module import Module

MODULE = Module("bench", __package__)
