"""What is typed into the dialog of a batch, kept in the session while somebody looks at the mails: for the frame that
shows one, and for the way back.
"""

KEY = "batch_typed"


def keep(request, selection, form) -> None:
    typed = {name: request.POST.get(name, "") for name in form.fields if name != "request_id"}
    request.session[KEY] = {"selection": selection.pk, "typed": typed}


def of(request, selection) -> dict:
    """By field; empty where nothing is kept for this selection."""
    kept = request.session.get(KEY, {})
    return kept["typed"] if kept.get("selection") == selection.pk else {}


def forget(request) -> None:
    request.session.pop(KEY, None)
