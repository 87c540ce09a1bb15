# caught by: only_the_unit_of_work_commits
# place: modules/planted/service.py
async def save(uow) -> None:
    await uow.commit()
