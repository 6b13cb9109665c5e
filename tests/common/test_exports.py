"""CSV that a spreadsheet opens and never runs."""

import csv
import io

import pytest

from config.common.exports import csv_response, safe_cell


def text_of(response):
    return b"".join(response.streaming_content).decode("utf-8")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert safe_cell(f"{start}cmd|'/c calc'!A1") == f"'{start}cmd|'/c calc'!A1"
    assert safe_cell(f"  {start}1+1") == f"'  {start}1+1"


def test_numbers_stay_numbers_and_nothing_stays_empty():
    assert [safe_cell(value) for value in (-5, 0, None, "", "Café 1-2")] == ["-5", "0", "", "", "Café 1-2"]


def test_the_file_is_utf8_with_a_mark_and_quoted_where_needed():
    response = csv_response("customers", ["Name", "=Note"], [["Müller, “Söhne”", 'a "b"\nc'], ["=1+1", -3]])

    text = text_of(response)

    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text[1:], newline=""))) == [
        ["Name", "'=Note"],
        ["Müller, “Söhne”", 'a "b"\nc'],
        ["'=1+1", "-3"],
    ]


def test_a_separator_of_another_country_inside_a_text_begins_no_cell():
    text = text_of(csv_response("n", ["N"], [["Ltd;=1+1"], ["Ltd\t=1+1"]]))

    assert text.splitlines()[1:] == ['"Ltd;=1+1"', '"Ltd\t=1+1"']


def test_it_is_a_download_of_its_name_and_nothing_a_browser_would_show():
    response = csv_response("customers", ["Name"], [])

    assert response["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_rows_are_streamed_not_gathered():
    taken = []

    def rows():
        for n in range(3):
            taken.append(n)
            yield [n]

    content = iter(csv_response("n", ["N"], rows()))

    next(content)
    assert taken == []
    next(content)
    assert taken == [0]
