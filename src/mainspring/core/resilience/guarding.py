"""`guarded`: a port's implementation with a policy around each of its asynchronous methods (ARCHITECTURE 6).

From the outside in: a slot of the bulkhead, then for each try the circuit breaker and the time limit of the try, all of it
within the deadline of the call. Ordinary methods and attributes are the implementation's own; so are its calls to itself, which
take no second slot. An asynchronous generator is left alone: nobody knows how long a stream may last.
"""

import asyncio
import functools
import inspect
import random
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, cast

from .. import clock
from ..errors import Unavailable
from ..observability.metrics import counter, histogram
from ..observability.tracing import NOTHING, TRACING
from .breaker import Breaker, CircuitOpen
from .bulkhead import Bulkhead, TooBusy
from .policy import NotDone, Policy, is_failure, is_repeatable

P = ParamSpec("P")
T = TypeVar("T")
Call = Callable[..., Awaitable[Any]]  # Any: every method has its own arguments and answer

CALLS = counter("mainspring_port_calls_total", "Calls of ports by how they ended.", ("port", "method", "outcome"))
RETRIES = counter("mainspring_port_retries_total", "Tries after the first.", ("port", "method"))
SECONDS = histogram("mainspring_port_call_seconds", "Time of a call with its waits and tries.", ("port", "method"))


class DidNotAnswer(Unavailable):
    """The other side did not answer in time (503). It may have done what it was asked for."""

    message = "Something we need did not answer in time. Try again shortly."


def guarded(factory: Callable[P, T], policy: Policy) -> Callable[P, T]:
    """The factory of a port, whose objects are guarded. All of them share one breaker and one bulkhead.

    A guarded method raises what the implementation raises, and besides CircuitOpen, TooBusy and DidNotAnswer; an OSError
    becomes Unavailable.
    """
    guard = Guard(policy)

    @functools.wraps(factory)
    def make(*arguments: P.args, **named: P.kwargs) -> T:
        return cast(T, _Guarded(factory(*arguments, **named), guard))

    return make


class Guard:
    """The policy of one port, with its breaker and bulkhead."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.breaker = Breaker(policy)
        self.bulkhead = Bulkhead(policy.name, policy.concurrency, policy.queue)

    def around(self, method: str, call: Call) -> Call:
        """The call under the policy."""

        @functools.wraps(call)
        async def under_policy(*arguments: Any, **named: Any) -> Any:
            return await self.run(method, lambda: call(*arguments, **named))

        return under_policy

    async def run(self, method: str, call: Callable[[], Awaitable[T]]) -> T:
        """One call, counted."""
        began = clock.monotonic()
        ends = began + self.policy.deadline.total_seconds()
        outcome = "cancelled"
        try:
            name = self.policy.name
            with NOTHING if TRACING.tracer is None else TRACING.child(f"{name}.{method}", "internal", {"mainspring.port": name}):
                await self._slot(ends)
                try:
                    answer = await self._tried(method, call, ends)
                finally:
                    self.bulkhead.leave()
            outcome = "ok"
            return answer
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            CALLS.of(self.policy.name, method, outcome).inc()
            SECONDS.of(self.policy.name, method).observe(clock.monotonic() - began)

    async def _slot(self, ends: float) -> None:
        if self.bulkhead.enter_now():
            return
        try:
            async with asyncio.timeout(ends - clock.monotonic()):
                await self.bulkhead.enter()
        except TimeoutError:
            raise TooBusy() from None  # nothing was asked

    async def _tried(self, method: str, call: Callable[[], Awaitable[T]], ends: float) -> T:
        number = 1
        while True:
            try:
                return await self._once(call, ends)
            except CircuitOpen:
                raise
            except Exception as error:
                pause = self._pause(number)
                may_repeat = isinstance(error, NotDone) or (method in self.policy.idempotent and is_repeatable(error))
                if number >= self.policy.attempts or not may_repeat or clock.monotonic() + pause >= ends:
                    raise
            await asyncio.sleep(pause)
            RETRIES.of(self.policy.name, method).inc()
            number += 1

    async def _once(self, call: Callable[[], Awaitable[T]], ends: float) -> T:
        era = self.breaker.enter()
        try:
            async with asyncio.timeout(min(self.policy.timeout.total_seconds(), ends - clock.monotonic())):
                answer = await call()
        except Exception as error:
            if is_failure(error):
                self.breaker.failed(era, error)
            else:
                self.breaker.succeeded(era)
            if isinstance(error, TimeoutError):
                raise DidNotAnswer() from error
            if isinstance(error, OSError):
                raise Unavailable() from error
            raise
        except BaseException:
            self.breaker.abandoned(era)
            raise
        self.breaker.succeeded(era)
        return answer

    def _pause(self, number: int) -> float:
        pause, longest = self.policy.pause.total_seconds(), self.policy.longest_pause.total_seconds()
        return min(pause * 2.0 ** (number - 1), longest) * random.uniform(0.5, 1.0)  # noqa: S311 - only spreads callers


class _Guarded:
    """Stands in front of an implementation and passes for it."""

    def __init__(self, inner: object, guard: Guard) -> None:
        self.__dict__["_inner"] = inner
        for name in dir(type(inner)):
            if not name.startswith("_") and inspect.iscoroutinefunction(getattr(inner, name)):
                self.__dict__[name] = guard.around(name, getattr(inner, name))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_inner"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_inner"], name, value)

    @property
    def __class__(self) -> Any:  # so that isinstance() sees the implementation
        return type(self.__dict__["_inner"])

    @__class__.setter
    def __class__(self, kind: Any) -> None:
        raise TypeError("a guarded port keeps its class")


def _outcome(error: Exception) -> str:
    if isinstance(error, TooBusy):
        return "shed"
    if isinstance(error, CircuitOpen):
        return "circuit open"
    if isinstance(error, DidNotAnswer):
        return "no answer"
    return "failed" if is_failure(error) else "refused"
