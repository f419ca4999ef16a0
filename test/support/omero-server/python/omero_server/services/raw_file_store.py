"""RawFileStore: the content of files that are in no repository, one file of the same number each."""

import omero
import omero.api
from omero.rtypes import rlong

from ..objects import original_file
from ..servant import serves
from .service import Service


@serves(omero.api.RawFileStore)
class RawFileStore(Service, omero.api.RawFileStore):
    def __init__(self, sessions, session, files):
        super().__init__(sessions, session)
        self._files = files
        self._id = None

    def setFileId(self, id, current):
        row = self._row(id)
        if row is None or not self.rights().may_see(row.owner_id, row.group_id):
            raise omero.ValidationException("", "", f"Cannot read OriginalFile:{id}")
        self._id = id

    def getFileId(self, current):
        return None if self._id is None else rlong(self._id)

    def exists(self, current):
        return self._path.exists()

    def size(self, current):
        return self._path.stat().st_size if self._path.exists() else 0

    def read(self, position, length, current):
        with self._path.open("rb") as file:
            file.seek(position)
            return file.read(length)

    def write(self, content, position, length, current):
        row = self._row(self._id)
        if not self.rights().may_change(row.owner_id, row.group_id):
            raise omero.SecurityViolation("", "", f"Cannot write OriginalFile:{self._id}")
        with self._path.open("r+b" if self._path.exists() else "xb") as file:
            file.seek(position)
            file.write(bytes(content)[:length])

    def save(self, current):
        self._sessions.database.all("UPDATE originalfile SET size = %s WHERE id = %s", self.size(current), self._id)
        return original_file(self._row(self._id))

    def close(self, current):
        self._id = None

    @property
    def _path(self):
        return self._files / str(self._id)

    def _row(self, id):
        return self._sessions.database.one("SELECT * FROM originalfile WHERE id = %s AND repo IS NULL", id)
