"""A data folder as a Salesforce org, and how its API presents itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from support.salesforce_org import Sf, blank, company
from support.sandbox_company import FILES

from sales_consultant.sandbox.salesforce.org import ids


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sf]:
    with company(tmp_path_factory.mktemp("data")) as sf:
        yield sf


@given(st.integers(0, 62**6), st.sampled_from(["Account", "Contact", "LeadHistory"]))
def test_ids_sort_as_their_numbers_and_survive_a_change_of_case(number: int, sobject: str) -> None:
    id = ids.make(sobject, number)
    assert len(id) == 18
    assert ids.full(id) == ids.full(id[:15]) == ids.full(id.upper()) == ids.full(id.lower()) == id
    assert ids.make(sobject, number + 1) > id
    assert id.startswith(ids.PREFIXES[sobject])
    assert ids.full(id[:15] + "000") is None


def test_accounts_and_people(org: Sf) -> None:
    accounts = org.query(
        "SELECT Name, Website, Industry, Owner.Email, Region_Name__c, employees__c, CreatedDate FROM Account ORDER BY Id"
    )
    assert [a["Name"] for a in accounts] == ["Acme", "Beta & Söhne"]
    assert accounts[0]["Website"] == "https://acme.example"
    assert accounts[0]["Owner"]["Email"] == "ann@seller.example"
    assert (accounts[0]["employees__c"], accounts[0]["region_name__c"]) == (50, "North")
    assert accounts[0]["CreatedDate"] == "2024-01-01T00:00:00.000+0000"
    people = org.query(
        "SELECT Name, Account.Name, HasOptedOutOfEmail, DoNotCall, EmailBouncedDate, IsEmailBounced, page_views__c FROM Contact ORDER BY Id"
    )
    assert [p["Name"] for p in people] == ["Pia Ünal", "Quý <b>Trần</b>"]
    assert [p["Account"]["Name"] for p in people] == ["Acme", "Beta & Söhne"]
    assert [p["HasOptedOutOfEmail"] for p in people] == [False, True]
    assert [p["EmailBouncedDate"] is None for p in people] == [True, False]
    assert [p["page_views__c"] for p in people] == [12, 0]


def test_leads_and_what_they_became(org: Sf) -> None:
    done, new = org.query(
        "SELECT LastName, Company, Status, IsConverted, ConvertedDate, ConvertedContactId, ConvertedAccountId, "
        "ConvertedOpportunityId, LeadSource FROM Lead ORDER BY Id"
    )
    assert (new["LastName"], new["Company"], new["IsConverted"]) == ("lou", "Gamma", False)
    assert done["IsConverted"]
    assert done["ConvertedDate"] == "2024-01-05"
    assert done["ConvertedContactId"] == org.id("Contact", "p1")
    assert done["ConvertedAccountId"] == org.id("Account", "c1")
    assert done["ConvertedOpportunityId"] == org.id("Opportunity", "d1")
    assert org.values("SELECT Field FROM LeadHistory") == ["leadConverted"]


def test_deals_stages_roles_and_goods(org: Sf) -> None:
    won, open_ = org.query(
        "SELECT Name, StageName, Probability, IsClosed, IsWon, Amount, CloseDate, ForecastCategoryName, Type, "
        "LastStageChangeDate, HasOpportunityLineItem FROM Opportunity ORDER BY Id"
    )
    assert (won["StageName"], won["Probability"], won["IsWon"], won["Amount"]) == ("won", 100, True, 1000.5)
    assert (won["CloseDate"], won["ForecastCategoryName"]) == ("2024-03-01", "Closed")
    assert won["LastStageChangeDate"] == "2024-03-01T10:00:00.000+0000"
    assert (open_["Probability"], open_["IsClosed"], open_["Amount"]) == (60, False, None)
    assert (won["HasOpportunityLineItem"], open_["HasOpportunityLineItem"]) == (True, False)
    history = org.query(
        "SELECT StageName, CloseDate, Probability, CreatedDate FROM OpportunityHistory WHERE Opportunity.Name = 'Acme seats' ORDER BY CreatedDate"
    )
    assert [(h["StageName"], h["Probability"]) for h in history] == [("new", 10), ("offer", 60), ("won", 100)]
    # The day was not known before the deal was closed.
    assert [h["CloseDate"] for h in history] == ["2024-04-05", "2024-04-05", "2024-03-01"]
    stages = org.query(
        "SELECT ApiName, MasterLabel, DefaultProbability, IsClosed, IsWon FROM OpportunityStage ORDER BY SortOrder"
    )
    assert [(s["ApiName"], s["MasterLabel"]) for s in stages] == [
        ("new", "New"),
        ("offer", "Offer"),
        ("won", "Won"),
        ("lost", "Lost"),
    ]
    roles = org.query(
        "SELECT Contact.LastName, Role, IsPrimary FROM OpportunityContactRole WHERE Opportunity.Name = 'Acme seats' ORDER BY Id"
    )
    assert [(r["Contact"]["LastName"], r["Role"], r["IsPrimary"]) for r in roles] == [
        ("Ünal", None, True),
        ("<b>Trần</b>", "Economic buyer", False),
    ]
    (item,) = org.query(
        "SELECT Name, Quantity, UnitPrice, TotalPrice, Product2.Name, ListPrice FROM OpportunityLineItem"
    )
    assert (item["Quantity"], item["UnitPrice"], item["TotalPrice"], item["ListPrice"]) == (3, 9, 27, 10)
    assert item["Name"] == "Acme seats Widget"
    assert org.values("SELECT UnitPrice FROM PricebookEntry") == [10]


def test_activities(org: Sf) -> None:
    tasks = {
        t["Subject"]: t
        for t in org.query(
            "SELECT Subject, TaskSubtype, CallType, CallDisposition, Type, Status, WhoId, WhatId, AccountId, CreatedDate, "
            "CompletedDateTime FROM Task"
        )
    }
    call = tasks["First call"]
    assert (call["TaskSubtype"], call["CallType"], call["CallDisposition"]) == (
        "Call",
        "Outbound",
        "connected",
    )
    assert call["WhatId"] == org.id("Opportunity", "d1")
    assert call["AccountId"] == org.id("Account", "c1")
    assert call["CompletedDateTime"] == "2024-01-07T10:00:00.000+0000"
    assert call["CreatedDate"] == "2024-01-07T10:05:00.000+0000"
    assert (tasks["Pricing"]["Type"], tasks["Pricing"]["WhoId"]) == ("form", org.id("Lead", "l2"))
    assert (tasks["Re: offer"]["TaskSubtype"], tasks["Re: offer"]["CallType"]) == ("Email", None)
    # What was logged on a lead hangs on the contact that it became.
    assert tasks["From the lead"]["WhoId"] == org.id("Contact", "p1")
    (mail,) = org.query("SELECT Incoming, MessageDate, ActivityId FROM EmailMessage")
    assert mail["Incoming"] is True
    assert org.values(f"SELECT Subject FROM Task WHERE Id = '{mail['ActivityId']}'") == ["Re: offer"]
    (event,) = org.query(
        "SELECT Subject, StartDateTime, CreatedDate, DurationInMinutes, Who.Name, What.Name FROM Event"
    )
    assert event["StartDateTime"] > "2024-07" > event["CreatedDate"]
    assert (event["Who"]["Name"], event["What"]["Name"]) == ("Quý <b>Trần</b>", "Beta tills")


def test_old_activities_are_archived(tmp_path: Path) -> None:
    head = "id,type,occurred_at,created_at,subject\n"
    rows = "a1,call,2022-01-07,2022-01-07,old\na2,meeting,2022-01-07,2022-01-07,old\na3,call,2024-05-07,2024-05-07,new\n"
    with company(tmp_path, {"activities": head + rows}) as org:
        for verb, tasks, events in (("query", ["new"], []), ("queryAll", ["old", "new"], ["old"])):
            assert org.values("SELECT Subject FROM Task ORDER BY Id", verb) == tasks
            assert org.values("SELECT Subject FROM Event", verb) == events
        assert org.values("SELECT IsArchived FROM Task ORDER BY Id", "queryAll") == [True, False]


def test_currencies_and_record_types_are_there_when_the_data_have_them(tmp_path: Path, org: Sf) -> None:
    assert not {"CurrencyIsoCode", "RecordTypeId"} & set(org.fields("Opportunity"))
    assert org.error("SELECT IsoCode FROM CurrencyType")["errorCode"] == "INVALID_TYPE"
    assert org.error("SELECT CurrencyIsoCode FROM Opportunity")["errorCode"] == "INVALID_FIELD"
    files = FILES | {
        "currencies": "code,rate\nEUR,1\nUSD,1.1\n",
        "stages": FILES["stages"] + "renewal,new,New,0,0.1,false,false\n",
    }
    with company(tmp_path, files) as other:
        assert set(other.values("SELECT CurrencyIsoCode FROM Opportunity")) == {"EUR"}
        assert other.values("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true") == ["EUR"]
        assert {r["Name"] for r in other.values("SELECT RecordType.Name FROM Opportunity")} == {"sales"}
        types = other.get("sobjects/Opportunity/describe").json()["recordTypeInfos"]
        assert [t["name"] for t in types] == ["sales", "renewal"]


def test_what_the_api_says_of_itself(org: Sf) -> None:
    listed = requests.get(f"{org.sandbox.url}/services/data", timeout=10).json()
    assert [v["version"] for v in listed][:: len(listed) - 1] == ["31.0", "67.0"]
    assert {v["version"]: v["label"] for v in listed}["62.0"] == "Winter '25"
    resources = org.get("").json()
    who = org.get(re.sub(r"^https?://[^/]+", "", resources["identity"])).json()
    assert who["organization_id"] == org.values("SELECT Id FROM Organization")[0]
    assert org.get("/services/data/v30.0/limits").status_code == 410
    assert org.get("/services/data/v68.0/limits").status_code == 404
    assert org.get("nothing/here").json()[0]["errorCode"] == "NOT_FOUND"
    assert org.send("PUT", "limits").status_code in (404, 405)
    anonymous = requests.get(f"{org.sandbox.url}/services/data/v62.0/limits", timeout=10)
    assert (anonymous.status_code, anonymous.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_what_the_command_line_client_asks(org: Sf) -> None:
    me = org.get("/services/oauth2/userinfo").json()
    user = org.get(f"/services/data/v51.0/sobjects/User/{me['user_id']}", fields="Username").json()
    assert user["Username"] == me["preferred_username"]
    (row,) = org.query(
        "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType FROM Organization"
    )
    assert row["IsSandbox"] is False
    columns = org.get("query", q="SELECT Id, Owner.Name, Amount FROM Opportunity", columns="true").json()[
        "columnMetadata"
    ]
    assert [c["columnName"] for c in columns] == ["Id", "Owner", "Amount"]
    assert columns[1]["joinColumns"][0]["columnName"] == "Name"
    assert columns[2]["numberType"]


def test_pages_of_a_query_and_their_locators(tmp_path: Path) -> None:
    rows = "".join(f"c{n},N{n}\n" for n in range(2500))
    with company(tmp_path, {"companies": "id,name\n" + rows}) as org:
        first = org.get("query", q="SELECT Id FROM Account").json()
        assert (first["totalSize"], first["done"], len(first["records"])) == (2500, False, 2000)
        locator = first["nextRecordsUrl"]
        assert re.fullmatch(r"/services/data/v62\.0/query/01g\w+-2000", locator)
        for _ in range(2):
            assert len(org.get(locator).json()["records"]) == 500
        small = org.send(
            "GET",
            "query",
            params={"q": "SELECT Id FROM Account"},
            headers={"Sforce-Query-Options": "batchSize=300"},
        )
        assert len(small.json()["records"]) == 300
        other = Sf(org.sandbox, "another").get(locator)
        assert other.status_code == 200
        assert org.control("expire_locators", crm="salesforce")["expired"] >= 2
        stale = org.get(locator)
        assert (stale.status_code, stale.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_rows_with_one_stamp_are_read_once_by_key(tmp_path: Path) -> None:
    rows = "".join(f"c{n},N{n},2024-01-0{1 + n % 3}\n" for n in range(700))
    with company(tmp_path, {"companies": "id,name,created_at\n" + rows}) as org:
        seen: list[str] = []
        where = ""
        while True:
            part = org.query(
                f"SELECT Id, SystemModstamp FROM Account {where}ORDER BY SystemModstamp, Id LIMIT 150"
            )
            seen += [r["Id"] for r in part]
            if len(part) < 150:
                break
            stamp = part[-1]["SystemModstamp"].replace("+0000", "Z")
            where = (
                f"WHERE (SystemModstamp = {stamp} AND Id > '{part[-1]['Id']}') OR SystemModstamp > {stamp} "
            )
        assert len(seen) == len(set(seen)) == 700


def test_a_store_in_a_file_stays_the_same_org(tmp_path: Path) -> None:
    held: list[tuple[list[Any], list[Any]]] = []
    for _ in range(2):
        with blank(store=tmp_path / "org.db") as org:
            if not held:
                org.own_field("Contact.SC_Score__c")
                org.grant("Writer", "Contact.SC_Score__c")
                org.create("Contact", LastName="Lee", SC_Score__c=5)
            held.append(
                (org.values("SELECT Id FROM Organization"), org.values("SELECT SC_Score__c FROM Contact"))
            )
    assert held[0] == held[1]
    with blank() as other:
        assert other.values("SELECT Id FROM Organization") != held[0][0]


def test_pages_show_a_record_as_its_rep_sees_it(tmp_path: Path) -> None:
    with company(tmp_path) as org:
        deal = org.id("Opportunity", "d2")
        fields = {
            "SC_Score__c": {"label": "SC Score", "type": "Number", "precision": 3, "scale": 0},
            "SC_Grade__c": {"label": "SC Grade", "type": "Text", "length": 1},
            "SC_Reasons__c": {
                "label": "SC Reasons",
                "type": "LongTextArea",
                "length": 1000,
                "visibleLines": 4,
            },
            "SC_Hidden__c": {"label": "SC Hidden", "type": "Text", "length": 9},
        }
        for name, meta in fields.items():
            org.own_field(f"Opportunity.{name}", meta)
        org.grant("Writer", *(f"Opportunity.{n}" for n in fields if n != "SC_Hidden__c"))
        values = {"SC_Score__c": 71, "SC_Grade__c": "A", "SC_Reasons__c": "A meeting is planned: +12"}
        assert org.patch(f"sobjects/Opportunity/{deal}", values).status_code == 204
        page = requests.get(f"{org.sandbox.url}/records/salesforce/Opportunity/{deal}", timeout=10)
        assert page.status_code == 200
        for text in (
            "Beta tills",
            ">71<",
            "A meeting is planned: +12",
            "Offer",
            "Bo Li",
            "Beta &amp; Söhne",
            "Email received",
        ):
            assert text in page.text
        assert "Hidden" not in page.text
        assert "<script>alert" not in page.text
        first = requests.get(org.sandbox.url, timeout=10).text
        assert first.index("Beta tills") < first.index("Acme seats")
        assert (
            requests.get(
                f"{org.sandbox.url}/records/salesforce/Opportunity/{deal[:15]}x", timeout=10
            ).status_code
            == 404
        )
        p1, p2 = org.id("Contact", "p1"), org.id("Contact", "p2")
        org.control("merge", crm="salesforce", master=p2, losers=[p1])
        merged = requests.get(f"{org.sandbox.url}/records/salesforce/Contact/{p1}", timeout=10).text
        assert "Trần" in merged
