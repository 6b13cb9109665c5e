"""Django admin: who, to look through. Changes are made on the pages, which keep the trail."""

from django.contrib import admin
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.common.admin import ReadOnly

from .models import Address, BankAccount, Contact, Customer, Organization, OrganizationEmail


class Rows(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class AddressRows(Rows):
    model = Address


class ContactRows(Rows):
    model = Contact


class EmailRows(Rows):
    model = OrganizationEmail


class BankAccountRows(Rows):
    model = BankAccount


@admin.register(Customer)
class CustomerAdmin(ReadOnly):
    list_display = ["number", "name", "kind", "vat_id", "currency", "language", "archived_at"]
    list_filter = ["kind", "currency", "language", ("archived_at", admin.EmptyFieldListFilter)]
    search_fields = ["number", "name", "latin_name", "vat_id", "contacts__email"]
    inlines = [ContactRows, AddressRows]
    ordering = ["name"]

    def view_on_site(self, obj):

        return reverse("customers:detail", args=[obj.pk])


@admin.register(Contact)
class ContactAdmin(ReadOnly):
    list_display = ["__str__", "email", "role", "gets_invoices", "customer"]
    list_filter = ["role", "gets_invoices"]
    search_fields = ["name", "email", "customer__name", "customer__number"]
    list_select_related = ["customer"]


@admin.register(Organization)
class OrganizationAdmin(ReadOnly):
    list_display = ["legal_name", "vat_id", "country", "currency", "has_logo"]
    inlines = [EmailRows, BankAccountRows]
    exclude = ["logo"]

    @admin.display(boolean=True, description=_("logo"))
    def has_logo(self, obj):
        return bool(obj.logo)


@admin.register(BankAccount)
class BankAccountAdmin(ReadOnly):
    list_display = ["holder", "bank_name", "iban", "account_no", "currency", "active"]
    list_filter = ["active", "currency"]
    search_fields = ["holder", "bank_name", "iban", "account_no"]
