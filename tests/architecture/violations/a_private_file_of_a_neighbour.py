# caught by: neighbours_meet_at_public_files
# place: modules/planted/service.py
from ..grafted import repository
# place: modules/planted/module.py
from mainspring.core.module import Module

MODULE = Module("planted", "mainspring.modules.planted", requires=("grafted>=1",))
# place: modules/grafted/repository.py
"""Private."""
