"""Numbers that can prove themselves."""

import pytest
from django.core.exceptions import ValidationError

from customers import countries, identifiers


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("de 136.695 976", "DE136695976"),
        ("NL004495445B01", "NL004495445B01"),
        ("GR094259216", "EL094259216"),
        ("GB980780684", "GB980780684"),
        ("US-12 3456789", "US123456789"),
        ("", ""),
    ],
)
def test_a_vat_id_is_kept_without_what_people_put_between(typed, kept):
    assert identifiers.check_vat_id(typed) == kept


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("DE136695975", "is not a VAT id of DE"),
        ("136695976", "begins with the two letters"),
        ("NL1", "is not a VAT id of NL"),
    ],
)
def test_a_wrong_vat_id_is_refused_in_words(typed, sentence):
    with pytest.raises(ValidationError, match=sentence):
        identifiers.check_vat_id(typed)


@pytest.mark.parametrize(
    ("scheme", "right", "wrong"),
    [
        ("0088", "7300010000001", "7300010000002"),
        ("0088", "7300010000001", "73000100"),
        ("0208", "0403019261", "0403019262"),
        ("0192", "988077917", "988077918"),
        ("0184", "13585628", "13585627"),
        ("0007", "5560125790", "5560125791"),
        ("0106", "24198830", "2419883"),
    ],
)
def test_an_e_invoice_address_is_checked_where_its_scheme_has_a_rule(scheme, right, wrong):
    assert identifiers.check_endpoint(scheme, right) == right
    with pytest.raises(ValidationError, match="is not a valid"):
        identifiers.check_endpoint(scheme, wrong)


def test_an_e_invoice_address_of_an_unknown_scheme_is_accepted():
    assert identifiers.check_endpoint("9999", "ABC 1") == "ABC1"


def test_iban_and_bic_are_checked():
    assert identifiers.check_iban("nl46 TIDE 0123 4567 89") in ("NL46TIDE0123456789",)
    assert identifiers.check_bic("tidenl2a") == "TIDENL2A"
    with pytest.raises(ValidationError, match="This IBAN cannot be right"):
        identifiers.check_iban("NL46TIDE0123456788")
    with pytest.raises(ValidationError, match="8 or 11"):
        identifiers.check_bic("TIDE")


def test_every_offered_scheme_is_written_once():
    codes = [code for code, _words in identifiers.SCHEMES]

    assert len(codes) == len(set(codes))
    assert all(len(code) <= 4 for code in codes)


def test_countries_are_named_in_the_reader_s_language():
    assert countries.name_of("DE", "de") == "Deutschland"
    assert countries.name_of("DE", "en") == "Germany"
    assert {"DE", "US", "XK", "TW"} <= countries.codes()
    assert not {"EU", "ZZ", "001"} & countries.codes()
    assert 245 < len(countries.codes()) < 256
