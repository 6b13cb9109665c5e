"""The door for somebody invited: open to strangers, because the link says who they are."""

from django.contrib import messages
from django.contrib.auth import logout
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from . import inviting
from .forms_people import JoinForm
from .views import carried_out

TOKEN = "dunlin.invitation"


@require_safe
@never_cache
def follow(request, token):
    """Keep the link's secret in the session and go on without it in the address. Changes nothing, however often."""
    request.session[TOKEN] = token
    return redirect("invitation_accepting")


@never_cache
@sensitive_post_parameters()
def accept(request):
    """Choose a password."""
    person = inviting.invited_by(request.session.get(TOKEN, ""))
    if person is None:
        return render(request, "common/invitation_gone.html", status=410)
    form = JoinForm(request.POST or None)

    def act():
        return inviting.accept_invitation(person, by=person, password=form.cleaned_data["password"])

    if form.is_bound and form.is_valid() and carried_out(form, act):
        logout(request)  # whoever was signed in here, it was not the invited
        messages.success(request, _("Your password is saved. Sign in with it."))
        return redirect("account_login")
    context = {"form": form, "person": person}
    return render(request, "common/invitation.html", context, status=422 if form.is_bound else 200)
