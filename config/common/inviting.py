"""Invitations: somebody new gets a mail with a link, and chooses a password behind it.

The link is signed and says whom, at which address, and which invitation; nothing of it is stored. A newer invitation,
another address, or its being accepted, ends it, and so does time.
"""

import logging

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from . import attempts, audit, clock, limits, people, roles
from .errors import DomainError, Stale
from .models import User

SALT = "dunlin.invitation"
DAY = 24 * 60 * 60

logger = logging.getLogger("dunlin.accounts")


def invite_person(*, by, email: str, name: str, role: str, **fields) -> User:
    """Make an account without a password. `mail_invitation` sends the link, once this is saved."""
    return people.create_person(by=by, email=email, name=name, password=None, role=role, **fields)


def mail_invitation(user: User, *, by) -> str:
    """Send a link that ends all earlier ones; the mail server's refusal as a sentence, "" when it went.

    DomainError for who has joined or is turned off, and after 5 mails to the address in an hour.
    """
    roles.require(by, people.ACT)
    if user.has_usable_password() or not user.is_active:
        raise DomainError(_("%(name)s does not wait for an invitation.") % {"name": user})
    if not limits.spend(attempts.INVITATIONS, user.email):
        raise DomainError(
            _("%(email)s was sent several mails within the last hour. Wait for an hour, then send it again.")
            % {"email": user.email}
        )
    user.invited_at = clock.now()
    user.save(update_fields=["invited_at"])
    problem = _send(user, by)
    action = "user.invitation_failed" if problem else "user.invitation_sent"
    audit.record(action, user, by=by, reason=problem)
    return problem


def link_for(user: User) -> str:
    """The address in the mail."""
    at = user.invited_at.isoformat() if user.invited_at else ""
    token = signing.dumps({"user": user.pk, "at": at, "to": _whom(user)}, salt=SALT)
    return settings.BASE_URL + reverse("invitation", args=[token])


def invited_by(token: str) -> User | None:
    """Whom this link invites; None for one that is too old, was replaced or was used. Reading it changes nothing."""
    try:
        said = signing.loads(token, salt=SALT, max_age=settings.INVITATION_DAYS * DAY)
    except signing.BadSignature:
        return None
    user = User.objects.active().filter(pk=said["user"]).exclude(invited_at=None).first()
    fits = user and user.invited_at.isoformat() == said["at"] and not user.has_usable_password()
    return user if fits and said.get("to") == _whom(user) else None


def accept_invitation(user: User, *, by: User, password: str) -> User:
    """The invited chooses a password; the link works no more. Stale if it was used in another tab meanwhile."""
    roles.require(by, "view")
    if by.pk != user.pk:
        raise DomainError(_("This invitation is somebody else's."))
    people.judge_password(password, user)
    waiting = User.objects.active().filter(pk=user.pk, invited_at=user.invited_at, password=user.password)
    user.set_password(password)
    with transaction.atomic():
        if not waiting.update(password=user.password, invited_at=None):
            raise Stale(_("This invitation was accepted already. Sign in with the password that was chosen."))
        user.invited_at = None
        audit.record("user.joined", user, by=user)
    return user


def _whom(user) -> str:
    """The address a link went to, unreadable: where an admin has corrected it, the wrong one's link is no use."""
    return limits.fingerprint("invited", user.email)


def _send(user, by) -> str:
    with translation.override(user.language):
        context = {"name": user.name, "by": by, "link": link_for(user), "days": settings.INVITATION_DAYS}
        mail = EmailMessage(
            subject=_("%(name)s invites you to Dunlin") % {"name": " ".join(str(by).split())},
            body=render_to_string("emails/invitation.txt", context),
            to=[user.email],
            headers={"Auto-Submitted": "auto-generated"},
        )
    try:
        mail.send()
    except Exception as error:  # whatever a mail backend raises: the account is there, only the mail is not
        logger.exception("an invitation could not be handed over")
        return str(error)[:300] or type(error).__name__
    return ""
