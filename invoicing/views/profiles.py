"""Which Invoice Template a customer uses: a small dialog, reached from the customer's profile."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required
from customers.models import Customer
from invoicing.forms.editing import find_customers
from invoicing.forms.templates import CustomerTemplateForm
from invoicing.models import InvoiceTemplate
from invoicing.services import profiles


@staff_required("customer.write")
def customer_template(request, pk):
    customer = get_object_or_404(Customer, pk=pk)
    back = reverse("customers:detail", args=[pk])
    chosen = profiles.chosen_by(customer)
    form = CustomerTemplateForm(request.POST or None, chosen=chosen, default=profiles.template_for(None))

    def act():
        typed = form.cleaned_data
        profiles.choose_template(customer, by=request.user, template=typed["template"], was=typed["was"])

    if form.is_bound and form.is_valid() and carried_out(form, act):
        messages.success(request, _("The Invoice Template of %(name)s is saved.") % {"name": customer})
        return go(request, back)
    context = {"form": form, "customer": customer, "cancel_url": back}
    status = 422 if form.is_bound else 200
    return render_dialog(request, "invoicing/customer_template.html", context, status=status)


@staff_required("invoice.draft")
@require_safe
def template_proposal(request):
    """The options of a draft's template field, with that of the customer typed beside it chosen."""
    found = find_customers(request.GET.get("customer", ""), most=2)
    chosen = profiles.template_for(found[0] if len(found) == 1 else None)
    context = {"templates": InvoiceTemplate.objects.current(), "chosen": chosen}
    return render(request, "invoicing/_template_options.html", context)
