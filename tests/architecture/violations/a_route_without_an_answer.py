# caught by: routes_are_async_and_typed
# place: modules/planted/routes.py
from mainspring.core.http import Router

router = Router()


@router.get("/")
async def everything():
    return {}
