"""IQuery: the statements of `hql`, answered from the sample OMERO, and nothing else."""

import omero
import omero.api
import omero.model
from omero.rtypes import rlong, rstring, unwrap
from psycopg.rows import namedtuple_row, tuple_row

from .. import hql
from ..objects import as_object, original_file
from ..servant import refusal, serves
from .admin import PRIVILEGES
from .service import Service


@serves(omero.api.IQuery)
class Query(Service, omero.api.IQuery):
    def projection(self, statement, parameters, current):
        sql = hql.rows(statement)
        if sql is None:
            raise refusal("IQuery.projection", statement)
        return [[as_value(value) for value in row] for row in self._select(sql, parameters, current, tuple_row)]

    def findAllByQuery(self, statement, parameters, current):
        kind, sql = hql.objects(statement) or (None, None)
        if kind is None:
            raise refusal("IQuery.findAllByQuery", statement)
        rights = self.rights()
        return [as_object(kind, row, rights) for row in self._select(sql, parameters, current)]

    def get(self, kind, id, current):
        found = self.find(kind, id, current)
        if found is None:
            raise omero.ValidationException("", "", f"The requested object ({kind},{id}) is not available.")
        return found

    def find(self, kind, id, current):
        if kind != "OriginalFile":
            raise refusal("IQuery.find", kind)
        row = self._sessions.database.one("SELECT * FROM originalfile WHERE id = %s", id)
        seen = row is not None and (row.repo is not None or self.rights().may_see(row.owner_id, row.group_id))
        return original_file(row) if seen else None

    def _select(self, sql, parameters, current, row_factory=namedtuple_row):
        if current.ctx.get("omero.group") != "-1":
            raise refusal("IQuery outside of all groups", sql)
        values = {name: unwrap(value) for name, value in (parameters.map or {}).items()} if parameters else {}
        values["privileges"] = PRIVILEGES
        limit = parameters.theFilter.limit if parameters and parameters.theFilter else None
        text = hql.with_rights(sql, self.rights()) + (f" LIMIT {limit.val}" if limit else "")
        return self._sessions.database.select(text, values, row_factory)


def as_value(value):
    if value is None:
        return None
    return rstring(value) if isinstance(value, str) else rlong(int(value))
