from django.urls import path

from .views import contacts, customers, organization

app_name = "customers"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="list"),
    path("customers/new/", customers.new, name="new"),
    path("customers/<int:pk>/", customers.detail, name="detail"),
    path("customers/<int:pk>/edit/", customers.edit, name="edit"),
    path("customers/<int:pk>/archiving/", customers.archiving, name="archiving"),
    path("customers/<int:pk>/contacts/new/", contacts.new, name="contact_new"),
    path("contacts/<int:pk>/", contacts.edit, name="contact_edit"),
    path("settings/organization/", organization.organization, name="organization"),
    path("settings/organization/logo/", organization.logo, name="logo"),
    path("settings/organization/emails/", organization.emails, name="organization_emails"),
    path("settings/organization/emails/new/", organization.email, name="organization_email_new"),
    path("settings/organization/emails/<int:pk>/", organization.email, name="organization_email"),
    path("settings/organization/bank-accounts/", organization.bank_accounts, name="bank_accounts"),
    path("settings/organization/bank-accounts/new/", organization.bank_account, name="bank_account_new"),
    path("settings/organization/bank-accounts/<int:pk>/", organization.bank_account, name="bank_account"),
    path(
        "settings/organization/bank-accounts/<int:pk>/active/",
        organization.bank_account_active,
        name="bank_account_active",
    ),
]
