"""How long a text is for the vendors: both run on UTF-16, where a sign beyond the first 65,536 counts as two."""


def length(text: str) -> int:
    """The length of a text in UTF-16 units, as Salesforce documents it and HubSpot's "characters" may be meant.

    >>> length("Zoë"), length("𠮟る"), length("👍🏽")
    (3, 3, 4)
    """
    return len(text) + sum(c > "\uffff" for c in text)
