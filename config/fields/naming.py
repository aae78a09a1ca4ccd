"""What our fields, their group and our permission sets are called in a CRM: all of it is the admin's to choose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sales_consultant.config.fields.catalogue import GROUP, GROUP_LABEL, Field
from sales_consultant.config.language.texts import cut, units
from sales_consultant.config.language.translation import LANGUAGES, Language, translate
from sales_consultant.config.sections import Write

# How a field says that it is ours; a field of our name without these words is somebody else's.
WRITTEN_BY_US = "Written by Sales Consultant; edits are overwritten."
WRITTEN_BY_PEOPLE = "Filled in by people."
# A field that was made in one language is ours in every other.
_ENDINGS = tuple(translate(end, one) for one in LANGUAGES for end in (WRITTEN_BY_US, WRITTEN_BY_PEOPLE))
_NOTE = "last run "
_NOTED = re.compile(rf" \[{_NOTE}[^\]]*\]")
# What Salesforce takes of a field's description, in UTF-16 units.
DESCRIPTION = 1000


def _around(note: str) -> str:
    return f" [{_NOTE}{note}]"


@dataclass(frozen=True)
class Naming:
    """`names` and `labels` are by field key; `namespace` is that of a Salesforce package that brings the fields.

    `language` is that of labels and descriptions. A label that people gave stays, whatever the language.
    """

    prefix: str = "sc"
    names: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    label: str = GROUP_LABEL
    group: str = GROUP
    namespace: str = ""
    language: Language = "en"

    @classmethod
    def of(cls, write: Write, language: Language = "en") -> "Naming":
        """As the settings say."""
        return cls(
            write.prefix, write.names, write.labels, write.label, write.group, write.namespace, language
        )

    def hubspot(self, key: str) -> str:
        """A property's name: lower case.

        >>> Naming(names={"grade": "Our_Grade__c"}).hubspot("grade"), Naming().hubspot("value_12m")
        ('our_grade', 'sc_value_12m')
        """
        return self.names.get(key, f"{self.prefix}_{key}").lower().removesuffix("__c")

    def salesforce(self, key: str) -> str:
        """A field's API name, with the package's namespace.

        >>> Naming().salesforce("value_12m"), Naming(names={"grade": "our_grade"}, namespace="acme").salesforce("grade")
        ('SC_Value_12m__c', 'acme__our_grade__c')
        """
        default = f"{self.prefix.upper()}_{'_'.join(p[:1].upper() + p[1:] for p in key.split('_'))}"
        name = self.names.get(key, default).removesuffix("__c")
        return f"{self.namespace}__{name}__c" if self.namespace else f"{name}__c"

    def title(self, field: Field) -> str:
        """What people read as the field's name, without what we are called."""
        return self.labels.get(field.key, translate(field.label, self.language))

    def option(self, field: Field, value: str) -> str:
        """What people read as a value of an enumeration."""
        return translate(field.option_label(value), self.language)

    def titles_before(self, field: Field) -> set[str]:
        """What a field was called by earlier releases, and is in other languages: who finds such a label, may renew it.

        Empty where the settings name the field: that label is the admin's.

        >>> from sales_consultant.config.fields.catalogue import by_key
        >>> Naming(language="zh").titles_before(by_key("score")), Naming().titles_before(by_key("score"))
        ({'Score'}, {'评分'})
        """
        if field.key in self.labels:
            return set()
        given = {translate(t, one) for t in (field.label, *field.labels_before) for one in LANGUAGES}
        return given - {self.title(field)}

    def options_before(self, field: Field, value: str) -> set[str]:
        """The same of a value of an enumeration; empty for a value that is none of ours."""
        if value not in field.choices:
            return set()
        given = (field.option_label(value), field.option_label_before(value))
        return {translate(t, one) for t in given for one in LANGUAGES} - {self.option(field, value)}

    def description(self, field: Field, note: str = "") -> str:
        """What the field means, and who writes it; between them what is noted of the last run.

        Cut to what a CRM takes, but never the end: by it a field is known as ours.
        """
        return self.described(field.help, note, by_people=field.people_write)

    def described(self, text: str, note: str = "", *, by_people: bool = False) -> str:
        """The same of a text in English, for a field that is none of the catalogue."""
        end = f" {translate(WRITTEN_BY_PEOPLE if by_people else WRITTEN_BY_US, self.language)}"
        said = cut(translate(text, self.language), DESCRIPTION - units(end))
        room = DESCRIPTION - units(end) - units(said) - len(_around(""))
        return f"{said}{_around(cut(note, room)) if note and room > 0 else ''}{end}"

    def helped(self, text: str, note: str = "") -> str:
        """A help text (in English) in the readers' language, with what is noted of the last run."""
        said = translate(text, self.language)
        return f"{said}{_around(note)}" if note else said

    @staticmethod
    def without_note(description: str | None) -> str:
        """A description as it is without what is noted of the last run.

        >>> from sales_consultant.config.fields.catalogue import by_key
        >>> naming, score = Naming(), by_key("score")
        >>> naming.without_note(naming.description(score, "today: 3 records")) == naming.description(score)
        True
        """
        return _NOTED.sub("", str(description or ""))

    @staticmethod
    def is_ours(description: str | None) -> bool:
        """Whether a field's description says that we made it, whatever it meant then."""
        return str(description or "").endswith(_ENDINGS)
