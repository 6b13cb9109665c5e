import pytest
from django import forms

from config.common.forms import DateInput, EmailListField, SwitchInput


class Sending(forms.Form):
    cc = EmailListField(label="CC", required=False, help_text="Each gets a copy.")
    send_email = forms.BooleanField(label="Send Email", widget=SwitchInput, required=False)
    subject = forms.CharField(label="Subject")
    on = forms.DateField(label="Date", widget=DateInput, required=False)


def test_addresses_come_out_as_a_list_each_one_once():
    typed = "ap@weir.example; Clerk@weir.example,\n ap@weir.example ,, clerk@weir.example"

    assert EmailListField().clean(typed) == ["ap@weir.example", "Clerk@weir.example"]


def test_the_address_that_is_none_is_named():
    with pytest.raises(forms.ValidationError) as refused:
        EmailListField().clean("ap@weir.example, not-an-address")

    assert refused.value.messages == ["“not-an-address” is not an email address. Correct it or take it out."]


def test_no_address_is_refused_where_one_is_needed():
    with pytest.raises(forms.ValidationError):
        EmailListField().clean(" , ")

    assert EmailListField(required=False).clean("") == []


def test_a_list_is_shown_as_the_text_it_was_typed_as():
    form = Sending(initial={"cc": ["a@weir.example", "b@weir.example"]})

    assert 'value="a@weir.example, b@weir.example"' in str(form["cc"])


def test_the_same_addresses_are_no_change():
    form = Sending(
        {"cc": "a@weir.example", "subject": "s"},
        initial={"cc": ["a@weir.example"], "subject": "s", "send_email": False},
    )

    assert form.changed_data == []


def test_a_field_has_label_hint_and_error_tied_to_it():
    html = str(Sending({"cc": "x", "subject": ""}))

    assert '<label for="id_cc">CC <span class="opt">optional</span></label>' in html
    assert '<label for="id_subject">Subject</label>' in html
    assert 'aria-describedby="id_cc_helptext id_cc_error"' in html
    assert 'id="id_cc_helptext"' in html
    assert 'id="id_cc_error"' in html
    assert 'role="switch"' in html
    assert 'type="date"' in html


def test_one_mailbox_written_in_two_ways_is_one_address():
    typed = "ap@müller.example, ap@xn--mller-kva.example, \u200bap@weir.example\u200b"

    assert EmailListField().clean(typed) == ["ap@müller.example", "ap@weir.example"]
