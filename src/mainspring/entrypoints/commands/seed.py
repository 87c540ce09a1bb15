"""`mainspring seed`."""

from typing import TYPE_CHECKING

from mainspring.core.console import progress, say, with_application

if TYPE_CHECKING:
    from mainspring.core.application import Application


def seed() -> None:
    """Fill the database with demo data: users, products with prices and stock, orders. Run twice, it changes nothing."""
    from mainspring.core.module import BootRefused
    from mainspring.core.settings import load_settings

    if load_settings(make_secrets=False).is_production:
        raise BootRefused("Demo data does not belong into production.")
    for name, made in with_application(_seed_all).items():
        say(f"{name}: {made} made" if made else f"{name}: already there")


async def _seed_all(application: "Application") -> dict[str, int]:
    """Run every module's seeds.py in the order of `requires`. Each has `async def seed(application, progress) -> int`,
    and may say in `WHAT` what it makes."""
    made = {}
    for module in application.modules:
        seeds = module.file("seeds")
        if seeds is not None:
            label = getattr(seeds, "WHAT", module.name)

            def report(done: int, total: int, label: str = label) -> None:
                progress(label, done, total)

            made[label] = await seeds.seed(application, report)
    return made
