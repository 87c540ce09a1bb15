"""Statements whose form depends on the call: one compiled statement per shape, in a bounded cache (ARCHITECTURE 10 c)."""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .compiling import Compiled
from .naming import Place

if TYPE_CHECKING:
    from .compiling import DialectName

MOST_SHAPES = 256
_families: "WeakSet[Family]" = WeakSet()


class Family:
    """The base of statements with shapes; remembers those used last."""

    def __init__(self) -> None:
        self._shapes: OrderedDict[Hashable, Compiled[Any]] = OrderedDict()
        self.place = Place(self, sys._getframe(1))
        _families.add(self)

    def remembered(self, shape: Hashable, make: Callable[[], Compiled[Any]]) -> Compiled[Any]:
        """The compiled statement of the shape, made at its first use."""
        compiled = self._shapes.get(shape)
        if compiled is None:
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.popitem(last=False)
            compiled = self._shapes[shape] = make()
            compiled.name = self.place.name
        else:
            self._shapes.move_to_end(shape)
        return compiled

    def every_shape(self, dialect: "DialectName") -> Iterator[Compiled[Any]]:
        """Each filter alone, all together, and each sort, for the test that prepares every statement."""
        raise NotImplementedError


def families() -> Iterator[Family]:
    """Every listing and patch alive in the process."""
    return iter(list(_families))
