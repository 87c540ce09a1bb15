# caught by: public_things_say_what_they_are
# place: core/planted.py
"""Planted."""


class Silent: ...
