"""The sample OMERO's database. Calls arrive in several threads, one connection serves them in turn."""

import threading

import psycopg
from psycopg.rows import namedtuple_row


class Database:
    def __init__(self, url):
        self._connection = psycopg.connect(url, autocommit=True, row_factory=namedtuple_row)
        self._lock = threading.Lock()

    def all(self, sql, *values):
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def one(self, sql, *values):
        rows = self.all(sql, *values)
        return rows[0] if rows else None
