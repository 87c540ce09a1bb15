"""Who may send a batch: whoever is signed in. Each operation asks for what it asks for alone."""

from mainspring.core.security.any_caller import AnyCaller

Batcher = AnyCaller
