"""Routes with dependencies that only FastAPI's solver knows, in the same order of steps as a plan of our own."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from fastapi.dependencies.utils import solve_dependencies
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send

from ..errors import Invalid
from .bodies import limited
from .exchange import Exchange
from .messages import describe

if TYPE_CHECKING:
    from .plan import Plan


async def answer_with_solver(plan: "Plan", exchange: Exchange, loaded: Any, body: bytes, receive: Receive, send: Send) -> None:
    """The same steps with FastAPI's solver in place of our own reading of parameters."""
    scope = exchange.scope
    assert plan.foreign is not None  # noqa: S101 - the caller asked
    async with AsyncExitStack() as request_stack:
        if isinstance(loaded, FormData):
            request_stack.push_async_callback(loaded.close)
        scope["fastapi_inner_astack"] = request_stack
        async with AsyncExitStack() as function_stack:
            scope["fastapi_function_astack"] = function_stack
            solved = await solve_dependencies(
                request=Request(scope, limited(receive, plan.body_limit), send),
                dependant=plan.foreign,
                body=loaded,
                dependency_overrides_provider=plan.overrides,
                async_exit_stack=request_stack,
                embed_body_fields=plan.embed_body_fields,
            )
            if errors := [*plan.parameters.repeated(exchange), *solved.errors]:
                raise Invalid(details=describe(errors))
            rendered = await plan.answered(exchange, dict(solved.values), body)
        response = rendered.response
        if response is None:
            response = Response(rendered.content, solved.response.status_code or rendered.status)
            response.raw_headers = list(rendered.headers)
        response.raw_headers.extend(pair for pair in solved.response.raw_headers if pair[0] != b"content-length")
        await response(scope, receive, send)
        if solved.background_tasks is not None:
            await solved.background_tasks()
