"""Invented names and addresses: stable for an id, some of them not ASCII, none of them real."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

FREE_MAIL = "freemail.example"
"""Where people without an address at their company have theirs."""

_STEMS = (
    "Alder Amberly Arden Ashgrove Åsgard Bärental Beacon Birchwood Bluefjord Brightwell Calder Cedarline Chalkhill "
    "Cinderford Clearwater Coralbay Coppergate Dunmore Eastmere Elmhurst Évreux Fairhaven Fenwick Firstlight Foxglove "
    "Garnet Glenrock Goldcrest Granåsen Greystone Halcyon Harrowgate Hartwell Hazelbrook Hollowell Iberá Ironbridge "
    "Juniper Kestrel Kingsley Kõrgemäe Lakeshore Larkfield Linden Lønborg Lowland Mapleton Marlow Meridian Millstone "
    "Mistral Moorgate Nettlebed Northcote Nørholm Oakhaven Orchard Osprey Pembury Pinecrest Pōhutu Quarrybank "
    "Ravenscar Redfern Ridgeway Riverton Rosewood Ryefield Saltmarsh Sandhurst São Bento Silverdale Skálholt Slate "
    "Sørvik Stonewall Summerset Sycamore Tamarack Thornbury Tidewater Trélazé Umber Valebrook Verdant Wainscott "
    "Waverly Westmark Whitlock Willowmere Windrush Wörthsee Yarrow Yewdale Żabno Zephyr"
).replace("São Bento", "São_Bento")
_KINDS = {
    "manufacturing": "Castings|Components|Fabrication|Foundry|Industries|Instruments|Precision|Tooling|Werke|Works",
    "logistics": "Cargo|Carriers|Cold Chain|Distribution|Forwarding|Freight|Haulage|Logistics|Shipping|Transport",
    "professional_services": "Advisory|Architects|Associates|Consulting|Engineers|Group|Law|Partners|Research|Surveys",
    "healthcare_non_clinical": "Care|Care Homes|Diagnostics|Health|Labs|Lenses|Medical|Pharmacy|Supplies|Wellness",
    "": "Bazaar|Boutique|Emporium|Gifts|Homeware|Interiors|Living|Store|Trading|Wholesale",
}
_FIRST = [
    "Aaron",
    "Abigail",
    "Ahmed",
    "Aisha",
    "Alejandro",
    "Alice",
    "Amara",
    "Ana",
    "André",
    "Anja",
    "Anna",
    "Anton",
    "Beatriz",
    "Ben",
    "Björn",
    "Camille",
    "Carlos",
    "Chidi",
    "Chloé",
    "Clara",
    "Daniel",
    "David",
    "Dimitri",
    "Elena",
    "Élodie",
    "Emeka",
    "Emma",
    "Erik",
    "Esther",
    "Fatima",
    "Felix",
    "Fiona",
    "François",
    "Freya",
    "Gabriel",
    "Grace",
    "Hana",
    "Hannah",
    "Hassan",
    "Helen",
    "Ibrahim",
    "Ines",
    "Ingrid",
    "Isaac",
    "Ivan",
    "Jakub",
    "James",
    "Jelena",
    "Jens",
    "Joana",
    "José",
    "Julia",
    "Jürgen",
    "Kai",
    "Karen",
    "Katarína",
    "Kofi",
    "Lars",
    "Laura",
    "Layla",
    "Lena",
    "Leon",
    "Li",
    "Lucía",
    "Łukasz",
    "Maja",
    "Marco",
    "Maria",
    "Marta",
    "Mateo",
    "Mei",
    "Michael",
    "Miriam",
    "Mohamed",
    "Nadia",
    "Naomi",
    "Nikolaj",
    "Nina",
    "Noah",
    "Nuno",
    "Oliver",
    "Olivia",
    "Omar",
    "Paolo",
    "Paul",
    "Petra",
    "Priya",
    "Rachel",
    "Raj",
    "Rosa",
    "Ruben",
    "Ruth",
    "Samir",
    "Sara",
    "Søren",
    "Sofia",
    "Stefan",
    "Sunita",
    "Tariq",
    "Teresa",
    "Thomas",
    "Tomáš",
    "Uma",
    "Victor",
    "Vera",
    "Wanjiru",
    "Wei",
    "William",
    "Yara",
    "Yusuf",
    "Yuki",
    "Zoë",
    "Zuzana",
    "伟",
    "芳",
]
_LAST = [
    "Abbott",
    "Adeyemi",
    "Ainsley",
    "Akhtar",
    "Almeida",
    "Andersson",
    "Aoki",
    "Arslan",
    "Baker",
    "Banerjee",
    "Barros",
    "Becker",
    "Bianchi",
    "Björnsdóttir",
    "Blake",
    "Brennan",
    "Carter",
    "Castillo",
    "Chandra",
    "Chen",
    "Clarke",
    "Costa",
    "Dahl",
    "Davies",
    "Diallo",
    "Dubois",
    "Dvořák",
    "Edwards",
    "Eriksen",
    "Farouk",
    "Fernández",
    "Fischer",
    "Fletcher",
    "Fontaine",
    "Fraser",
    "Gallo",
    "García",
    "Gibson",
    "Gómez",
    "Grant",
    "Gunnarsson",
    "Haddad",
    "Hansen",
    "Harper",
    "Hayes",
    "Hoffmann",
    "Horváth",
    "Hughes",
    "Ibarra",
    "Iqbal",
    "Ito",
    "Jansen",
    "Johansson",
    "Jónsson",
    "Kaplan",
    "Kaya",
    "Keller",
    "Khan",
    "Kim",
    "Kovács",
    "Kowalski",
    "Krüger",
    "Kumar",
    "Lambert",
    "Larsen",
    "Lefèvre",
    "Lindqvist",
    "Lopes",
    "Lund",
    "Maier",
    "Mäkinen",
    "Malik",
    "Marín",
    "Martins",
    "Mbeki",
    "Mendes",
    "Meyer",
    "Moreau",
    "Müller",
    "Murphy",
    "Nakamura",
    "Nguyễn",
    "Nielsen",
    "Novák",
    "Núñez",
    "O'Connor",
    "Okafor",
    "Olsen",
    "Østergaard",
    "Owusu",
    "Papadakis",
    "Park",
    "Patel",
    "Pereira",
    "Petrov",
    "Popescu",
    "Quinn",
    "Ramírez",
    "Reid",
    "Renard",
    "Ricci",
    "Rossi",
    "Ruiz",
    "Sato",
    "Schäfer",
    "Schmidt",
    "Šimić",
    "Silva",
    "Singh",
    "Søndergaard",
    "Svensson",
    "Tanaka",
    "Taylor",
    "Turner",
    "Ueda",
    "Vargas",
    "Vogel",
    "Walsh",
    "Weber",
    "Weiß",
    "Wójcik",
    "Yıldız",
    "Young",
    "Zhang",
    "Zieliński",
]
_ASCII = str.maketrans(
    {
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "ß": "ss",
        "ı": "i",
        "伟": "wei",
        "芳": "fang",
        "'": None,
        " ": "-",
    }
)


@dataclass(frozen=True)
class Company:
    """A company's invented name and domain."""

    name: str
    domain: str


@dataclass(frozen=True)
class Person:
    """A person's invented name; `handle` is the part of an address before the @."""

    first: str
    last: str
    handle: str


def number(*parts: str) -> int:
    """A whole number below 2**64 that depends on nothing but the parts."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big")


def unit(*parts: str) -> float:
    """A number from 0 up to 1 that depends on nothing but the parts."""
    return number(*parts) / 2**64


def plain(text: str) -> str:
    """The text in lower-case ASCII, as it stands in an address.

    >>> plain("Søndergaard"), plain("Nguyễn"), plain("São Bento Cold Chain")
    ('sondergaard', 'nguyen', 'sao-bento-cold-chain')
    """
    folded = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return folded.encode("ascii", "ignore").decode().lower()


def companies(ids: Iterable[tuple[str, str]]) -> dict[str, Company]:
    """A company for each (id, industry); no two have the same name.

    An id's name does not depend on the ids after it.
    """
    stems = [stem.replace("_", " ") for stem in _STEMS.split()]
    found: dict[str, Company] = {}
    taken: set[str] = set()
    for id, industry in ids:
        kinds = _KINDS.get(industry, _KINDS[""]).split("|")
        at, tries = number("company", id), 0
        while True:
            again = tries // (10 * len(stems))
            name = f"{stems[at // 10 % len(stems)]} {kinds[at % 10]}{f' {again + 1}' if again else ''}"
            if name not in taken:
                break
            at, tries = at + 1, tries + 1
        taken.add(name)
        found[id] = Company(name, f"{plain(name)}.example")
    return found


def person(id: str) -> Person:
    """The person with this id; two ids may have the same name, as people do."""
    first = _FIRST[number("first", id) % len(_FIRST)]
    last = _LAST[number("last", id) % len(_LAST)]
    return Person(first, last, f"{plain(first)}.{plain(last)}")


def addresses(domains: Iterable[tuple[str, str]]) -> dict[str, str]:
    """An e-mail address for each (person id, domain); no two are the same."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for id, domain in domains:
        handle, again = person(id).handle, 1
        while (address := f"{handle}{again if again > 1 else ''}@{domain}") in taken:
            again += 1
        taken.add(address)
        found[id] = address
    return found
