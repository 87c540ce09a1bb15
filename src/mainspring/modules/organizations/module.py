"""The declaration of organizations."""

from mainspring.core.module import Module

MODULE = Module("organizations", __package__, requires=("users", "notifications"), personal_data="service.members:personal_data")
