# caught by: Repositories: no framework, no driver
# place: modules/planted/repository.py
import asyncpg
