"""Shows for each selected image whether it is archived, requested or kept, as a message and as a table."""

import csv
import sys
from collections import defaultdict

import omero
import omero.scripts as scripts
from omero.model import FileAnnotationI, MapAnnotationI, NamedValue, OriginalFileI
from omero.rtypes import rlist, rlong, robject, rstring, unwrap
from omero.sys import ParametersI

# --- The same in all scripts of Coldroom that read what is selected. Each has to be one file; a test compares them. ---

NAMESPACE = "archiving"
CHUNK = 500
ALL_GROUPS = {"omero.group": "-1"}
KNOWN = "known"

SELECTION = {
    "Dataset": "select l.child.id from DatasetImageLink l where l.parent.id = :id and l.child.id > :after "
    "group by l.child.id order by l.child.id",
    "Project": "select l.child.id from DatasetImageLink l, ProjectDatasetLink p where p.child.id = l.parent.id "
    "and p.parent.id = :id and l.child.id > :after group by l.child.id order by l.child.id",
    "Screen": "select s.image.id from WellSample s, ScreenPlateLink p where p.child.id = s.well.plate.id "
    "and p.parent.id = :id and s.image.id > :after group by s.image.id order by s.image.id",
    "Plate": "select s.image.id from WellSample s where s.well.plate.id = :id and s.image.id > :after "
    "group by s.image.id order by s.image.id",
    "Well": "select s.image.id from WellSample s where s.well.id = :id and s.image.id > :after "
    "group by s.image.id order by s.image.id",
}

KINDS = [rstring(kind) for kind in ["Image", *SELECTION]]
SELECTED = [
    scripts.String("Data_Type", False, grouping="1", description="What is selected.", values=KINDS, default="Image"),
    scripts.List("IDs", False, grouping="2", description="The selected objects.").ofType(rlong(0)),
]


class Refused(Exception):
    """Shown to the person as it is."""


class Omero:
    """This OMERO for the person who runs the script: reads in all groups, writes in the group of each image."""

    def __init__(self, client):
        self.client = client
        self.session = client.getSession()
        self.query = self.session.getQueryService()
        self.update = self.session.getUpdateService()
        self.me = self.session.getAdminService().getEventContext()
        privileges = self.rows("select p.value from AdminPrivilege p") if self.me.isAdmin else []
        # The scanner gives a restricted administrator no special rights.
        self.decides_all = self.me.isAdmin and len(self.me.adminPrivileges) >= len(privileges)

    def rows(self, hql, limit=None, **values):
        parameters = ParametersI()
        for name, value in values.items():
            if isinstance(value, int):
                parameters.addLong(name, value)
            elif isinstance(value, str):
                parameters.addString(name, value)
            elif value and isinstance(value[0], int):
                parameters.addLongs(name, value)
            else:
                parameters.add(name, rlist([rstring(each) for each in value]))
        if limit:
            parameters.page(0, limit)
        return unwrap(self.query.projection(hql, parameters, ALL_GROUPS))

    def selected(self, kind, ids):
        """The ids of the selected images in chunks, each once."""
        seen = set()
        for chunk in self._images_of(kind, sorted(set(ids))):
            fresh = [each for each in chunk if each not in seen]
            seen.update(fresh)
            if fresh:
                yield fresh

    def _images_of(self, kind, ids):
        if kind == "Image":
            for start in range(0, len(ids), CHUNK):
                yield ids[start : start + CHUNK]
            return
        for each in ids:
            after = 0
            while after is not None:
                found = [row[0] for row in self.rows(SELECTION[kind], limit=CHUNK, id=each, after=after)]
                yield found
                after = found[-1] if len(found) == CHUNK else None

    def images(self, ids):
        """Images as objects, with what OMERO lets this person do to each."""
        parameters = ParametersI().addLongs("ids", ids)
        hql = "select i from Image i where i.id in (:ids) order by i.id"
        return self.query.findAllByQuery(hql, parameters, ALL_GROUPS)

    def marks(self, ids, names):
        """The links of marks with these names, by image and name, as (link, annotation, owner of the link)."""
        found = defaultdict(lambda: defaultdict(list))
        hql = (
            "select l.parent.id, a.name, l.id, a.id, l.details.owner.id from ImageAnnotationLink l, MapAnnotation a "
            "where l.child.id = a.id and a.ns = :ns and a.name in (:names) and l.parent.id in (:ids) order by l.id"
        )
        for image, name, *link in self.rows(hql, ns=NAMESPACE, names=names, ids=ids):
            found[image][name].append(tuple(link))
        return found

    def annotation(self, name, values, group):
        """A new map annotation, by its id."""
        made = MapAnnotationI()
        made.ns, made.name = rstring(NAMESPACE), rstring(name)
        made.description = rstring("Owner : %d : %s" % (self.me.userId, self.me.userName))
        made.mapValue = [NamedValue(key, value) for key, value in values]
        return self.update.saveAndReturnObject(made, {"omero.group": str(group)}).id.val


def run(client, work):
    """Runs `work` and shows what it returns. A refusal of OMERO's is shown, too, and the script fails."""
    try:
        message = work(Omero(client), client.getInputs(unwrap=True))
        print(message)
        client.setOutput("Message", rstring(message))
    except (omero.SecurityViolation, Refused) as error:
        refused = "OMERO refused it: %s. Nothing more was done; this script can be run again."
        message = str(error) if isinstance(error, Refused) else refused % error.message
        client.setOutput("Message", rstring(message))
        print(message, file=sys.stderr)
        sys.exit(1)
    finally:
        client.closeSession()


# --- The end of the same. ---

NAMES = ["TO-ARCHIVE", "ARCHIVE-PENDING", "ARCHIVED", "FROM-ARCHIVE", "RECALL", "WITHDRAW", "KEEP", "ARCHIVE NOTE"]
COLUMNS = ["Image", "Name", "Group", "Owner", "State", "Expiry", "Description", "Reason", "Kept because"]
TABLE = "archive-status.csv"


def state_of(marks):
    if "WITHDRAW" in marks:
        return "being withdrawn"
    if "ARCHIVED" in marks:
        if "FROM-ARCHIVE" in marks:
            return "archived, to be restored"
        return "archived, to be recalled" if "RECALL" in marks else "archived"
    if "ARCHIVE-PENDING" in marks:
        return "requested"
    if "TO-ARCHIVE" in marks:
        return "marked, no scan yet"
    return "kept out of archiving" if "KEEP" in marks else "not archived"


class Values:
    """What notes and Keep marks say. Many images share one annotation: each is read once."""

    def __init__(self, here):
        self.here = here
        self.known = {}

    def read(self, marks):
        ids = {link[1] for each in marks.values() for name in ["ARCHIVE NOTE", "KEEP"] for link in each.get(name, [])}
        fresh = sorted(ids - set(self.known))
        self.known.update({each: {} for each in fresh})
        if fresh:
            hql = "select a.id, v.name, v.value from MapAnnotation a join a.mapValue as v where a.id in (:ids)"
            for annotation, name, value in self.here.rows(hql, ids=fresh):
                self.known[annotation][name] = value

    def of(self, marks, name):
        """Of the newest one."""
        return self.known[max(link[1] for link in marks[name])] if name in marks else {}


def cell(value):
    """A spreadsheet must not take a name for a formula."""
    text = str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def status(here, inputs):
    counts, values, missing = defaultdict(int), Values(here), 0
    with open(TABLE, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for ids in here.selected(inputs["Data_Type"], inputs["IDs"]):
            marks, images = here.marks(ids, NAMES), here.images(ids)
            values.read(marks)
            missing += len(ids) - len(images)
            for image in images:
                each = marks[image.id.val]
                note, kept = values.of(each, "ARCHIVE NOTE"), values.of(each, "KEEP")
                state = state_of(each)
                counts[state] += 1
                row = [image.id.val, image.name.val, image.details.group.id.val, image.details.owner.id.val, state]
                row += [note.get("Expiry", ""), note.get("Description", ""), note.get("Reason", ""), kept.get("Reason", "")]
                table.writerow([cell(value) for value in row])
    lines = ["%d images: %s" % (count, state) for state, count in sorted(counts.items())]
    if missing:
        lines.append("%d images: OMERO does not show them to you" % missing)
    here.client.setOutput("File_Annotation", robject(saved(here)))
    return "\n".join(lines or ["There are no images in what is selected."])


def saved(here):
    """The table as a file in OMERO, for the client to offer. It is linked to nothing."""
    file = OriginalFileI()
    file.name, file.path, file.mimetype = rstring(TABLE), rstring("/"), rstring("text/csv")
    file = here.update.saveAndReturnObject(file)
    store = here.session.createRawFileStore()
    try:
        store.setFileId(file.id.val)
        with open(TABLE, "rb") as content:
            for position, block in blocks(content):
                store.write(block, position, len(block))
        file = store.save()
    finally:
        store.close()
    annotation = FileAnnotationI()
    annotation.ns, annotation.file = rstring(NAMESPACE), OriginalFileI(file.id.val, False)
    return here.update.saveAndReturnObject(annotation)


def blocks(content):
    position = 0
    while True:
        block = content.read(1 << 20)
        if not block:
            return
        yield position, block
        position += len(block)


if __name__ == "__main__":
    run(
        scripts.client(
            "Archive_Status.py",
            "Shows what is archived, requested or kept, as a message and as a table to download.",
            *SELECTED,
            version="1.0",
            namespaces=[NAMESPACE],
        ),
        status,
    )
