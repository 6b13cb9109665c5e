"""When an email is to go out: a date, a time, and whose clock is meant."""

from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import clock
from config.common.forms import DateInput, SwitchInput, TimeInput

from .. import wall_time
from ..services import scheduling
from ..wall_time import WallTime

USUAL = time(9)
WHEN_FIELDS = ("send_on", "send_at", "zone")
EACH = "each"  # the time zone of each customer


class WhenFields(forms.Form):
    """Mixed into a form that says when; `offer_zones` before it is shown. `wall()` is what the services take."""

    send_on = forms.DateField(label=gettext_lazy("Send date"), widget=DateInput)
    send_at = forms.TimeField(label=gettext_lazy("Time"), widget=TimeInput)
    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), widget=forms.RadioSelect)

    def offer_zones(self, invoice, person, present: str = "") -> dict:
        """The zones to choose from: the customer's, one's own, and what is chosen now; and what to begin with."""
        self.invoice, self.person, self.present = invoice, person, present
        theirs = invoice.customer.time_zone if invoice.customer else ""
        own = person.time_zone
        words = {}
        if theirs and theirs != own:
            words[theirs] = _("Customer’s, %(place)s")
        words[own] = _("Customer’s and yours, %(place)s") if theirs == own else _("Yours, %(place)s")
        if present:
            words.setdefault(present, _("As it is, %(place)s"))
        self.fields["zone"].choices = [
            (zone, text % {"place": wall_time.place_of(zone)}) for zone, text in words.items()
        ]
        self._mark()
        zone = present or theirs or own
        return {"send_on": _first_day(invoice, zone), "send_at": USUAL, "zone": zone}

    def offer_each(self, person) -> dict:
        """For many: each customer's own zone, and one's own; and what to begin with."""
        yours = _("Yours, %(place)s") % {"place": wall_time.place_of(person.time_zone)}
        self.fields["zone"].choices = [(EACH, _("Each customer’s own")), (person.time_zone, yours)]
        self._mark()
        tomorrow = wall_time.local(clock.now(), person.time_zone).date() + timedelta(days=1)
        return {"send_on": tomorrow, "send_at": USUAL, "zone": EACH}

    def _mark(self):
        for name in WHEN_FIELDS:
            self.fields[name].widget.attrs["data-when"] = True

    def wall(self) -> WallTime:
        typed = self.cleaned_data
        return WallTime(typed["send_on"], typed["send_at"].replace(second=0, microsecond=0), typed["zone"])

    def when(self):
        """What is typed so far, by itself: for the dialog's live sentence."""
        typed = {name: self[name].value() for name in WHEN_FIELDS}
        return WhenForm(typed, invoice=self.invoice, person=self.person, present=self.present)


class WhenForm(WhenFields):
    """Nothing but when."""

    def __init__(self, data=None, *, invoice, person, present="", **options):
        super().__init__(data, **options)
        self.initial = {**self.offer_zones(invoice, person, present), **self.initial}


class LaterFields(WhenFields):
    """Schedule for Later as a part of a larger form: off, nobody looks at what stands in its fields."""

    later = forms.BooleanField(
        label=gettext_lazy("Schedule for Later"),
        help_text=gettext_lazy("Choose the send date and time. Nothing leaves before then."),
        required=False,
        widget=SwitchInput,
    )

    def leave_now(self):
        """There is nothing to schedule for: the switch is not there."""
        for name in ("later", *WHEN_FIELDS):
            del self.fields[name]

    @property
    def waits(self) -> bool:
        return "later" in self.fields and bool(self["later"].value())

    def overlook_when(self):
        if self.is_bound and not self.waits:
            for name in WHEN_FIELDS:
                self._errors.pop(name, None)


class MoveForm(WhenForm):
    """Another moment for what is scheduled. `seen`: when it was to go out as the person looked, in seconds."""

    seen = forms.IntegerField(min_value=0, max_value=2**40, widget=forms.HiddenInput)

    def __init__(self, data=None, *, invoice, person, delivery):
        wall = delivery.wall_time
        present = {"send_on": wall.on, "send_at": wall.at, "zone": wall.zone, "seen": seconds(delivery.scheduled_at)}
        super().__init__(data, invoice=invoice, person=person, present=wall.zone, initial=present)

    def values(self) -> dict:
        """What move_scheduled takes."""
        return {"wall": self.wall(), "seen": datetime.fromtimestamp(self.cleaned_data["seen"], UTC)}

    def catch_up(self, refusal):
        """After its reader was told who moved it where, moving it from there is meant."""
        self.data = self.data.copy()
        for delivery in scheduling.scheduled_of(self.invoice)[:1]:
            self.data["seen"] = seconds(delivery.scheduled_at)


class MoveManyForm(WhenFields):
    """Another moment for many; `values()` is what move_many takes, a blank zone is each customer's own."""

    def __init__(self, data=None, *, person):
        super().__init__(data)
        self.person = person
        self.initial = self.offer_each(person)

    def begun(self):
        """As it is before anything is typed: for the dialog's first sentence."""
        return type(self)(self.initial, person=self.person)

    def values(self) -> dict:
        wall = self.wall()
        return {"on": wall.on, "at": wall.at, "zone": "" if wall.zone == EACH else wall.zone}


class SureForm(forms.Form):
    """Yes, to what the dialog says of many."""


class ConfirmForm(forms.Form):
    """Yes, to what the dialog says of the draft as it was looked at."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, invoice):
        self.invoice = invoice
        super().__init__(data, initial={"version": invoice.version})

    def catch_up(self, refusal):
        self.data = self.data.copy()
        self.data["version"] = type(self.invoice).objects.values_list("version", flat=True).get(pk=self.invoice.pk)


def _first_day(invoice, zone) -> date:
    """Tomorrow there; of a draft whose issue date is still to come the day on which it can be opened."""
    day = wall_time.local(clock.now(), zone).date() + timedelta(days=1)
    if invoice.is_draft and invoice.issued_on and invoice.issued_on > day:
        day = invoice.issued_on
        if scheduling.day_of(WallTime(day, USUAL, zone).instant) < day:  # with us it is still the day before
            day += timedelta(days=1)
    return day


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())
