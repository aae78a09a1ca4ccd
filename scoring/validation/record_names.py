"""Names, addresses and domains in a form in which two that mean the same are the same text.

Only what is sure is made equal, for people act on what is told: spellings of one name (case, accents, umlauts, widths of
characters, legal forms where a legal form can stand), never names that only resemble each other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What a company's form adds to the end of its name: the same company is written with and without.
_FORMS = _set(
    "ab ag ao aps as asa bv bvba co corp corporation company cv eg eirl ek ev gesmbh gmbh group holding inc "
    "incorporated jsc kft kg kgaa kk lda limited llc llp lp ltd ltda mbh nv ohg oy oyj plc pte pty pvt sa sarl "
    "sas sasu sau se sl slu spa spzoo srl sro ug zrt ооо оао зао пао ао αε επε בעמ"
)
# Those that are no word of any language stand in the middle as well ("Müller GmbH Köln"), but not first: that is a name.
_ANYWHERE = _set("gesmbh gmbh kgaa sarl")
# Where the form stands first by custom. "AS Roma", "SAS Institute" and "AG Insurance" are names, so that theirs are not here.
_FIRST = _set("the ooo oao zao pao ооо оао зао пао ао тов uab pt 주식회사 유한회사 주")
_MORE_LAST = _set("주 주식회사 유한회사")
# Longest first: a company of shares is no "limited company" with a name that ends in "of shares".
_CHINESE_LAST = (
    "股份有限公司", "有限责任公司", "有限責任公司", "集团有限公司", "集團有限公司", "株式会社", "有限会社", "合同会社",
    "有限公司", "集团公司", "集團公司", "总公司", "總公司", "集团", "集團", "公司",
)  # fmt: skip
_JAPANESE_FIRST = ("株式会社", "有限会社", "合同会社")

# Letters that Unicode does not take apart.
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ё": "е"}
)
# As they are written where the keyboard has none of them.
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_UMLAUTS = frozenset("äöüøå")
# "ue" between consonants is an umlaut spelt out ("Mueller"), but for words in "-el" and plurals ("Michael", "Blues").
_SPELT_UMLAUT = re.compile(r"(?<=[bcdfghjklmnprstvwxz])([aou])e(?=[bcdfghjklmnpqrstvwxz])(?![ls]\b)")
_LEAST_SPELT = 6  # "poets" are no "pots"

# Within a word, and of no meaning: "O'Brien", the Hebrew marks of a shortened word, ©, ®, ™.
_APOSTROPHES = re.compile(r"['’‘`´׳״©®™℠]")
# "C++" is not "C#", and "Canal+" not "Canal".
_SIGNS = re.compile(r"(?<=\w)[+#](?=[+#\s]|$)|(?<=[+#])[+#]")
# "S.p.A.", "G.m.b.H.", "A/S": letters with a mark after each are one word.
_INITIALS = re.compile(r"(?<![^\W_])(?:[^\W\d_][./]){1,}[^\W\d_](?:\.|(?![^\W_]))")
_ASCII_MARKS = re.compile(r"[^a-z0-9]+")
_HAN = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_BLANK_IN_HAN = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
_AND = {"and", "und", "et", "og", "och"}


def words_of(name: object) -> str:
    """A name in small letters without accents, marks and the width of its characters.

    >>> words_of("Ｍüller & Söhne"), words_of("O’Brien, É."), words_of("北京 华为")
    ('muller sohne', 'obrien e', '北京华为')
    """
    return _words(name, spelt_out=False)


def spelt_out(name: object) -> str | None:
    """The same with umlauts as two letters, None where that is no other text.

    >>> spelt_out("Bär AG"), spelt_out("Baer AG")
    ('baer ag', None)
    """
    other = _words(name, spelt_out=True)
    return other if other != words_of(name) else None


def _words(name: object, *, spelt_out: bool) -> str:
    text = _APOSTROPHES.sub("", name if isinstance(name, str) else "")
    text = unicodedata.normalize("NFKC", text).casefold()
    # Folding case can take a letter apart (the Turkish I with a dot).
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
    text = _SIGNS.sub(lambda m: "plus" if m[0] == "+" else "sharp", text)
    text = text.replace("(株)", "株式会社").replace("(有)", "有限会社")
    text = _INITIALS.sub(lambda m: m[0].replace(".", "").replace("/", ""), text)
    if spelt_out:
        text = text.translate(_SPELT_OUT)
    if not text.isascii():
        text = "".join(_plain(c) for c in text.translate(_LETTERS))
    words = (_ASCII_MARKS.sub(" ", text) if text.isascii() else text).split()
    words = [w for i, w in enumerate(words) if w not in _AND or i in (0, len(words) - 1)]
    words = [_SPELT_UMLAUT.sub(r"\1", w) if len(w) >= _LEAST_SPELT else w for w in words]
    return _BLANK_IN_HAN.sub("", " ".join(words))


@lru_cache(maxsize=20_000)
def _plain(c: str) -> str:
    """A character without its accents where accents are left out at will (Latin, Greek); a mark as a blank.

    Marks of other scripts are letters: without them Hindi has no vowels, and か is not が.
    """
    if c.isascii():
        return c if c.isalnum() else " "
    kind = unicodedata.category(c)
    if kind == "Cf" or "\u0300" <= c <= "\u036f":
        return ""
    # A picture is a word: 😀 GmbH is not 🚀 GmbH.
    if kind[0] not in "LNM" and kind != "So":
        return " "
    base = unicodedata.normalize("NFD", c)[0]
    return base if base < "\u0400" else c


def normalised(name: object) -> str:
    """A company's name without case, accents, marks and the legal form.

    >>> normalised("Müller & Söhne GmbH"), normalised("MUELLER, Sohne"), normalised("The Co. Ltd.")
    ('muller sohne', 'muller sohne', 'the co ltd')
    >>> normalised("AS Roma"), normalised("Roma S.p.A."), normalised("华为技术有限公司")
    ('as roma', 'roma', '华为技术')
    """
    return _without_form(words_of(name))


def _without_form(name: str) -> str:
    words = name.split()
    while (left := _shorter(words)) is not None:
        words = left
    # A name that is nothing but such words is that name.
    return " ".join(words) if words and not all(w in _FORMS | _FIRST for w in words) else name


def _shorter(words: list[str]) -> list[str] | None:
    """The words without one form, None where none stands in a form's place, or nothing else is left."""
    if not words:
        return None
    last = words[-1]
    for form in _CHINESE_LAST:
        if last.endswith(form) and (len(words) > 1 or last != form):
            rest = last.removesuffix(form)
            return [*words[:-1], rest] if rest else words[:-1]
    for form in _JAPANESE_FIRST:
        if words[0].startswith(form) and words[0] != form:
            return [words[0].removeprefix(form), *words[1:]]
    if len(words) > 1:
        if last in _FORMS or last in _MORE_LAST:
            return words[:-1]
        # "S A", "B V", "sp z o o": the letters of a form with blanks between them.
        for n in (4, 3, 2):
            if len(words) > n and all(len(w) <= 2 for w in words[-n:]) and "".join(words[-n:]) in _FORMS:
                return words[:-n]
        if words[0] in _FIRST:
            return words[1:]
        inside = [i for i, w in enumerate(words) if i and w in _ANYWHERE]
        if inside:
            return [w for i, w in enumerate(words) if i not in inside]
    return None


def company_keys(names: pd.Series[str]) -> pd.Series[str]:
    """What companies of one name share; "" where there is no name, or one that stands for none."""
    keys = _keys(names, lambda n: "" if is_placeholder(n) else n, form=True)
    return keys.where(~keys.isin(_NO_COMPANY), "")


def plain_keys(names: pd.Series[str]) -> pd.Series[str]:
    """The same of what has no legal form: deals, and people by their whole name."""
    return _keys(names, lambda n: "" if is_placeholder(n) else n, form=False)


def person_keys(first: pd.Series[str], last: pd.Series[str]) -> pd.Series[str]:
    """What people of one whole name share; "" where a first or a last name is missing, or stands for none."""
    whole = pd.Series(
        [_whole(f, n) for f, n in zip(first, last, strict=True)], index=first.index, dtype=object
    )
    return _keys(whole, lambda n: n, form=False)


def is_nameless(first: pd.Series[str], last: pd.Series[str]) -> pd.Series[bool]:
    """Whether neither part of a person's name says anything."""
    nothing = [
        all(not isinstance(p, str) or not p.strip() or is_placeholder(p) for p in parts)
        for parts in zip(first, last, strict=True)
    ]
    return pd.Series(nothing, index=first.index, dtype=bool)


def _whole(first: object, last: object) -> str:
    parts = [p.strip() for p in (first, last) if isinstance(p, str)]
    if any(is_placeholder(p, person=True) for p in parts) or all(map(is_placeholder, parts)):
        return ""
    whole = " ".join(p for p in parts if p)
    if re.fullmatch(f"[{_HAN} ]{{2,}}", whole):
        # Family names stand first, and one field may hold the whole.
        return "".join(reversed(parts)).replace(" ", "")
    return whole if " " in whole else ""


def _keys(names: pd.Series[str], cleaned: Callable[[str], str], *, form: bool) -> pd.Series[str]:
    """A key by name; names with umlauts bring both of their spellings together. One look at each name that occurs."""
    short: Callable[[str], str] = _without_form if form else str
    keys: dict[str, str] = {}
    same: dict[str, str] = {}
    for name in names.dropna().unique():
        text = cleaned(str(name))
        keys[name] = short(words_of(text))
        if not _UMLAUTS.isdisjoint(unicodedata.normalize("NFKC", text).casefold()):
            other = spelt_out(text)
            if other is not None and short(other) != keys[name]:
                same[short(other)] = keys[name]
    return _looked_up(names, {n: same.get(k, k) for n, k in keys.items()})


# What people and imports write for want of a value, in small letters without marks.
_NOTHING = _set(
    "na nan nil none null noname nn unknown unbekannt undefined tbd tba tbc test testing testtest asdf qwerty dummy "
    "notapplicable notavailable notprovided notspecified notknown nocompany noemail nomail testcompany testaccount "
    "placeholder companyname firstname lastname donotuse unknowncompany unknownunknown nana nonenone keine keiner "
    "keineangabe keinname keinefirma ka inconnu aucun sansnom desconocido ninguno sinnombre nd privat private "
    "selfemployed freelance freelancer selbststandig 无 無 未知 暂无 没有 不明 なし"
)
# These are somebody's name as well ("Li Na", "Nan", "Nil", "Nana", "Jennifer Null").
_NAMES_TOO = _set("na nan nil nana ka nd nn null")
# With a legal form as well ("Test GmbH").
_NO_COMPANY = ("test", "unknown", "unbekannt")
_MARKED = {"n/a", "#n/a", "n.a.", "n.a", "n\\a", "k.a.", "<null>", "(null)", "n/n", "n.n."}


def is_placeholder(value: object, *, person: bool = False) -> bool:
    """Whether a text stands for none: nothing but marks, one character again and again, or what people write for want of one.

    Of a `person` those are no placeholders that are names.

    >>> is_placeholder("n/a"), is_placeholder("-"), is_placeholder("Unknown"), is_placeholder("Na", person=True)
    (True, True, True, False)
    """
    if not isinstance(value, str):
        return False
    raw = unicodedata.normalize("NFKC", value).strip().casefold()
    if not raw:
        return False
    short = words_of(raw).replace(" ", "")
    if not short or raw in _MARKED:
        return True
    if short in _NOTHING:
        return not (person and short in _NAMES_TOO)
    # "AAA" and "3M" are companies.
    return len(short) > 1 and len(set(short)) == 1 and (len(short) > 3 or short[0] == "x")


def by_value(column: pd.Series[str], key: Callable[[object], str]) -> pd.Series[str]:
    """The key of each cell; one look at each value that occurs."""
    return _looked_up(column, {v: key(v) for v in column.dropna().unique()})


def _looked_up(column: pd.Series[str], keys: dict[str, str]) -> pd.Series[str]:
    """Texts, also where the column holds nothing but gaps."""
    return pd.Series([keys.get(v, "") for v in column], index=column.index, dtype=object)
