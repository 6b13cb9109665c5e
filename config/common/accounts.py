"""Staff accounts are made by an admin; nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter


class ClosedSignup(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False
