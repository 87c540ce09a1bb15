"""The declaration of jobs."""

from mainspring.core.module import Module

MODULE = Module("jobs", __package__)
