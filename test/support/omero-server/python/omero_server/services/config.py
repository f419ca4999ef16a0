"""IConfig: settings of the server."""

import re

import omero.api

from ..servant import serves
from .service import Service


@serves(omero.api.IConfig)
class Config(Service, omero.api.IConfig):
    def __init__(self, sessions, session, values):
        super().__init__(sessions, session)
        self._values = values

    def getVersion(self, current):
        return self._values["omero.version"]

    def getConfigValue(self, name, current):
        return self._values.get(name, "")

    def getConfigValues(self, pattern, current):
        return {name: value for name, value in self._values.items() if re.search(pattern, name)}

    def getClientConfigValues(self, current):
        return self.getConfigValues(r"^omero\.client\.", current)

    def getClientConfigDefaults(self, current):
        return {}

    def getDatabaseUuid(self, current):
        return self._sessions.database.one("SELECT value FROM configuration WHERE name = 'omero.db.uuid'").value
