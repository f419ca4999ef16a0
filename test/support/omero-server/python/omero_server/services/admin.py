"""IAdmin: who is signed in, and people and groups by name."""

import omero
import omero.api
import omero.sys
from omero.model import ExperimenterGroupI, ExperimenterI, PermissionsI
from omero.rtypes import rstring

from ..people import USER_GROUP
from ..servant import serves
from .service import Service

PRIVILEGES = [
    "Chgrp", "Chown", "DeleteFile", "DeleteManagedRepo", "DeleteOwned", "DeleteScriptRepo", "ModifyGroup",
    "ModifyGroupMembership", "ModifyUser", "ReadSession", "Sudo", "WriteFile", "WriteManagedRepo", "WriteOwned",
    "WriteScriptRepo",
]  # fmt: skip


@serves(omero.api.IAdmin)
class Admin(Service, omero.api.IAdmin):
    def getEventContext(self, current):
        person, group = self._session.person, self._session.group
        context = omero.sys.EventContext()
        context.shareId = -1
        context.sessionId = self._session.id
        context.sessionUuid = self._session.uuid
        context.userId = person.id
        context.userName = person.name
        context.groupId = group.id
        context.groupName = group.name
        context.isAdmin = person.is_administrator
        context.adminPrivileges = [each for each in PRIVILEGES if person.is_administrator and each not in person.withheld]
        context.eventId = -1
        context.eventType = "User"
        context.memberOfGroups = [each.id for each in person.memberships]
        context.leaderOfGroups = [each.id for each in person.memberships if each.owner]
        context.groupPermissions = PermissionsI(group.permissions)
        return context

    def lookupExperimenter(self, name, current):
        row = self._sessions.database.one("SELECT id FROM experimenter WHERE omename = %s", name)
        if row is None:
            raise omero.ApiUsageException("", "", f"No such experimenter: {name}")
        found = ExperimenterI(row.id, True)
        found.omeName = rstring(name)
        return found

    def lookupGroup(self, name, current):
        row = self._sessions.database.one("SELECT id FROM experimentergroup WHERE name = %s", name)
        if row is None:
            raise omero.ApiUsageException("", "", f"No such group: {name}")
        found = ExperimenterGroupI(row.id, True)
        found.name = rstring(name)
        return found

    def getSecurityRoles(self, current):
        roles = self._sessions.database.one("SELECT * FROM _roles")
        return omero.sys.Roles(
            rootId=roles.root_user_id,
            rootName=roles.root_user_name,
            systemGroupId=roles.system_group_id,
            systemGroupName=roles.system_group_name,
            userGroupId=roles.user_group_id,
            userGroupName=USER_GROUP,
            guestId=roles.guest_user_id,
            guestName=roles.guest_user_name,
            guestGroupId=roles.guest_group_id,
            guestGroupName=roles.guest_group_name,
        )
