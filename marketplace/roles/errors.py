"""What may not be done with roles; each error has a stable ``code`` and a sentence for people."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from marketplace.refusals import Refusal


class RolesError(Refusal, is_family=True):
    code = "roles"


class NotHeld(RolesError):
    """Somebody tried to hand out, or take away, rights that they don't hold themselves."""

    code = "not_held"

    def __init__(self, missing: Collection[str]) -> None:
        super().__init__(missing)
        #: Sentences of the rights that are lacking.
        self.missing = sorted(missing)

    @property
    def message(self) -> str:
        return _("You can only give or take what you hold yourself. You lack: %(rights)s.") % {
            "rights": " · ".join(self.missing)
        }


class LastHolder(RolesError):
    """The last admin, or the last owner of a vendor, cannot go."""

    code = "last_holder"

    def __init__(self, role_name: str) -> None:
        super().__init__(role_name)
        self.role_name = role_name

    @property
    def message(self) -> str:
        return _("This is the last person with the role “%(role)s”. Give it to someone else first.") % {
            "role": self.role_name
        }


class RoleProtected(RolesError):
    """A role on which the shop relies cannot be deleted, nor its rights changed."""

    code = "role_protected"

    def __init__(self, role_name: str) -> None:
        super().__init__(role_name)
        self.role_name = role_name

    @property
    def message(self) -> str:
        return _("The role “%(role)s” always stays as it is.") % {"role": self.role_name}


class NameTaken(RolesError):
    code = "name_taken"

    @property
    def message(self) -> str:
        return _("There is a role with this name already.")
