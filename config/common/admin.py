"""Django admin: people, through the same services; the trail and the worker's pulse, to read only."""

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from . import choices, people, sessions
from .errors import DomainError
from .models import AuditEvent, Heartbeat, User


class ReadOnly(admin.ModelAdmin):
    """Look, search and filter; nothing can be written here."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ConfirmedFirst(admin.ModelAdmin):
    """Changes ask for the password again, as the pages about people do; what was posted meanwhile is asked for anew."""

    def changeform_view(self, request, *args, **kwargs):
        return self._confirm(request) or super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request, *args, **kwargs):
        return self._confirm(request) or super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request, *args, **kwargs):
        confirmed = self._confirm(request) if request.method == "POST" else None
        return confirmed or super().changelist_view(request, *args, **kwargs)

    def _confirm(self, request):
        if sessions.confirmed_lately(request):
            return None
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")


class PersonForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=choices.time_zones)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    new_password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. Left empty, the present one stays."),
        required=False,
    )

    class Meta:
        model = User
        fields = ["email", "name", "role", "is_active", "time_zone", "language"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.fields["new_password"].required = True

    def values(self):
        return {name: value for name, value in self.cleaned_data.items() if name != "new_password"}


@admin.register(User)
class UserAdmin(ConfirmedFirst):
    form = PersonForm
    list_display = ["email", "name", "role", "is_active", "last_login", "joined_at"]
    list_filter = ["role", "is_active", "language"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fields = ["email", "name", "role", "is_active", "time_zone", "language", "new_password"]

    def has_delete_permission(self, request, obj=None):
        return False  # the trail names them; an account is turned off instead

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """A rule that says no comes back as a message, with nothing written."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request, obj, form, change):
        values, password = form.values(), form.cleaned_data["new_password"]
        if not change:
            active = values.pop("is_active")
            made = people.create_person(by=request.user, password=password, **values)
            if not active:
                people.change_person(made, by=request.user, is_active=False)
            obj.pk = made.pk
            return
        person = User.objects.get(pk=obj.pk)
        people.change_person(person, by=request.user, **values)
        if password:
            people.set_password(person, by=request.user, password=password)


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnly, ConfirmedFirst):
    """For who has lost theirs: an admin takes it away here. Its secret is shown to nobody."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    search_fields = ["user__email", "user__name"]
    list_select_related = ["user"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser

    def delete_model(self, request, obj):
        people.remove_second_factor(obj.user, by=request.user, kind=obj.type)

    def delete_queryset(self, request, queryset):
        for factor in queryset:
            self.delete_model(request, factor)


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    list_display = ["seq", "at", "actor_name", "action", "object_type", "object_id", "source"]
    list_filter = ["source", "actor_type", "object_type", "action"]
    search_fields = ["actor_name", "action", "thread", "request_id"]
    date_hierarchy = "at"
    ordering = ["-seq"]
    list_per_page = 50
    show_full_result_count = False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ["name", "beat_at", "started_at", "detail"]
    ordering = ["name"]
