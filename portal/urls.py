"""The customer's addresses. Nobody signs in for them: the link in a mail opens one invoice, and nothing beside it."""

from django.urls import path

from .views import invoice, staff

app_name = "portal"
urlpatterns = [
    path("i/<str:token>/", invoice.link, name="link"),
    path("i/invoice/<uuid:key>/", invoice.invoice, name="invoice"),
    path("i/invoice/<uuid:key>/pdf/", invoice.pdf, name="pdf"),
    path("i/invoice/<uuid:key>/fresh/", invoice.fresh, name="fresh"),
    path("invoices/<int:pk>/as-customer/", staff.as_customer, name="as_customer"),
]
