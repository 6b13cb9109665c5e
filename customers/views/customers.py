"""Customers: the list, the profile overview, new and edit, the archive."""

from itertools import islice

from django.conf import settings
from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import clock, currency, once, roles
from config.common.fields import plain
from config.common.leading import go, safe_next
from config.common.reading import RowsOf
from config.common.views import FilteredListView, carried_out, render_dialog, staff_required
from customers.countries import name_of
from customers.filters import CustomerFilter
from customers.forms import CustomerForm, NewCustomerForm
from customers.identifiers import SCHEMES
from customers.models import Address, Contact, Customer, Organization
from customers.services import customers as service
from customers.views.timeline import timeline

TIMELINE = 30  # events shown at once
EVERYTHING = 500  # with ?activity=all
_CONTACT = ("id", "name", "email", "phone", "role", "gets_invoices", "bounced_at", "complained_at", "trouble")
_ADDRESS = ("id", "kind", "attention", "street", "street2", "postcode", "city", "region", "country")


class CustomerList(FilteredListView):
    filterset_class = CustomerFilter
    sorts = {"number": (gettext_lazy("Number"), "number"), "name": (gettext_lazy("Name"), "name")}
    default_sort = "name"
    template_name = "customers/list.html"
    rows_template_name = "customers/_rows.html"
    csv_name = "customers"
    csv_columns = [
        (gettext_lazy("Number"), lambda row: row.number),
        (gettext_lazy("Name"), lambda row: row.name),
        (gettext_lazy("Business or consumer"), lambda row: row.get_kind_display()),
        (gettext_lazy("VAT id"), lambda row: row.vat_id),
        (gettext_lazy("Country"), lambda row: row.country or ""),
        (gettext_lazy("City"), lambda row: row.city or ""),
        (gettext_lazy("Contact email"), lambda row: row.contact_email or ""),
        (gettext_lazy("Language"), lambda row: row.language),
        (gettext_lazy("Currency"), lambda row: row.currency),
        (gettext_lazy("Payment terms, days net"), lambda row: row.terms_days),
        (gettext_lazy("Archived"), lambda row: row.archived_at.date() if row.archived_at else ""),
        (gettext_lazy("Owes"), lambda row: "; ".join(_exact(minor, code) for code, minor in row.owes.items())),
    ]
    choosable = {
        "contact": (gettext_lazy("Contact"), True),
        "place": (gettext_lazy("Place"), True),
        "vat": (gettext_lazy("VAT id"), True),
        "language": (gettext_lazy("Language"), False),
        "currency": (gettext_lazy("Currency"), False),
        "terms": (gettext_lazy("Payment terms, days net"), False),
        "owes": (gettext_lazy("Owes"), True),
    }

    def rows(self):
        billing = Address.objects.filter(customer=OuterRef("pk"), kind=Address.Kind.BILLING)
        mailbox = Contact.objects.mailable().filter(customer=OuterRef("pk")).order_by("-gets_invoices", "pk")
        return Customer.objects.annotate(
            country=Subquery(billing.values("country")[:1]),
            city=Subquery(billing.values("city")[:1]),
            contact_email=Subquery(mailbox.values("email")[:1]),
        )

    def extra(self, page, filterset):
        with_debts(page.rows)
        return {
            "may_write": roles.may(self.request.user, "customer.write"),
            "filtered": any(value for value in filterset.form.cleaned_data.values()),
        }

    def export(self, rows):
        """As the house exports, with what each owes asked for 500 rows at a time."""
        found = rows.iterator(chunk_size=500)
        chunks = iter(lambda: list(islice(found, 500)), [])
        return self.download(row for chunk in chunks for row in with_debts(chunk))


def with_debts(customers: list) -> list:
    """Give each customer `owes`, {currency: minor units}, as the apps above report it."""
    pks = [customer.pk for customer in customers]
    reports = [import_string(path)(pks) for path in settings.CUSTOMER_FACTS] if pks else []
    for customer in customers:
        customer.owes = {code: minor for report in reports for code, minor in report.get(customer.pk, {}).items()}
    return customers


def _exact(minor, code):
    return f"{code} {currency.to_decimal(minor, code)}"


@staff_required("view")
def detail(request, pk):
    """The profile overview."""
    customer = get_object_or_404(_read_along(pk), pk=pk)
    told, earlier = timeline(customer, EVERYTHING if request.GET.get("activity") == "all" else TIMELINE)
    panels = [import_string(path)(request, customer) for path in settings.CUSTOMER_PANELS]
    addresses = {address.kind: address for address in customer.its_addresses}
    return render(
        request,
        "customers/detail.html",
        {
            "customer": customer,
            "contacts": customer.its_contacts,
            "mailable": any(contact.email for contact in customer.its_contacts),
            "addresses": [_with_country(addresses.get(kind.value), kind) for kind in Address.Kind],
            "discount_percent": plain(customer.discount_percent),
            "endpoint_scheme": _scheme(customer.endpoint_scheme),
            "registration_scheme": _scheme(customer.registration_scheme),
            "panels": panels,
            "timeline": told,
            "earlier": earlier,
            "may_write": roles.may(request.user, "customer.write"),
            "may_draft": roles.may(request.user, "invoice.draft"),
            "back_to": safe_next(request),
        },
    )


def _read_along(pk):
    """Customers with everything small that the profile shows of the one with this key, as columns of its row."""
    contacts = Contact.objects.filter(customer=pk).order_by("pk")
    addresses = Address.objects.filter(customer=pk).order_by("kind", "pk")
    reads = {
        "its_contacts": RowsOf(contacts, *_CONTACT),
        "its_addresses": RowsOf(addresses, *_ADDRESS),
    }
    for path in settings.CUSTOMER_READS:
        reads |= import_string(path)(pk)
    return Customer.objects.annotate(**reads)


def _with_country(address, kind):
    return {"label": kind.label, "address": address, "country": name_of(address.country) if address else ""}


def _scheme(code):
    return dict(SCHEMES).get(code, code)


@staff_required("customer.write")
def new(request):
    organization = Organization.objects.defer("logo").first()
    form = NewCustomerForm(request.POST or None, organization=organization)

    def act():
        return service.create_customer(by=request.user, **form.values())

    def profile(made):
        return reverse("customers:detail", args=[made.pk])

    if form.is_bound and form.is_valid() and once.carried_out(request, form, act, leads=profile):
        if form.result:
            messages.success(request, _("%(name)s is customer %(number)s.") % _called(form.result))
        return redirect(form.leads_to)
    return render(request, "customers/form.html", {"form": form}, status=422 if form.is_bound else 200)


@staff_required("customer.write")
def edit(request, pk):
    customer = get_object_or_404(Customer, pk=pk)
    form = CustomerForm(request.POST or None, instance=customer)

    def act():
        version = form.cleaned_data["version"]
        return service.change_customer(customer, by=request.user, version=version, **form.values())

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("%(name)s is saved.") % _called(customer))
        return redirect("customers:detail", pk)
    customer.refresh_from_db()
    context = {"form": form, "customer": customer}
    return render(request, "customers/form.html", context, status=422 if form.is_bound else 200)


@staff_required("customer.write")
def archiving(request, pk):
    """Ask (GET), then archive or take out of the archive (POST), whichever the button said."""
    customer = get_object_or_404(Customer, pk=pk)
    if request.method == "POST":
        if request.POST.get("archived") == "no":
            service.restore_customer(customer, by=request.user)
            messages.success(request, _("%(name)s can be invoiced again.") % _called(customer))
        else:
            service.archive_customer(customer, by=request.user, at=clock.now())
            messages.success(request, _("%(name)s is archived.") % _called(customer))
        return go(request, reverse("customers:detail", args=[pk]))
    with_debts([customer])
    context = {"customer": customer, "cancel_url": reverse("customers:detail", args=[pk])}
    return render_dialog(request, "customers/archiving.html", context)


def _called(customer):
    return {"name": customer.name, "number": customer.number}
