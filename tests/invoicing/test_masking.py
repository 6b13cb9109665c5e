import json

from invoicing.masking import MOST, masked, without_addresses


def test_persons_places_and_networks_are_left_out():
    kept = masked(
        {
            "RecordType": "Bounce",
            "Email": "dagny@harbour.example",
            "Subject": "Invoice for Dagny",
            "Details": "550 5.1.1 <dagny@harbour.example> unknown, from [198.51.100.7] and 2001:db8:0:1:2:3:4:5",
            "Geo": {"City": "Hamburg"},
            "data": {"to": ["dagny@harbour.example"], "ipAddress": "198.51.100.7", "bounce": {"type": "Permanent"}},
            "UserAgent": "Mozilla/5.0",
            "Metadata": {"delivery": "00000000-0000-4000-8000-000000000000"},
        }
    )

    text = json.dumps(kept)
    for secret in ("dagny", "Dagny", "198.51", "2001:db8", "Hamburg", "Mozilla"):
        assert secret not in text
    assert kept["RecordType"] == "Bounce"
    assert kept["data"]["bounce"] == {"type": "Permanent"}
    assert kept["Metadata"] == {"delivery": "00000000-0000-4000-8000-000000000000"}


def test_it_stays_small_whatever_comes():
    deep = {}
    for _n in range(50):
        deep = {"inside": deep}
    wide = {f"field{n}": "x" * 1000 for n in range(500)}

    for told in (deep, wide, {"list": ["x" * 400] * 1000}, {"text": "\0"}, {"n": 1}):
        assert len(json.dumps(masked(told))) <= MOST
        assert "\\u0000" not in json.dumps(masked(told))
    assert masked(wide)["shortened"] is True


def test_nothing_told_is_nothing_kept():
    assert masked(None) is None
    assert masked({}) is None


def test_a_servers_words_lose_the_addresses_and_keep_the_rest():
    assert without_addresses("550 <dagny@harbour.example>: no such user at 198.51.100.7") == (
        "550 <…@harbour.example>: no such user at …"
    )


def test_what_no_database_keeps_is_left_out():
    kept = masked({"a\0": "b\ud800\0c", "n": float("nan"), "i": float("-inf"), "l": ["\udfff"]})

    assert kept == {"a": "bc", "n": "nan", "i": "-inf", "l": [""]}
    assert json.dumps(kept, allow_nan=False)
    assert without_addresses("550\0 \ud800no") == "550 no"
