"""The declaration of users."""

from mainspring.core.module import Module

MODULE = Module("users", __package__, owners={"user": "service:owner_of"}, personal_data="service:personal_data")
