"""What the dialog of a batch says about pressing its button; title and button themselves are of progress.py."""

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from config.common.templatetags.dunlin import grouped

from ... import wall_time
from ...services.batches.timing import Timing
from ...services.batches.wishes import Action, Wishes


def effects(wishes: Wishes, n: int, timing: Timing) -> list[str]:
    """What comes of it, before anybody confirms."""
    if not n:
        return []
    if wishes.waits:
        return list(_scheduled(wishes, n, timing))
    found = []
    if wishes.action == Action.OPEN:
        words = ngettext(
            "%(n)s draft gets its number and is locked. That cannot be undone: what is wrong then is put right by a "
            "credit note.",
            "%(n)s drafts get their numbers and are locked. That cannot be undone: what is wrong then is put right by "
            "credit notes.",
            n,
        )
        found.append(words % {"n": grouped(n)})
    elif wishes.opens:
        found.append(
            _("Drafts among them are opened first: each gets its number and is locked. That cannot be undone.")
        )
    if wishes.mails:
        words = ngettext(
            "%(n)s invoice is emailed to the contacts of its customer.",
            "%(n)s invoices are emailed to the contacts of their customers.",
            n,
        )
        found.append(words % {"n": grouped(n)})
    if wishes.action == Action.MARK:
        words = ngettext(
            "%(n)s invoice counts as sent from now on, nothing is emailed. It gets no reminders and no autopayment.",
            "%(n)s invoices count as sent from now on, nothing is emailed. They get no reminders and no autopayment.",
            n,
        )
        found.append(words % {"n": grouped(n)})
    return found


def _scheduled(wishes, n, timing):
    wall = wishes.wall(wishes.zone)
    words = {
        "n": grouped(n),
        "date": formats.date_format(wall.on, pgettext("date format", "j M Y")),
        "time": f"{wall.at:%H:%M}",
    }
    if wishes.zone:
        yield _in_one_zone(n, words, wall)
    else:
        yield (
            ngettext(
                "%(n)s email goes out on %(date)s at %(time)s where its customer is.",
                "%(n)s emails go out on %(date)s at %(time)s, each where its customer is.",
                n,
            )
            % words
        )
        if timing.first != timing.last:
            yield _("For you the first goes out on %(first)s, the last on %(last)s.") % {
                "first": _here(timing.first),
                "last": _here(timing.last),
            }
    if wishes.opens:
        yield _("Drafts among them are opened and numbered then, and not before.")
    if skipped := timing.skipped():
        yield _(
            "The clocks in %(places)s are put forward over %(time)s that night. There it goes out at the first minute "
            "after."
        ) % {
            "places": ", ".join(skipped),
            "time": words["time"],
        }
    if doubled := timing.doubled():
        yield _("The clocks in %(places)s show %(time)s twice that night. There it goes out the first time.") % {
            "places": ", ".join(doubled),
            "time": words["time"],
        }


def _in_one_zone(n, words, wall) -> str:
    return ngettext(
        "%(n)s email goes out on %(date)s at %(time)s in %(place)s.",
        "%(n)s emails go out on %(date)s at %(time)s in %(place)s.",
        n,
    ) % {**words, "place": wall_time.place_of(wall.zone)}


def _here(moment) -> str:
    """A moment on the reader's own clock."""
    return formats.date_format(timezone.localtime(moment), pgettext("date format", "j M Y") + ", H:i")
