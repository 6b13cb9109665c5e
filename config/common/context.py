"""What the shell around every page shows."""

from django.conf import settings
from django.utils.module_loading import import_string


def shell(request):
    """Navigation, banners and the demo's mark; nothing for strangers but the mark."""
    context = {"demo": settings.DEMO, "demo_accounts": settings.DEMO_ACCOUNTS if settings.DEMO else []}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return context
    return {
        **context,
        "nav": [section for path in settings.NAVIGATION for section in import_string(path)(request)],
        **{key: value for path in settings.SHELL_FACTS for key, value in import_string(path)(request).items()},
    }
