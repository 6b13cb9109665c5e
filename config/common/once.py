"""What is sent twice is made once: by a double click, over a slow network, or with the back button.

A form that makes something carries a token of its own. The first time it comes, the thing is made and where it is seen
is kept with the token, in one transaction; who comes again is led there. Two at the same moment: the second waits.
"""

import json
import secrets
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _

from . import clock, views
from .models import Submission

KEPT = timedelta(days=2)
_NOT_TYPED = ("csrfmiddlewaretoken", "once")


class OnceForm:
    """Mixed into a form that makes something; its template includes components/_marks.html."""

    data: Any  # a form's

    @cached_property
    def once(self) -> str:
        """The token: of the page as it was sent, else a new one."""
        return self.data.get("once") or secrets.token_urlsafe(18)

    def renew(self):
        """To be sent again is meant from now on."""
        self.once = secrets.token_urlsafe(18)


def carried_out(request, form, act, *, leads) -> bool:
    """As views.carried_out, for an act that makes something; `leads(made)` is the address where it is seen.

    True leaves form.leads_to; form.result is None where nothing was made because it had been. Where something else was
    typed than the first time, the form says what was made then, keeps what is typed and can be sent again. A form sent
    without a token (by a program, say) makes something each time.
    """
    key, content = _key(request), _content(request)
    if not views.carried_out(form, lambda: _first(key, content, act, leads)):
        return False
    kept, form.result = form.result
    if kept.content != content:
        form.add_error(None, _made_already(kept))
        form.renew()
        return False
    if form.result is None:
        messages.info(request, _("This was sent twice and saved once."))
    form.leads_to = kept.path
    return True


def sent_before(request) -> Submission | None:
    """What was made of this very page, typed as it is now. To be asked where a page is not valid any more because of
    what it did: the rows it offered are gone, and whoever clicked twice must not read that nothing was saved.
    """
    kept = Submission.objects.filter(token=_key(request)).first()
    if kept is None or kept.content != _content(request):
        return None
    messages.info(request, _("This was sent twice and saved once."))
    return kept


def _first(key, content, act, leads) -> tuple:
    """What is kept of it, and what was made; None if that was before."""
    with transaction.atomic():
        kept = Submission(token=key, content=content)
        if key:
            try:
                with transaction.atomic():
                    kept.save(force_insert=True)
            except IntegrityError:  # whoever was first has committed by now
                return Submission.objects.get(token=key), None
        made = act()
        kept.path, kept.name = leads(made), str(made)[:200]
        if key:
            kept.save(update_fields=["path", "name"])
        return kept, made


def sweep() -> int:
    """Forget the tokens that nobody sends again; how many rows."""
    gone, _by_model = Submission.objects.filter(made_at__lt=clock.database_now() - KEPT).delete()
    return gone


def _key(request) -> str:
    """A token counts for one person on one page."""
    token = request.POST.get("once", "")
    return token and _hash("token", [request.user.pk, request.path, token])


def _content(request) -> str:
    typed = sorted((name, values) for name, values in request.POST.lists() if name not in _NOT_TYPED)
    return _hash("content", typed)


def _hash(what, found) -> str:
    return salted_hmac(f"dunlin.once.{what}", json.dumps(found), algorithm="sha256").hexdigest()


def _made_already(kept):
    sentence = _(
        "This was saved already as {link}. What you typed now is still here and not saved: save again to make another "
        "one of it."
    )
    return format_html(sentence, link=format_html('<a href="{}">{}</a>', kept.path, kept.name))
