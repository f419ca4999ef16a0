"""Orders the import of a directory of a buffer into a dataset or screen."""

import os
import sys

import omero
import omero.scripts as scripts
from omero.model import DatasetAnnotationLinkI, DatasetI, MapAnnotationI, NamedValue, ScreenAnnotationLinkI, ScreenI
from omero.rtypes import rlong, rstring, unwrap
from omero.sys import ParametersI

NAMESPACE = "archiving"
ALL_GROUPS = {"omero.group": "-1"}
# The administrator names the buffers: omero config set omero.client.coldroom.buffers /buffer,/other
BUFFERS = "omero.client.coldroom.buffers"
OFFERED = 50
TARGETS = {
    "Dataset": (DatasetAnnotationLinkI, DatasetI, "select d from Dataset d where d.id in (:ids) order by d.id"),
    "Screen": (ScreenAnnotationLinkI, ScreenI, "select s from Screen s where s.id in (:ids) order by s.id"),
}
ORDERED = (
    "select a.id from %sAnnotationLink l, MapAnnotation a where l.child.id = a.id and a.ns = :ns and a.name = :name "
    "and l.parent.id = :id and l.details.owner.id = :owner order by a.id"
)
VALUES = "select a.id, v.name, v.value from MapAnnotation a join a.mapValue as v where a.id in (:ids)"


class Refused(Exception):
    """Shown to the person as it is."""


def offered(session, login):
    """What is in the person's own directory of each buffer, as far as this machine sees it: paths, in order."""
    found = []
    # A name that is no name of a directory has none.
    if "/" in login or login in ("", ".", ".."):
        return found
    for buffer in session.getConfigService().getClientConfigValues().get(BUFFERS, "").split(","):
        place = os.path.join(buffer.strip(), login)
        if not buffer.strip().startswith("/") or os.path.islink(place):
            continue
        try:
            names = sorted(os.listdir(place))
        except OSError:
            continue
        # A name that is no text cannot be in an annotation. Order such a directory by command.
        found += [os.path.join(place, each) for each in names if not each.startswith(".") and is_text(each)]
    return found


def is_text(name):
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return all(character.isprintable() for character in name)


def chosen(written, paths):
    """The path that is meant: a whole path, or the last part of one that is offered."""
    if written.startswith("/"):
        return written.rstrip("/")
    named = [path for path in paths if os.path.basename(path) == written.rstrip("/")]
    if len(named) == 1:
        return named[0]
    if named:
        raise Refused("There are several directories %s. Give the whole path of one: %s." % (written, ", ".join(named)))
    raise Refused(
        "There is no %s among what is offered. Run this script without a directory to see it, or give the whole path." % written
    )


def target_of(session, kind, ids):
    if len(ids) != 1:
        raise Refused("Select one dataset or screen; %d are selected. Nothing was ordered." % len(ids))
    found = session.getQueryService().findAllByQuery(TARGETS[kind][2], ParametersI().addLongs("ids", ids), ALL_GROUPS)
    if not found:
        raise Refused("OMERO does not show %s %d to you. Nothing was ordered." % (kind, ids[0]))
    target = found[0]
    if not target.details.permissions.canLink():
        raise Refused(
            "In its group, OMERO does not let you add images to %s %d. Ask its owner to order the import." % (kind, ids[0])
        )
    return target


def orders_of(session, kind, target, owner):
    """What this person ordered for this target before: the values of each annotation."""
    query = session.getQueryService()
    parameters = ParametersI().addLong("id", target.id.val).addLong("owner", owner)
    parameters.addString("ns", NAMESPACE).addString("name", "IMPORT")
    ids = [row[0] for row in unwrap(query.projection(ORDERED % kind, parameters, ALL_GROUPS))]
    orders = {each: {} for each in ids}
    if ids:
        for annotation, name, value in unwrap(query.projection(VALUES, ParametersI().addLongs("ids", ids), ALL_GROUPS)):
            orders[annotation][name] = value
    return list(orders.values())


def order(session, kind, target, values):
    link_class, target_class, _ = TARGETS[kind]
    context = {"omero.group": str(target.details.group.id.val)}
    annotation = MapAnnotationI()
    annotation.ns, annotation.name = rstring(NAMESPACE), rstring("IMPORT")
    annotation.mapValue = [NamedValue(key, value) for key, value in values]
    made = session.getUpdateService().saveAndReturnObject(annotation, context)
    link = link_class()
    link.parent, link.child = target_class(target.id.val, False), MapAnnotationI(made.id.val, False)
    session.getUpdateService().saveArray([link], context)


def import_directory(client, inputs):
    session = client.getSession()
    me = session.getAdminService().getEventContext()
    kind, written = inputs["Data_Type"], (inputs.get("Directory") or "").strip()
    paths = offered(session, me.userName)
    if not written:
        if not paths:
            return "This server sees no directory of yours in a buffer. Give the whole path of the directory."
        more = ["and %d more" % (len(paths) - OFFERED)] if len(paths) > OFFERED else []
        return "\n".join(["Nothing was ordered. Run it again with one of these as Directory:", *paths[:OFFERED], *more])
    target = target_of(session, kind, inputs["IDs"])
    path, orders = chosen(written, paths), orders_of(session, kind, target, me.userId)
    before = [each for each in orders if each.get("Directory", "").rstrip("/") == path]
    if before:
        return "%s was ordered for this %s before: %s." % (path, kind.lower(), before[-1].get("Done") or "not answered yet")
    transfer = inputs.get("Transfer") or ""
    order(session, kind, target, [("Directory", path), ("Transfer", "" if transfer == "usual" else transfer), ("Done", "")])
    return "Ordered: %s into %s %d. The next scan takes the order, and answers in its annotation IMPORT." % (
        path,
        kind,
        target.id.val,
    )


def run(client):
    try:
        message = import_directory(client, client.getInputs(unwrap=True))
        print(message)
        client.setOutput("Message", rstring(message))
    except (omero.SecurityViolation, Refused) as error:
        message = str(error) if isinstance(error, Refused) else "OMERO refused it: %s. Nothing was ordered." % error.message
        client.setOutput("Message", rstring(message))
        print(message, file=sys.stderr)
        sys.exit(1)
    finally:
        client.closeSession()


if __name__ == "__main__":
    run(
        scripts.client(
            "Import_Directory.py",
            "Orders the import of a directory of a buffer. Without a directory it shows what there is.",
            scripts.String(
                "Data_Type",
                False,
                grouping="1",
                description="Where it is imported into.",
                values=[rstring(kind) for kind in TARGETS],
                default="Dataset",
            ),
            scripts.List("IDs", False, grouping="2", description="The selected dataset or screen.").ofType(rlong(0)),
            scripts.String("Directory", grouping="3", description="The directory. Leave it empty to see what there is."),
            scripts.String(
                "Transfer",
                grouping="4",
                description="How it gets into OMERO; usual is what the buffer has first.",
                values=[rstring(mode) for mode in ["usual", "upload", "cp", "ln", "ln_s"]],
                default="usual",
            ),
            version="1.0",
            namespaces=[NAMESPACE],
        )
    )
