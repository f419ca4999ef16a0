"""Accounts as OMERO keeps them: who they are, what their groups are, and whether a password is theirs."""

import base64
import hashlib
import struct

SYSTEM_GROUP = "system"
GUEST_GROUP = "guest"
USER_GROUP = "user"


class Person:
    def __init__(self, row, memberships, withheld):
        self.id = row.id
        self.name = row.omename
        self.memberships = memberships
        self.withheld = withheld

    @property
    def groups(self):
        return [membership.name for membership in self.memberships]

    @property
    def is_administrator(self):
        return SYSTEM_GROUP in self.groups

    @property
    def may_call(self):
        """OMERO lets an inactive account sign in, and refuses each of its calls."""
        return USER_GROUP in self.groups or GUEST_GROUP in self.groups

    def may_open_sessions_in(self, group):
        """For its members: administrators who have Sudo, and the group's leaders."""
        leads = any(each.owner and each.id == group.id for each in self.memberships)
        return leads or (self.is_administrator and "Sudo" not in self.withheld)

    def group_named(self, name):
        return next((each for each in self.memberships if each.name == name), None)

    @property
    def default_group(self):
        return next((each for each in self.memberships if each.name != USER_GROUP), None)


def find(database, name):
    row = database.one("SELECT id, omename FROM experimenter WHERE omename = %s", name)
    if row is None:
        return None
    memberships = database.all(
        """SELECT g.id, g.name, g.permissions, m.owner FROM groupexperimentermap m
           JOIN experimentergroup g ON g.id = m.parent WHERE m.child = %s ORDER BY m.child_index""",
        row.id,
    )
    withheld = database.all(
        "SELECT name FROM experimenter_config WHERE experimenter_id = %s AND name LIKE 'AdminPrivilege:%%' AND value <> 'true'",
        row.id,
    )
    return Person(row, memberships, {each.name.split(":", 1)[1] for each in withheld})


def has_password(database, name, password):
    """No password stored locks the account; an empty one opens it to any password, as for `guest`."""
    row = database.one(
        "SELECT p.experimenter_id AS id, p.hash FROM password p JOIN experimenter e ON e.id = p.experimenter_id WHERE e.omename = %s",
        name,
    )
    if row is None or row.hash is None:
        return False
    return row.hash == "" or row.hash in (digest(password), digest(password, salt=row.id))


def digest(password, salt=None):
    # As OMERO does it in Java: what Latin-1 lacks becomes a question mark.
    data = password.encode("latin-1", "replace")
    if salt is not None:
        data = struct.pack(">q", salt) + data
    return base64.b64encode(hashlib.md5(data).digest()).decode()
