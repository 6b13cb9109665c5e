"""Where a page leads when its work is done."""

from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect


def go(request, url: str):
    """Redirect: by the browser, or from a dialog by HTMX."""
    return HttpResponseClientRedirect(url) if request.htmx else HttpResponseRedirect(url)


def safe_next(request) -> str:
    """The address of this site that `next` names; "" for none or for one elsewhere."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    local = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if local else ""
