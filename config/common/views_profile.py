"""One's own profile."""

from copy import copy

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _

from . import people
from .forms_profile import ProfileForm
from .models import User
from .views import carried_out, staff_required


@staff_required("view")
def profile(request):
    """Name, time zone and language of whoever is signed in."""
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=copy(person))

    def act():
        return people.change_own_profile(person, by=request.user, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        with translation.override(person.language):
            messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    return render(request, "common/profile.html", {"form": form}, status=422 if form.is_bound else 200)
