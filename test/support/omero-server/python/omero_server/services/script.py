"""IScript: official scripts, their parameters, and launching them."""

import threading
from pathlib import PurePosixPath

import omero
import omero.api
import omero.grid
from omero.model import ScriptJobI
from omero.rtypes import rint

from ..objects import original_file
from ..servant import serves
from .service import Service

REPOSITORY = "ScriptRepo"
PARAMETERS = {}


@serves(omero.api.IScript)
class Scripts(Service, omero.api.IScript):
    def __init__(self, sessions, session, processor, texts, serve):
        super().__init__(sessions, session)
        self._processor = processor
        # Of all sessions: the text of each script by its number.
        self._texts = texts
        self._serve = serve

    def uploadOfficialScript(self, path, text, current):
        person = self._session.person
        if not person.is_administrator or "WriteScriptRepo" in person.withheld:
            raise omero.SecurityViolation("", "", f"{person.name} may not upload official scripts")
        place = PurePosixPath("/", path)
        directory = f"{place.parent}/".replace("//", "/")
        if self._find(directory, place.name):
            raise omero.ApiUsageException("", "", f"{path} exists already; use editScript")
        row = self._sessions.database.one(
            """INSERT INTO originalfile (id, permissions, version, creation_id, update_id, owner_id, group_id, name, path, mimetype, size, repo)
               SELECT ome_nextval('seq_originalfile'), -52, 0, 0, 0, root_user_id, user_group_id, n.uuid || %s, %s, 'text/x-python', %s, %s
               FROM _roles, node n WHERE n.down IS NULL RETURNING id""",
            *(place.name, directory, len(text.encode()), REPOSITORY),
        )
        self._texts[row.id] = text
        return row.id

    def editScript(self, script, text, current):
        self._text(script.id.val)
        self._texts[script.id.val] = text

    def getScripts(self, current):
        rows = self._sessions.database.all(
            "SELECT * FROM originalfile WHERE repo = %s AND mimetype = 'text/x-python' ORDER BY id", REPOSITORY
        )
        return [original_file(row) for row in rows]

    def getScriptID(self, path, current):
        place = PurePosixPath("/", path)
        row = self._find(f"{place.parent}/".replace("//", "/"), place.name)
        return -1 if row is None else row.id

    def getScriptText(self, id, current):
        return self._text(id)

    def getParams(self, id, current):
        """Read once for each text, as OMERO does."""
        text = self._text(id)
        if text not in PARAMETERS:
            PARAMETERS[text] = self._processor.parse(text, self._sessions, self._session)
        return PARAMETERS[text]

    def canRunScript(self, id, current):
        return id in self._texts

    def runScript(self, id, inputs, wait, current):
        parameters = self.getParams(id, current)
        missing = [name for name, each in parameters.inputs.items() if not each.optional and name not in inputs]
        unknown = [name for name in inputs if name not in parameters.inputs]
        if missing or unknown:
            raise omero.ValidationException("", "", f"missing: {missing}, unknown: {unknown}")
        job = self._sessions.database.one("SELECT ome_nextval('seq_job') AS id").id
        process = Process(job)
        work = (self._text(id), inputs, self._sessions, self._session)
        threading.Thread(target=process.run, args=(self._processor, work), daemon=True).start()
        return self._serve(process, omero.grid.ScriptProcessPrx)

    def _text(self, id):
        if id not in self._texts:
            raise omero.ValidationException("", "", f"No script with id {id}")
        return self._texts[id]

    def _find(self, path, name):
        return self._sessions.database.one(
            "SELECT id FROM originalfile WHERE repo = %s AND path = %s AND name = %s", REPOSITORY, path, name
        )


@serves(omero.grid.ScriptProcess)
class Process(omero.grid.ScriptProcess):
    def __init__(self, job):
        self._job = job
        self._done = threading.Event()
        self._code, self._results = None, {}

    def run(self, processor, work):
        try:
            self._code, self._results = processor.launch(*work)
        finally:
            self._done.set()

    def getJob(self, current):
        return ScriptJobI(self._job, False)

    def poll(self, current):
        return rint(self._code if self._code is not None else 1) if self._done.is_set() else None

    def getResults(self, seconds, current):
        if not self._done.wait(seconds):
            raise omero.ApiUsageException("", "", "the script has not ended yet")
        return self._results

    # Clients also ask by themselves, so no callback is needed.
    def registerCallback(self, callback, current):
        pass

    def unregisterCallback(self, callback, current):
        pass

    def close(self, detach, current):
        current.adapter.remove(current.id)
