"""Filters of the customers list."""

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from config.common.filters import ListFilter
from config.common.models import SheetItem

from . import countries
from .models import Address, Contact, Customer


class CustomerFilter(ListFilter):
    q = django_filters.CharFilter(method="search", label=_("Search"))
    kind = django_filters.ChoiceFilter(
        choices=Customer.Kind.choices, label=_("Business or consumer"), empty_label=_("Business or consumer")
    )
    country = django_filters.ChoiceFilter(
        choices=lambda: countries.choices()[1:], method="in_country", label=_("Country"), empty_label=_("Any country")
    )
    archived = django_filters.ChoiceFilter(
        choices=[("yes", _("Archived")), ("all", _("All"))],
        method="unchanged",
        label=_("Archived or not"),
        empty_label=_("Not archived"),
    )
    email = django_filters.ChoiceFilter(
        choices=[("none", _("No contact email"))],
        method="without_email",
        label=_("Contacts"),
        empty_label=_("Any contacts"),
    )

    imported = django_filters.NumberFilter(
        method="from_sheet", label=_("Imported from a spreadsheet"), min_value=1, max_value=2**63 - 1,
        widget=forms.HiddenInput,
    )  # fmt: skip

    class Meta:
        model = Customer
        fields: list = []

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        archived = self.form.cleaned_data.get("archived")
        if archived == "all":
            return queryset
        return queryset.archived() if archived == "yes" else queryset.current()

    def unchanged(self, queryset, name, value):
        return queryset

    def search(self, queryset, name, value):
        """Name, number, VAT id, or the email of a contact."""
        words = value.strip()
        by_email = Contact.objects.filter(customer=OuterRef("pk"), email__icontains=words)
        return queryset.filter(
            Q(name__icontains=words)
            | Q(latin_name__icontains=words)
            | Q(number__icontains=words)
            | Q(vat_id__icontains=words.replace(" ", ""))
            | Exists(by_email)
        )

    def from_sheet(self, queryset, name, value):
        """What one spreadsheet import made or updated."""
        made = SheetItem.objects.filter(sheet=value, sheet__kind="customers")
        return queryset.filter(pk__in=made.values("object_id"))

    def in_country(self, queryset, name, value):
        return queryset.filter(
            Exists(Address.objects.filter(customer=OuterRef("pk"), kind=Address.Kind.BILLING, country=value))
        )

    def without_email(self, queryset, name, value):
        return queryset.exclude(Exists(Contact.objects.mailable().filter(customer=OuterRef("pk"))))
