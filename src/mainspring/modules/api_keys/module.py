"""The declaration of API keys."""

from mainspring.core.module import Module
from mainspring.core.security.ports import KeySource, KeyTallies

MODULE = Module(
    "api_keys",
    __package__,
    requires=("users", "access", "auth", "notifications"),
    provides={KeySource: "service.sources:key_source", KeyTallies: "service.sources:key_tallies"},
    personal_data="service.keys:personal_data",
    examination="service.examination:examine",
    owners={"api_key": "service.keys:owner_of"},
)
