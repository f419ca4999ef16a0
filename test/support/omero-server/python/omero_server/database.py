"""The sample OMERO's database. Calls arrive in several threads, one connection serves them in turn."""

import threading
from contextlib import contextmanager

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

    def select(self, sql, named, row_factory=namedtuple_row):
        with self._lock, self._connection.cursor(row_factory=row_factory) as cursor:
            cursor.execute(sql, named)
            return cursor.fetchall()

    @contextmanager
    def transaction(self):
        """Takes statements until the end, where all is committed, or nothing after an error."""
        with self._lock, self._connection.transaction(), self._connection.cursor() as cursor:

            def run(sql, *values):
                cursor.execute(sql, values)
                return cursor.fetchall() if cursor.description else []

            yield run

    def one(self, sql, *values):
        rows = self.all(sql, *values)
        return rows[0] if rows else None
