from django.urls import path

from .views import bank_accounts, contacts, customers, importing, organization

app_name = "customers"
urlpatterns = [
    path("customers/", customers.CustomerList.as_view(), name="list"),
    path("customers/new/", customers.new, name="new"),
    *importing.PAGES.urls("customers/import/"),
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
    path("settings/organization/bank-accounts/", bank_accounts.bank_accounts, name="bank_accounts"),
    path("settings/organization/bank-accounts/new/", bank_accounts.bank_account, name="bank_account_new"),
    path("settings/organization/bank-accounts/<int:pk>/", bank_accounts.bank_account, name="bank_account"),
    path(
        "settings/organization/bank-accounts/<int:pk>/active/",
        bank_accounts.bank_account_active,
        name="bank_account_active",
    ),
    path(
        "settings/organization/bank-accounts/changes/<int:pk>/confirming/",
        bank_accounts.confirming,
        name="bank_change_confirming",
    ),
    path(
        "settings/organization/bank-accounts/changes/<int:pk>/rejecting/",
        bank_accounts.rejecting,
        name="bank_change_rejecting",
    ),
    path(
        "settings/organization/bank-accounts/changes/<int:pk>/withdrawing/",
        bank_accounts.withdrawing,
        name="bank_change_withdrawing",
    ),
]
