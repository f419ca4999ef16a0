"""python -m omero_server.launch PORT: launches scripts as clients do. Each line of standard input is a JSON object with
`login`, `script` (its path) and `inputs`; each line of output has `message`, `stdout` and `stderr` of one. With `path` and
`text` instead, a script is installed."""

import io
import json
import sys

import omero
import omero.clients
import omero.scripts
from omero.rtypes import rlist, rlong, unwrap

PORT = int(sys.argv[1])
signed_in = {}


def client_of(login):
    """In these tests, everybody's password is their login."""
    if login not in signed_in:
        signed_in[login] = omero.client("127.0.0.1", PORT)
        signed_in[login].createSession(login, login)
    return signed_in[login]


def as_inputs(values, parameters):
    texts = [f"{name}={value}" for name, value in values.items() if not isinstance(value, list)]
    given = omero.scripts.parse_inputs([*texts, "IDs=0"], parameters)
    given["IDs"] = rlist([rlong(each) for each in values["IDs"]])
    # The command line cuts a value at its second "=".
    for name, value in values.items():
        if isinstance(value, str):
            given[name] = omero.rtypes.rstring(value)
    return given


def text_of(client, result):
    if result is None:
        return ""
    found = io.BytesIO()
    client.download(result.val, filehandle=found)
    return found.getvalue().decode()


def launch(login, script, inputs):
    client = client_of(login)
    service = client.sf.getScriptService()
    id = service.getScriptID(script)
    process = service.runScript(id, as_inputs(inputs, service.getParams(id)), None)
    callback = omero.scripts.ProcessCallbackI(client, process)
    while process.poll() is None:
        callback.block(20)
    results = process.getResults(5)
    code = process.poll().val
    callback.close()
    return {
        "message": unwrap(results.get("Message")),
        "code": code,
        "stdout": text_of(client, results.get("stdout")),
        "stderr": text_of(client, results.get("stderr")),
        "table": text_of(client, omero.rtypes.robject(results["File_Annotation"].val.file))
        if "File_Annotation" in results
        else None,
    }


def install(login, path, text):
    return client_of(login).sf.getScriptService().uploadOfficialScript(path, text)


for line in sys.stdin:
    work = json.loads(line)
    print(json.dumps(launch(**work) if "script" in work else install(**work)), flush=True)
for each in signed_in.values():
    each.closeSession()
