"""Requests archived images for some days."""

import sys
from collections import defaultdict

import omero
import omero.scripts as scripts
from omero.cmd import Delete2
from omero.model import ImageAnnotationLinkI, ImageI, MapAnnotationI, NamedValue
from omero.rtypes import rlist, rlong, rstring, unwrap
from omero.sys import ParametersI

WAY_OUT = "let the owner run this script, or request it in the console of Coldroom"

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

# --- The same in all scripts of Coldroom that mark images. ---

SHOWN = 5
DRY_RUN = scripts.Bool("Dry_Run", grouping="9", default=False, description="Only shows what would be done, and what comes along.")


def why_not(here, image):
    """Why this person may not ask for this image, or None. The scanner applies the same rule."""
    owner, group = image.details.owner.id.val, image.details.group.id.val
    if owner != here.me.userId and group not in here.me.leaderOfGroups and not here.decides_all:
        return "only the owner, a leader of the group or an administrator with all privileges may ask: " + WAY_OUT
    if not image.details.permissions.canAnnotate():
        return "in this group OMERO lets only the owner annotate: " + WAY_OUT
    return None


def link(here, annotation, images, group):
    links = []
    for image in images:
        link = ImageAnnotationLinkI()
        link.parent, link.child = ImageI(image, False), MapAnnotationI(annotation, False)
        links.append(link)
    here.update.saveArray(links, {"omero.group": str(group)})


def unlink(here, links, group):
    command = Delete2(targetObjects={"ImageAnnotationLink": links})
    try:
        callback = here.client.submit(command, loops=1200, ms=500, ctx={"omero.group": str(group)})
    except omero.CmdError as error:
        raise Refused("OMERO refused to remove marks: %s. Nothing more was done." % error.err.parameters) from error
    callback.close(True)


class Report:
    """What is shown at the end: counts, and reasons with the first images of each."""

    def __init__(self):
        self.done = self.known = 0
        self.reasons = defaultdict(list)

    def text(self, *lines):
        told = [line for line in lines if line]
        for reason, images in self.reasons.items():
            named = ", ".join(str(each) for each in images[:SHOWN])
            more = " and %d more" % (len(images) - SHOWN) if len(images) > SHOWN else ""
            told.append("Not done for image %s%s: %s." % (named, more, reason))
        return "\n".join(told)


class Filesets:
    """What comes along with images: all images and files of their filesets."""

    def __init__(self, here):
        self.here = here
        self.seen = set()
        self.images = self.size = 0

    def add(self, images):
        ids = sorted({image.fileset.id.val for image in images if image.fileset is not None} - self.seen)
        self.seen.update(ids)
        self.images += sum(1 for image in images if image.fileset is None)
        if ids:
            self.images += self.here.rows("select count(i.id) from Image i where i.fileset.id in (:ids)", ids=ids)[0][0]
            size = "select sum(f.size) from FilesetEntry e join e.originalFile f where e.fileset.id in (:ids)"
            self.size += self.here.rows(size, ids=ids)[0][0] or 0


def mark(here, inputs, names, why_left, annotations):
    """
    Marks what is selected, in chunks, with `annotations`: for the owner of an image, names and values in the order in which
    they are written. `why_left` says by the marks of an image why it is left as it is; KNOWN if it was done before.
    """
    report, filesets, made = Report(), Filesets(here), {}
    for ids in here.selected(inputs["Data_Type"], inputs["IDs"]):
        chosen, marks, images = defaultdict(list), here.marks(ids, names), here.images(ids)
        for image in sorted(set(ids) - {image.id.val for image in images}):
            report.reasons["OMERO does not show it to you"].append(image)
        for image in images:
            reason = why_not(here, image) or why_left(marks[image.id.val])
            if reason == KNOWN:
                report.known += 1
            elif reason:
                report.reasons[reason].append(image.id.val)
            else:
                chosen[image.details.group.id.val, image.details.owner.id.val].append(image)
        for (group, owner), theirs in chosen.items():
            filesets.add(theirs)
            report.done += len(theirs)
            if inputs.get("Dry_Run"):
                continue
            if (group, owner) not in made:
                made[group, owner] = [here.annotation(name, values, group) for name, values in annotations(owner)]
            for annotation in made[group, owner]:
                link(here, annotation, [image.id.val for image in theirs], group)
    return report, filesets


def told(inputs, report, filesets, done, then):
    more = filesets.images - report.done
    is_dry_run = inputs.get("Dry_Run")
    return report.text(
        "%s%s: %d images. Their filesets have files of %s."
        % ("Dry run, nothing was written. " if is_dry_run else "", done, report.done, size_text(filesets.size)),
        more > 0 and "%d more images share these filesets and come along." % more,
        report.known > 0 and "%d images were left as they are: this was requested before." % report.known,
        report.done > 0 and not is_dry_run and then,
    )


def written(inputs, name):
    """What a person wrote. OMERO's database takes no value of more than some 2,700 bytes."""
    text = (inputs.get(name) or "").strip()
    if len(text.encode()) > 2000:
        raise Refused("%s is too long: %d bytes, at most 2000 can be kept. Nothing was done." % (name, len(text.encode())))
    return text


def size_text(size):
    for unit in ["bytes", "KB", "MB", "GB", "TB"]:
        if size < 1000 or unit == "TB":
            return "%d bytes" % size if unit == "bytes" else "%.1f %s" % (size, unit)
        size /= 1000


# --- The end of the same. ---


def why_left(marks):
    if "RECALL" in marks or "FROM-ARCHIVE" in marks:
        return KNOWN
    return None if "ARCHIVED" in marks else "it is not archived"


def recall(here, inputs):
    values = [("RECALL", "True"), ("Days", str(inputs["Days"]))]
    names = ["ARCHIVED", "FROM-ARCHIVE", "RECALL"]
    report, filesets = mark(here, inputs, names, why_left, lambda owner: [("RECALL", values)])
    then = "The next scan begins to fetch them, and removes the marks. The images stay archived."
    return told(inputs, report, filesets, "Requested for %d days" % inputs["Days"], then)


if __name__ == "__main__":
    run(
        scripts.client(
            "Recall_Images.py",
            "Makes archived images readable for some days, with their whole filesets. They stay archived.",
            *SELECTED,
            scripts.Int("Days", False, grouping="3", min=1, max=365, default=7, description="For how many days."),
            DRY_RUN,
            version="1.0",
            namespaces=[NAMESPACE],
        ),
        recall,
    )
