"""The columns of a customers' spreadsheet."""

from customers.services.customers import ADDRESS_FIELDS, FIELDS
from customers.services.sheet_columns import ADDRESS, COLUMNS, CONTACT


def test_each_column_is_a_field_of_the_services_or_of_a_contact():
    keys = {column.key for column in COLUMNS}

    assert keys - FIELDS - set(ADDRESS.values()) - CONTACT == {"number"}
    assert set(ADDRESS) == ADDRESS_FIELDS
    assert len(keys) == len(COLUMNS)


def test_the_examples_of_the_template_can_be_read():
    from config.common.sheets.values import Habits

    for column in COLUMNS:
        for example in column.examples:
            if example != "":
                assert column.read(str(example), Habits()) is not None, column.key
