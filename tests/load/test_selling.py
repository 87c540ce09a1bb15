"""The promises of selling in their full size (R-147, R-280, R-292): minutes each, on a machine of their own.

Their small size runs always: tests/e2e/test_overselling.py, test_orders_killed.py and test_postgresql_killed.py.
"""

import pytest

from tests.e2e.conftest import administrator  # noqa: F401  a fixture
from tests.e2e.test_orders_killed import kill_while_people_buy
from tests.e2e.test_overselling import sell_more_than_there_is
from tests.e2e.test_postgresql_killed import kill_postgresql_while_people_buy, own_postgresql  # noqa: F401  a fixture

pytestmark = pytest.mark.slow


async def test_a_stock_of_100_is_sold_once_to_1000_buyers_twenty_times(server, administrator):  # noqa: F811
    await sell_more_than_there_is(server, administrator, rounds=20, buys=1000, stock=100)


async def test_1000_orders_end_once_under_100_kills(server, administrator, database_url, tmp_path):  # noqa: F811
    await kill_while_people_buy(server, administrator, database_url, tmp_path, kills=100, buys=1000)


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR")
async def test_600_orders_survive_20_deaths_of_postgresql(own_postgresql, tmp_path):  # noqa: F811
    await kill_postgresql_while_people_buy(own_postgresql, tmp_path, kills=20, buys=600)
