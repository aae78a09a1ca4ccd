"""A small company's data folder, and requests to a sandbox that runs on it."""

from pathlib import Path
from typing import Any

import requests

from sales_consultant.sandbox.serving.server import Sandbox

CLOCK = "2024-06-01T00:00:00Z"
FILES = {
    "owners": "id,email,first_name,last_name\no1,ann@seller.example,Ann,Österberg\no2,bo@seller.example,Bo,Li\n",
    "companies": (
        "id,name,domain,industry,created_at,owner_id,employees,Region Näme\n"
        "c1,Acme,acme.example,Software,2024-01-01,o1,50,North\n"
        "c2,Beta & Söhne,beta.example,Retail,2024-01-02,o2,7,South\n"
    ),
    "contacts": (
        "id,email,first_name,last_name,title,company_id,owner_id,created_at,page_views,email_opt_out,bounced\n"
        "p1,pia@acme.example,Pia,Ünal,CTO,c1,o1,2024-01-05T08:00:00Z,12,false,\n"
        "p2,quy@beta.example,Quý,<b>Trần</b>,,c2,o2,2024-02-05T08:00:00Z,0,true,true\n"
    ),
    "leads": (
        "id,email,company_name,status,created_at,converted_at,converted_contact_id,converted_deal_id,lead_source\n"
        "l1,pia@acme.example,Acme,Converted,2024-01-02,2024-01-05T08:00:00Z,p1,d1,Web\n"
        "l2,lou@gamma.example,Gamma,New,2024-02-02,,,,Ads\n"
    ),
    "stages": (
        "pipeline,stage,label,display_order,probability,is_closed,is_won\n"
        "sales,new,New,0,0.1,false,false\nsales,offer,Offer,1,0.6,false,false\n"
        "sales,won,Won,2,1,true,true\nsales,lost,Lost,3,0,true,false\n"
    ),
    "deals": (
        "id,name,company_id,contact_id,owner_id,pipeline,stage,type,amount,currency,close_date,created_at,closed_at\n"
        "d1,Acme seats,c1,p1,o1,sales,won,new_business,1000.50,EUR,2024-03-01,2024-01-06,2024-03-01T10:00:00Z\n"
        "d2,Beta tills,c2,p2,o2,sales,offer,new_business,,EUR,2024-08-01,2024-05-01,\n"
    ),
    "deal_stage_history": (
        "deal_id,stage,entered_at\nd1,new,2024-01-06\nd1,offer,2024-02-01\nd1,won,2024-03-01T10:00:00Z\n"
        "d2,new,2024-05-01\nd2,offer,2024-05-20\n"
    ),
    "activities": (
        "id,type,direction,automated,status,occurred_at,created_at,contact_id,lead_id,deal_id,owner_id,subject,body,outcome\n"
        "a1,call,outbound,,,2024-01-07T10:00:00Z,2024-01-07T10:05:00Z,p1,,d1,o1,First call,Wants SSO,connected\n"
        "a2,meeting,,,,2024-07-07T10:00:00Z,2024-05-09T10:00:00Z,p2,,d2,o2,Roll-out,,\n"
        "a3,form,inbound,,,2024-02-03T10:00:00Z,,,l2,,,Pricing,,\n"
        'a4,email,inbound,,,2024-05-21T10:00:00Z,2024-05-21T10:00:00Z,p2,,d2,o2,Re: offer,"Hi <script>alert(1)</script>",\n'
        "a5,note,,,,2024-01-08T10:00:00Z,2024-01-08T10:00:00Z,,l1,,o1,From the lead,,\n"
    ),
    "products": "id,name,price\nx1,Widget,10\n",
    "line_items": "id,deal_id,product_id,quantity,amount\ni1,d1,x1,3,27\n",
    "campaigns": "id,name,type,start_at,cost,currency\nk1,Spring,webinar,2024-01-01,500,EUR\nk2,Summer,mail,2024-05-01,,\n",
    "campaign_members": (
        "id,campaign_id,contact_id,lead_id,status,responded_at\n"
        "m1,k1,p1,,Responded,2024-01-03\nm2,k2,p1,,Sent,2024-05-03\nm3,k2,,l2,Sent,2024-05-04\n"
    ),
    "goals": (
        "id,owner_id,kind,amount,currency,start_at,end_at\n"
        "g1,o1,revenue,5000.50,EUR,2024-04-01,2024-06-30\ng2,o2,revenue,,EUR,2024-04-01,2024-04-30\n"
        "g3,o1,calls,100,,2024-04-01,2024-06-30\n"
    ),
    "deal_contacts": "deal_id,contact_id,role,is_primary\nd1,p2,Economic buyer,false\n",
    "field_history": (
        "object,record_id,field,value,changed_at\ncontacts,p1,page_views,3,2024-01-06\ncontacts,p1,page_views,12,2024-02-06\n"
    ),
}


class Api:
    """Requests to a sandbox as a super admin; `sandbox` reaches behind them."""

    def __init__(self, sandbox: Sandbox, token: str = "pat-na1-test") -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.sandbox.url + path, params=query, timeout=10)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.session.post(self.sandbox.url + path, json=body, timeout=10)

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.sandbox.url + path, json=body, timeout=10)

    def control(self, action: str, **body: Any) -> Any:
        answer = self.post(f"/_sandbox/{action}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def id(self, object: str, external: str) -> str:
        """The id that a row of the folder has here."""
        rows = self.get(f"/crm/v3/objects/{object}", limit=100, properties="external_id").json()["results"]
        return next(str(r["id"]) for r in rows if r["properties"]["external_id"] == external)


def write_folder(folder: Path, files: dict[str, str]) -> Path:
    """CSV files of a data folder."""
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
