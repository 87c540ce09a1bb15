"""Puts a PostgreSQL database back to the rows and tables it was prepared with."""

import asyncpg

LOCK_SECONDS = 5

PREPARE = """
CREATE SCHEMA pristine;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE pristine.%1$I AS TABLE public.%1$I', name);
    END LOOP;
    CREATE TABLE pristine.shape_ AS SELECT md5(string_agg(part, ',' ORDER BY part)) AS digest FROM (SHAPE) AS parts;
END $$;
"""

# Every column, constraint and index of the schema; a test that changes one of them ends the database.
SHAPE = """
    SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS part
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
"""

RESET = """
DO $$
DECLARE name text;
BEGIN
    IF (SELECT digest FROM pristine.shape_) IS DISTINCT FROM
       (SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (SHAPE) AS parts) THEN
        RAISE EXCEPTION 'the tables were changed';
    END IF;
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM public.%1$I', name);
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM pristine.%1$I', name);
    END LOOP;
END $$;
"""


async def prepare(url: str) -> None:
    """Keep the rows and the shape of a migrated database inside it, for every copy made of it."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(PREPARE.replace("SHAPE", SHAPE))
    finally:
        await connection.close()


async def reset(url: str) -> bool:
    """Put the rows back. False when the tables were changed, or somebody still holds them."""
    connection = await asyncpg.connect(url, server_settings={"lock_timeout": f"{LOCK_SECONDS}s"})
    try:
        await connection.execute(RESET.replace("SHAPE", SHAPE))
    except asyncpg.PostgresError:
        return False
    finally:
        await connection.close()
    return True
