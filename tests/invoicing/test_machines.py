import json
from datetime import timedelta

import pytest

from invoicing.machines import RULES, TOO_SOON, WORDS, Visit, judge
from tests.house.source import ROOT

TRACES = json.loads((ROOT / "tests/samples/scanners/traces.json").read_text())
LATER = timedelta(hours=1)
READERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.12.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17531; Pro)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; Microsoft Outlook 16.0; ms-office)",
]


def trace(told) -> Visit:
    return Visit(
        method=told.get("method", "GET"),
        user_agent=told["agent"],
        headers={name.lower(): value for name, value in told.get("headers", {}).items()},
        age=timedelta(seconds=told["seconds"]),
    )


@pytest.mark.parametrize("told", TRACES, ids=lambda told: told["who"])
def test_a_machine_is_known(told):
    assert judge(trace(told)) != ""


@pytest.mark.parametrize("agent", READERS)
def test_a_reader_is_a_person(agent):
    assert judge(Visit(user_agent=agent, age=TOO_SOON)) == ""


def test_nobody_reads_a_mail_before_it_is_there():
    assert judge(Visit(user_agent=READERS[0], age=TOO_SOON - timedelta(seconds=1))) == "too_soon"


def test_our_own_people_are_not_the_customer():
    assert judge(Visit(user_agent=READERS[0], age=LATER, is_staff=True)) == "staff"


def test_where_the_agent_is_not_told_only_silence_is_no_sign():
    assert judge(Visit(user_agent=None, age=LATER)) == ""
    assert judge(Visit(user_agent=" ", age=LATER)) == "nameless"


@pytest.mark.parametrize(
    "told",
    [
        {"event-data": {"event": "opened", "client-info": {"bot": "apple", "user-agent": READERS[0]}}},
        {"event": "open", "sg_machine_open": True},
        {"event": "unique_proxy_open"},
        {"msys": {"track_event": {"type": "open", "is_prefetched": True}}},
    ],
    ids=["Mailgun", "SendGrid", "Brevo", "SparkPost"],
)
def test_what_a_provider_says_of_it_counts(told):
    assert judge(Visit(user_agent=READERS[0], age=LATER, told=told)) == "provider"


@pytest.mark.parametrize(
    "told",
    [
        {"event-data": {"event": "opened", "client-info": {"bot": "", "user-agent": READERS[0]}}},
        {"event-data": {"event": "opened", "client-info": None}},
        {"event": "unique_opened"},
        {"msys": {"track_event": {"type": "open", "is_prefetched": False}}},
        {"event-data": "nonsense"},
    ],
)
def test_where_a_provider_says_nothing_of_a_machine_it_is_a_person(told):
    assert judge(Visit(user_agent=READERS[0], age=LATER, told=told)) == ""


def test_each_rule_has_its_words_and_its_source():
    document = (ROOT / "docs/tracking.md").read_text()

    assert [rule.key for rule in RULES if f"| `{rule.key}` |" not in document] == []
    assert len(WORDS) == len(RULES)
    assert all(len(rule.key) <= 20 for rule in RULES)
