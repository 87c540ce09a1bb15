"""The declaration of notifications."""

from mainspring.core.module import Module

MODULE = Module("notifications", __package__, requires=("users",), personal_data="service:personal_data")
