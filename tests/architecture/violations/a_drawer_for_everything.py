# caught by: names_say_what_they_hold
# place: core/utils.py
"""Things."""
