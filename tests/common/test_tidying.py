"""Old rows go when their while is over."""

from datetime import timedelta

import pytest

from config.common import clock, tidying
from config.common.models import RateLimit, Submission

pytestmark = pytest.mark.django_db


def test_what_is_old_goes_and_what_is_new_stays():
    now = clock.database_now()
    for age in (timedelta(0), timedelta(days=9)):
        RateLimit.objects.create(key=f"k{age.days}", since=now - age, tries=1)

    assert tidying.tidy() == 1
    assert RateLimit.objects.count() == 1
    assert Submission.objects.count() == 0
