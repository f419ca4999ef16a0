"""Runs scripts as OMERO's processor does: a process of its own in a directory of its own, which signs in with the
session that its file `config` names, and takes inputs and gives results through that session."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

import omero
from omero.model import OriginalFileI
from omero.rtypes import robject

from .services.service import Service


class Processor:
    def __init__(self, tcp_port, files, timeout, python):
        self._router = f"OMERO.Glacier2/router:tcp -h 127.0.0.1 -p {tcp_port}"
        self._files = files
        self._timeout = timeout
        self._python = python

    def parse(self, text, sessions, session):
        """The parameters that a script says it has. It ends when it has said them."""
        job = Job(self, sessions, job_session(sessions, session))
        job.run(text, {"omero.scripts.parse": "1"})
        found = job.session.outputs.get("omero.scripts.parse")
        sessions.close(job.session)
        if found is None:
            raise omero.ValidationException("", "", f"Can't find params: {job.errors}")
        return found.val

    def launch(self, text, inputs, sessions, session):
        job = Job(self, sessions, job_session(sessions, session))
        job.session.inputs.update(inputs)
        job.run(text, {})
        job.keep_output(self._files)
        results = dict(job.session.outputs)
        sessions.close(job.session)
        return job.code, results

    def start(self, directory, text, session, more):
        (directory / "script").write_text(text)
        settings = {"Ice.Default.Router": self._router, "omero.user": session.uuid, "omero.pass": session.uuid, **more}
        (directory / "config").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "ICE_CONFIG": str(directory / "config"),
        }
        if self._python is None:
            return run_prepared(directory, environment, self._timeout)
        with open(directory / "out", "wb") as out, open(directory / "err", "wb") as err:
            try:
                command = [self._python, "./script"]
                return subprocess.run(
                    command, cwd=directory, env=environment, stdout=out, stderr=err, timeout=self._timeout
                ).returncode
            except subprocess.TimeoutExpired:
                return -9


def run_prepared(directory, environment, timeout):
    """In a process that has OMERO's modules already: most of a short script's time is that of loading them."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__, "omero.scripts", "omero.clients", "omero.cmd", "omero.model"])
    process = processes.Process(target=become, args=(directory, environment))
    process.start()
    process.join(timeout)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode


def become(directory, environment):
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), stream.fileno())
    sys.argv = ["./script"]
    try:
        runpy.run_path("./script", run_name="__main__")
    finally:
        sys.stdout.flush()


def job_session(sessions, session):
    """A job works in a session of its own, for the person and in the group of the session that launched it."""
    return sessions.create_for(session.person, session.group, session.person, 0, 600_000)


class Job:
    def __init__(self, processor, sessions, session):
        self._processor = processor
        self._sessions = sessions
        self.session = session
        self.code = None
        self.output = self.errors = ""

    def run(self, text, more):
        with tempfile.TemporaryDirectory(prefix="process") as place:
            directory = Path(place)
            self.code = self._processor.start(directory, text, self.session, more)
            self.output = (directory / "out").read_text(errors="replace")
            self.errors = (directory / "err").read_text(errors="replace")

    def keep_output(self, files):
        """Both streams become files of the person, and results unless the script gave its own."""
        for name, text in (("stdout", self.output), ("stderr", self.errors)):
            if not text or name in self.session.outputs:
                continue
            with Service(self._sessions, self.session).writing(NoGroup) as writing:
                id = writing.original_file(name, "/", "text/plain")
            (files / str(id)).write_text(text)
            self.session.outputs[name] = robject(OriginalFileI(id, False))


class NoGroup:
    ctx = {}
