"""Contacts of a customer: added, changed, removed, each in a dialog."""

from copy import copy
from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from config.common import once
from config.common.leading import go, safe_next
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required
from customers.forms import ContactForm
from customers.models import Contact, Customer
from customers.services import contacts as service


@staff_required("customer.write")
def new(request, pk):
    customer = get_object_or_404(Customer, pk=pk)
    role = "finance" if customer.contacts.filter(role="primary").exists() else "primary"
    form = ContactForm(request.POST or None, instance=Contact(customer=customer, role=role))

    def act():
        return service.add_contact(customer, by=request.user, **form.cleaned_data)

    back = _profile(request, customer)
    if form.is_bound and form.is_valid() and once.carried_out(request, form, act, leads=lambda _made: back):
        if form.result:
            messages.success(request, _("%(contact)s is a contact now.") % {"contact": form.result})
        return go(request, form.leads_to)
    return _dialog(request, form, customer)


@staff_required("customer.write")
def edit(request, pk):
    """Change the contact; with ?removing, ask whether to remove it, and do so."""
    contact = row_or_gone(request, Contact.objects.select_related("customer"), pk)
    customer = contact.customer
    if request.method == "POST" and "remove" in request.POST:
        service.remove_contact(contact, by=request.user)
        messages.success(request, _("The contact is removed."))
        return go(request, _profile(request, customer))
    if "removing" in request.GET:
        context = {
            "what": contact,
            "effect": _("Name, email and phone are erased. Mails sent before still say where they went."),
            "cancel_url": _profile(request, customer),
        }
        return render_dialog(request, "customers/removing.html", context)
    form = ContactForm(request.POST or None, instance=copy(contact))

    def act():
        return service.change_contact(contact, by=request.user, seen=form.seen, **form.cleaned_data)

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("%(contact)s is saved.") % {"contact": contact})
        return go(request, _profile(request, customer))
    return _dialog(request, form, customer, contact=contact)


def _dialog(request, form, customer, **context):
    context |= {
        "form": form,
        "customer": customer,
        "next": safe_next(request),
        "cancel_url": _profile(request, customer),
        "removing_url": f"{request.path}?{urlencode({'removing': 1, 'next': safe_next(request)})}",
    }
    return render_dialog(request, "customers/contact.html", context, status=422 if form.is_bound else 200)


def _profile(request, customer):
    """The profile, still knowing the invoice one came from."""
    back = safe_next(request)
    return reverse("customers:detail", args=[customer.pk]) + (f"?{urlencode({'next': back})}" if back else "")
