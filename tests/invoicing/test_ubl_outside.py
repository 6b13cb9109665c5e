"""Files of other people: every .xml in the folder that UBL_SAMPLES names comes in with the sums it states."""

import os
from pathlib import Path

import pytest

from invoicing.models import Invoice
from invoicing.services import importing
from tests import factories
from tests.ubl_files import as_positive, stated

FOLDER = os.environ.get("UBL_SAMPLES", "")
FILES = sorted(Path(FOLDER).glob("*.xml")) if FOLDER else []


@pytest.mark.skipif(not FOLDER, reason="UBL_SAMPLES names no folder of outside samples")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_outside_file_comes_in_with_its_own_sums(path, clerk):
    factories.organization()
    content = path.read_bytes()

    run = importing.bring_in([(path.name, content)], by=clerk)
    outcome = importing.make_drafts(run, by=clerk, answers={}, everything=True)

    assert outcome.made == 1
    invoice = Invoice.objects.get()
    sums = stated(content)
    assert {name: getattr(invoice, name) for name in sums} == (as_positive(sums) if sums["total"] < 0 else sums)
    assert invoice.kind == ("credit_note" if sums["total"] < 0 or b"CreditNote-2" in content else "invoice")


@pytest.mark.skipif(not FOLDER, reason="UBL_SAMPLES names no folder of outside samples")
def test_the_folder_of_outside_samples_is_not_empty(capsys):
    with capsys.disabled():
        print(f"\nUBL_SAMPLES: {len(FILES)} outside files")  # noqa: T201

    assert FILES
