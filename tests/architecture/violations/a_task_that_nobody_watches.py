# caught by: tasks_belong_to_a_group
# place: core/planted.py
import asyncio


async def forget() -> None:
    asyncio.create_task(asyncio.sleep(1))
