"""Parts of the parties: an address, what may be watched of their emails, and whether one can be reached."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PostalAddress(models.Model):
    street = models.CharField(_("street"), max_length=120, blank=True)
    street2 = models.CharField(_("additional line"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)  # ISO 3166-1 alpha-2

    class Meta:
        abstract = True


class Tracking(models.Model):
    """What we watch unless a customer says otherwise. A pixel needs consent, so it is off until somebody has it."""

    track_links = models.BooleanField(_("count clicks on the link in emails"), default=True)
    track_opens = models.BooleanField(_("measure opens with a pixel"), default=False)

    class Meta:
        abstract = True


class TrackingOrOurs(models.Model):
    """The same for one customer; None is as the organization has it."""

    track_links = models.BooleanField(_("count clicks on the link in emails"), null=True, blank=True)
    track_opens = models.BooleanField(_("measure opens with a pixel"), null=True, blank=True)

    class Meta:
        abstract = True


class Reach(models.Model):
    """What came back from an address. Cleared when the address changes, or when a mail to it arrives after all."""

    bounced_at = models.DateTimeField(_("bounced"), null=True, blank=True, editable=False)
    complained_at = models.DateTimeField(_("complained"), null=True, blank=True, editable=False)
    trouble = models.CharField(_("what came back"), max_length=250, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_troubled(self) -> bool:
        return self.bounced_at is not None or self.complained_at is not None
