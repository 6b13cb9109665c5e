"""Who may do what: one table, asked by views and services alike."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import Forbidden


class Role(models.TextChoices):
    VIEWER = "viewer", gettext_lazy("Viewer")
    CLERK = "clerk", gettext_lazy("Clerk")
    MANAGER = "manager", gettext_lazy("Manager")
    ADMIN = "admin", gettext_lazy("Admin")


RANK = {Role.VIEWER: 0, Role.CLERK: 1, Role.MANAGER: 2, Role.ADMIN: 3}

# The least role for each act. Every service that writes names one of these acts.
LEAST_ROLE = {
    "view": Role.VIEWER,
    "customer.write": Role.CLERK,
    "invoice.draft": Role.CLERK,
    "invoice.open": Role.CLERK,
    "invoice.send": Role.CLERK,
    "invoice.mark_as_sent": Role.CLERK,
    "invoice.import": Role.CLERK,
    "delivery.settle": Role.CLERK,
    "link.revoke": Role.CLERK,
    "batch.run": Role.CLERK,
    "batch.run_large": Role.MANAGER,
    "payment.record": Role.CLERK,
    "payment.allocate": Role.CLERK,
    "payment.reverse": Role.CLERK,
    "payment.let_go": Role.CLERK,  # within the limit of the role
    "payment.refund": Role.MANAGER,
    "invoice.credit": Role.MANAGER,
    "invoice.void": Role.MANAGER,
    "invoice.uncollectible": Role.MANAGER,
    "template.write": Role.MANAGER,
    "tax.write": Role.MANAGER,
    "channel.resume": Role.MANAGER,
    "channel.test": Role.MANAGER,
    "organization.write": Role.ADMIN,
    "bank_account.write": Role.ADMIN,
    "series.write": Role.ADMIN,
    "limit.write": Role.ADMIN,
    "user.write": Role.ADMIN,
    "view.remove_shared": Role.ADMIN,
}


class System:
    """The actor when nobody is at the keyboard: the worker, a schedule, a command."""

    pk = None

    def __init__(self, name="Dunlin"):
        self.name = name

    def __str__(self):
        return self.name


SYSTEM = System()


def may(actor, act: str) -> bool:
    """Whether this person (or the system itself) may carry out this act. KeyError for an act not in the table."""
    least = LEAST_ROLE[act]
    if isinstance(actor, System):
        return True
    return bool(getattr(actor, "is_active", False)) and RANK[actor.role] >= RANK[least]


def require(actor, act: str) -> None:
    """Refuse with Forbidden, naming the role that could."""
    if not may(actor, act):
        raise Forbidden(refusal(act))


def refusal(act: str) -> str:
    """What somebody whose role is too low for an act is told."""
    return _("Your role does not allow this. It needs the role %(role)s or higher; ask an admin.") % {
        "role": LEAST_ROLE[act].label
    }
