"""Settings → People: who may sign in, and as what."""

from copy import copy
from functools import wraps

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from . import inviting, people, second_factor, sessions
from .exports import moment
from .filters_people import PeopleFilter
from .forms_people import PersonForm
from .leading import go
from .models import User
from .views import FilteredListView, carried_out, render_dialog, staff_required


def confirmed(view):
    """Only for somebody who has just typed a password or a code; others are asked for it first and come back."""

    @wraps(view)
    def asked(request, *args, **kwargs):
        if not sessions.confirmed_lately(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return asked


class PeopleList(FilteredListView):
    act = people.ACT
    filterset_class = PeopleFilter
    sorts = {
        "name": (gettext_lazy("Name"), "name"),
        "email": (gettext_lazy("Email"), "email"),
        "seen": (gettext_lazy("Last sign-in"), "last_login"),
    }
    default_sort = "name"
    template_name = "common/people.html"
    rows_template_name = "common/_people_rows.html"
    csv_name = "people"
    csv_columns = [
        (gettext_lazy("Name"), lambda row: row.name),
        (gettext_lazy("Email"), lambda row: row.email),
        (gettext_lazy("Role"), lambda row: str(row.get_role_display())),
        (gettext_lazy("State"), lambda row: str(state_of(row)["text"])),
        (gettext_lazy("Second factor"), lambda row: str(_("on") if row.has_factor else _("off"))),
        (moment(gettext_lazy("Last sign-in")), lambda row: row.last_login),
        (gettext_lazy("Time zone"), lambda row: row.time_zone),
        (gettext_lazy("Language"), lambda row: row.language),
    ]

    def rows(self):
        return User.objects.annotate(has_factor=second_factor.on_or_off())

    def extra(self, page, filterset):
        for person in page.rows:
            person.state = state_of(person)
            person.menu = menu_of(person, self.request.user)
            person.lacks_factor = not person.has_factor and second_factor.is_required_of(person)
        return {"filtered": any(filterset.form.cleaned_data.values())}


def state_of(person) -> dict:
    """What the badge says."""
    if not person.is_active:
        return {"text": _("Turned off"), "kind": "line"}
    if not person.has_usable_password():
        return {"text": _("Invited"), "kind": "warn"}
    return {"text": _("Active"), "kind": "ok"}


def menu_of(person, reader) -> list[dict]:
    """What this admin can do with the account. What asks for the password first is a page, not a dialog."""

    def item(label, name, icon, **more):
        return {"label": label, "url": reverse(name, args=[person.pk]), "icon": icon, **more}

    items = [item(_("Edit"), "person_edit", "pen")]
    if person.is_active and not person.has_usable_password():
        items.append(item(_("Send the invitation again"), "person_inviting", "mail", post=True))
    if person.has_factor:
        items.append(item(_("Remove the second factor"), "person_second_factor", "shield"))
    if person.pk != reader.pk:
        label = _("Turn off") if person.is_active else _("Turn on")
        items.append(item(label, "person_activation", "stop" if person.is_active else "undo", dialog=True, rule=True))
    return items


@staff_required(people.ACT)
@confirmed
def invite(request):
    """Somebody new: an account, and a mail with a link to a password."""
    fresh = User(language=request.user.language, time_zone=request.user.time_zone)
    form = PersonForm(request.POST or None, instance=fresh, by=request.user)

    def act():
        return inviting.invite_person(by=request.user, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        _mail(request, form.result)
        return go(request, reverse("people"))
    return _dialog(request, "common/person.html", form=form)


@staff_required(people.ACT)
@require_POST
def inviting_again(request, pk):
    _mail(request, get_object_or_404(User, pk=pk))
    return redirect("people")


def _mail(request, person):
    problem = inviting.mail_invitation(person, by=request.user)
    if problem:
        sentence = _("The mail to %(email)s could not be handed over (%(problem)s). Send the invitation again later.")
        messages.warning(request, sentence % {"email": person.email, "problem": problem})
    else:
        sentence = _("The invitation is on its way to %(email)s. It works for %(days)s days.")
        messages.success(request, sentence % {"email": person.email, "days": settings.INVITATION_DAYS})


@staff_required(people.ACT)
@confirmed
def edit(request, pk):
    person = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST or None, instance=copy(person), by=request.user)

    def act():
        return people.change_person(person, by=request.user, seen=form.seen, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("%(name)s is saved.") % {"name": person})
        return go(request, reverse("people"))
    return _dialog(request, "common/person.html", form=form, person=person)


@staff_required(people.ACT)
def activation(request, pk):
    """Turn an account off, or on again; asks first."""
    person = get_object_or_404(User, pk=pk)
    if request.method != "POST":
        return _dialog(request, "common/person_activation.html", person=person)
    if request.POST.get("active") == "no":
        people.deactivate_person(person, by=request.user)
        messages.success(request, _("%(name)s is signed out and can no longer sign in.") % {"name": person})
    else:
        people.reactivate_person(person, by=request.user)
        messages.success(request, _("%(name)s can sign in again.") % {"name": person})
    return go(request, reverse("people"))


@staff_required(people.ACT)
@confirmed
def factor(request, pk):
    """Take away a second factor that was lost; asks first."""
    person = get_object_or_404(User, pk=pk)
    if request.method != "POST":
        required = second_factor.is_required_of(person)
        return _dialog(request, "common/person_second_factor.html", person=person, required=required)
    people.remove_second_factor(person, by=request.user)
    messages.success(request, _("%(name)s signs in with the password alone now.") % {"name": person})
    return go(request, reverse("people"))


def _dialog(request, template, *, form=None, **context):
    context |= {"form": form, "cancel_url": reverse("people")}
    return render_dialog(request, template, context, status=422 if form and form.is_bound else 200)
