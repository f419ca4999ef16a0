"""How a class answers for an interface of OMERO: what it does not have is refused by name.

Ice calls NAME_async for most operations, and where that is missing, the client would wait for an answer without end.
"""

import sys

import Ice
import omero


def operations(interface):
    for base in set(interface.__mro__) - {Ice.Object}:
        for name in vars(base):
            if name.startswith("_op_"):
                yield name.removeprefix("_op_")


def refusal(service, name):
    problem = f"{service}.{name} is not there: this is the OMERO.server of tests, which has only what they need."
    print(problem, file=sys.stderr, flush=True)
    return omero.InternalException("", "", problem)


def serves(interface):
    """Class decorator: methods of the class take the operation's arguments and `current`, and return its result."""

    def complete(servant):
        for name in set(operations(interface)):
            method = vars(servant).get(name) or missing(interface.__name__, name)
            setattr(servant, name, guarded(method))
            setattr(servant, f"{name}_async", asynchronous(name))
        return servant

    return complete


def missing(service, name):
    def refuse(self, *_):
        raise refusal(service, name)

    return refuse


def guarded(method):
    def call(self, *values):
        check = getattr(self, "check", None)
        if check:
            check()
        return method(self, *values)

    return call


def asynchronous(name):
    def call(self, callback, *values):
        try:
            result = getattr(self, name)(*values)
        except Exception as error:  # noqa: BLE001 (each must reach the client)
            callback.ice_exception(error)
        else:
            callback.ice_response(*([] if result is None and name in VOID else [result]))

    return call


# Operations that answer nothing, as against those that answer null.
VOID = {
    "refreshSession", "setConfigValue", "setInput", "setOutput", "saveArray", "setFileId", "write", "close", "addCallback",
    "removeCallback", "registerCallback", "unregisterCallback", "editScript",
}  # fmt: skip
