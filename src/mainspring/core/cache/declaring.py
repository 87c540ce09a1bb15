"""`@cached`: a function that reads keeps its answers; `invalidate` lets go of them after the commit (R-234, R-236)."""

import functools
import inspect
import string
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, get_type_hints, overload

from ..context import Context, current
from ..database import UnitOfWork
from .cache import MISSING, Cache
from .figures import figures_of
from .keys import key_of
from .question import Question
from .values import Kept

if TYPE_CHECKING:
    from ..application import Application

P = ParamSpec("P")
R = TypeVar("R")
Dependence = Callable[[Context], object]
OUR_PACKAGE = "mainspring.modules."
NAME = "__cached_name__"


def user(context: Context) -> object:
    """The signed-in user, for `by=(user,)`: an answer for each."""
    return context.user_id


@overload
def cached(function: Callable[P, Awaitable[R]], /) -> Callable[P, Coroutine[Any, Any, R]]: ...
@overload
def cached(
    *,
    ttl: float | timedelta | None = None,
    tags: Sequence[str] = (),
    by: Sequence[Dependence] = (),
    version: int = 1,
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]: ...


def cached(function: Any = None, /, **options: Any) -> Any:  # Any: see the overloads
    """Keep what a function answers, for CACHE__TTL or for `ttl` (seconds).

    The first parameter is the unit of work, the application, or `self` of a service that has one as `uow` or `application`; it is
    no part of the key, all others are. `tags` may name parameters: `"product:{id}"`. `by` is what else an answer depends on, such
    as `user`; a function whose text changed its meaning takes another `version`. In a unit that writes nothing is read from the
    cache and nothing kept. What is answered must come back from JSON as it was; an error is not kept.

    Raises TypeError where it stands when the function has no answer type, or a tag names no parameter.
    """
    if function is not None:
        return _Cached(function).wrapped()
    return lambda one: _Cached(one, **options).wrapped()


def invalidate(uow: UnitOfWork, *what: "str | Callable[..., Any]") -> None:
    """Once the unit has committed, let go of all that carries these tags, or that these cached functions answered.

    Nothing happens when it rolls back. This process sees the change at once, others within a second.
    """
    tags = [one if isinstance(one, str) else name_of(one) for one in what]
    cache = uow.port(Cache)
    uow.after_commit(lambda: cache.invalidate(*tags))


def name_of(function: Callable[..., Any]) -> str:
    """The name of a cached function: its figures, and a tag that all its answers carry. Raises TypeError for another one."""
    name = getattr(function, NAME, None)
    if not isinstance(name, str):
        raise TypeError(f"{getattr(function, '__qualname__', function)!r} is not cached")
    return name


class _Cached:
    def __init__(
        self,
        function: Callable[..., Awaitable[Any]],
        *,
        ttl: float | timedelta | None = None,
        tags: Sequence[str] = (),
        by: Sequence[Dependence] = (),
        version: int = 1,
    ) -> None:
        self.function, self.ttl, self.by, self.version = function, ttl, tuple(by), version
        self.name = f"{function.__module__.removeprefix(OUR_PACKAGE)}.{function.__qualname__}"
        holder, *parameters = _parameters(function, self.name)
        self.first = holder.name
        self.defaults = {one.name: one.default for one in parameters if one.default is not one.empty}
        self.names = [one.name for one in parameters]
        self.tags = [_template(tag, self.names, self.name) for tag in tags]
        self.figures = figures_of(self.name)
        self._kept: Kept[Any] | None = None

    def wrapped(self) -> Callable[..., Coroutine[Any, Any, Any]]:
        """The function that asks the cache first."""

        @functools.wraps(self.function)
        async def asked(*args: Any, **kwargs: Any) -> Any:
            if args:
                return await self.ask(args[0], args[1:], kwargs)
            return await self.ask(kwargs.pop(self.first), (), kwargs)

        setattr(asked, NAME, self.name)
        return asked

    async def ask(self, holder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The answer, from the cache or from the function."""
        cache, context = _place_of(holder, self.name)
        if cache is None or not cache.settings.enabled:
            return await self.function(holder, *args, **kwargs)
        kept = self._kept or self._typed(cache)
        values = self._values(args, kwargs)
        if values is None:  # the call does not fit, as Python itself tells best
            return await self.function(holder, *args, **kwargs)
        depends = [one(context) for one in self.by]
        key = key_of(self.name, [*values, *depends, self.version, kept.shape])
        at_hand = cache.at_hand(key, kept, self.figures)
        if at_hand is not MISSING:
            return at_hand
        tags = (self.name, *[tag(values) for tag in self.tags])
        question = Question(key, tags, cache.seconds(self.ttl), self.figures)
        return await cache.answer(question, kept, lambda: self.function(holder, *args, **kwargs))

    def _typed(self, cache: Cache) -> Kept[Any]:
        said = SimpleNamespace(__annotations__={"return": self.function.__annotations__["return"]})
        try:  # the parameters may be of types that only type checkers import
            hints = get_type_hints(said, self.function.__globals__, include_extras=True)
        except NameError as missing:
            raise TypeError(f"{self.name} answers a type that is not imported: {missing}") from None
        self._kept = cache.kept(hints["return"])
        return self._kept

    def _values(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any] | None:
        values = list(args)
        if kwargs or len(values) != len(self.names):
            if len(values) > len(self.names) or not kwargs.keys() <= set(self.names[len(values) :]):
                return None
            for name in self.names[len(values) :]:
                if name in kwargs:
                    values.append(kwargs[name])
                elif name in self.defaults:
                    values.append(self.defaults[name])
                else:
                    return None
        return values


def _parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} is not declared with async def")
    signature = inspect.signature(function)
    found = list(signature.parameters.values())
    if signature.return_annotation in (signature.empty, Any, "Any"):
        raise TypeError(f"{name} does not say what it answers, so that cannot be kept")
    if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in found):
        raise TypeError(f"{name} takes any number of arguments; a cached function names them")
    if not found:
        raise TypeError(f"{name} takes neither a unit of work nor the application")
    return found


def _template(tag: str, names: Sequence[str], function: str) -> Callable[[Sequence[Any]], str]:
    fields = [field.partition(".")[0].partition("[")[0] for _, field, _, _ in string.Formatter().parse(tag) if field is not None]
    for field in fields:
        if field not in names:
            raise TypeError(f"the tag {tag!r} of {function} names no parameter")
    if not fields:
        return lambda values: tag
    return lambda values: tag.format_map(dict(zip(names, values, strict=True)))


def _place_of(holder: Any, name: str) -> tuple[Cache | None, Context]:
    """The cache to ask, none in a unit that writes, and the context of the call."""
    unit = holder if isinstance(holder, UnitOfWork) else getattr(holder, "uow", None)
    if isinstance(unit, UnitOfWork):
        return None if unit.writes else unit.port(Cache), unit.context
    kind = _application_kind()
    application = holder if isinstance(holder, kind) else getattr(holder, "application", None)
    if isinstance(application, kind):
        return application.resolve(Cache), current()
    raise TypeError(f"{name} is cached, so its first argument has to be a unit of work, the application, or hold one of them")


@functools.cache
def _application_kind() -> "type[Application]":
    """The application needs this package first."""
    from ..application import Application

    return Application
