"""AR Settings → Email: who mail comes from, what the sending domain needs, and a test."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.common import roles
from config.common.views import carried_out, staff_required

from ..forms.settings import EmailTestForm
from ..models import ChannelState, Delivery
from ..services import mail_setup


@staff_required("channel.test")
@require_http_methods(["GET", "POST"])
def email_settings(request):
    form = EmailTestForm(request.POST or None, initial={"to": request.user.email})
    if form.is_valid() and carried_out(form, lambda: mail_setup.send_test(form.cleaned_data["to"], by=request.user)):
        words = _("The test email was handed over. The answer was: %(answer)s")
        messages.success(request, words % {"answer": form.result.response})
        return redirect("invoicing:email_settings")
    context = {
        "form": form,
        "sender": mail_setup.sender(),
        "state": ChannelState.objects.filter(key="email").first(),
        "waiting": Delivery.objects.filter(channel="email", status__in=Delivery.WAITING).count(),
        "may_resume": roles.may(request.user, "channel.resume"),
    }
    return render(request, "invoicing/settings/email.html", context, status=422 if form.is_bound else 200)
