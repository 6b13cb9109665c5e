"""What the demo's buttons let a mail provider say."""

import uuid

from anymail.signals import AnymailTrackingEvent
from django import forms
from django.utils.translation import gettext_lazy

from config.common import clock

READER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0"
SCANNER = "Barracuda Sentinel (EE)"


class SimulationForm(forms.Form):
    """One event. `occasion` is the page's own token: the same click twice is one event."""

    KINDS = {
        "delivered": gettext_lazy("Delivered"),
        "bounced": gettext_lazy("Bounced"),
        "opened": gettext_lazy("Opened"),
        "clicked": gettext_lazy("Clicked"),
        "scanned": gettext_lazy("Clicked by a scanner"),
    }
    kind = forms.ChoiceField(choices=list(KINDS.items()))
    occasion = forms.CharField(max_length=60, widget=forms.HiddenInput)

    def __init__(self, data=None):
        super().__init__(data, initial={"occasion": uuid.uuid4().hex})

    def event(self, message_id: str, recipient: str) -> AnymailTrackingEvent:
        kind = self.cleaned_data["kind"]
        bounced = kind == "bounced"
        return AnymailTrackingEvent(
            event_type="clicked" if kind == "scanned" else kind,
            timestamp=clock.now(),
            event_id=self.cleaned_data["occasion"],
            message_id=message_id,
            recipient=recipient,
            reject_reason="bounced" if bounced else None,
            mta_response="550 5.1.1 No such user here" if bounced else None,
            user_agent=SCANNER if kind == "scanned" else READER,
            esp_event={"event": kind},
        )
