"""What `bind` refuses: a value whose type nobody knows would reach the driver as it is."""

import pytest
from sqlalchemy import Column, ForeignKey, MetaData, Table, Uuid

from mainspring.core.database import bind


def test_a_foreign_key_without_a_type_of_its_own_is_refused_until_its_table_is_known():
    metadata = MetaData()
    untyped = Table("letters", metadata, Column("writer_id", ForeignKey("writers.id")))
    typed = Table("parcels", metadata, Column("sender_id", Uuid(), ForeignKey("writers.id")))

    assert bind("sender_id", typed.c.sender_id) is not None
    with pytest.raises(TypeError, match="writer_id has no type yet"):
        bind("writer_id", untyped.c.writer_id)
