"""The declaration of jobs."""

from mainspring.core.module import Module

MODULE = Module("jobs", __package__, owners={"job": "service:owner_of"})
