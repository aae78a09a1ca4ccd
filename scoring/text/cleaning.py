"""What somebody wrote themselves, out of a message: without markup, quoted replies, signatures and disclaimers."""

import re
from html.parser import HTMLParser

from mailparser_reply import EmailReplyParser

# Of a longer body only the start is read: what somebody says to a seller stands there, above what they quote.
MOST_RAW = 60_000
# Beyond this even the start of a message is no message.
MOST_TEXT = 4_000
# The mail parser's expressions take the square of a text's length.
MOST_PARSED = 6_000
MOST_LINE = 1_000
LANGUAGES = ["en", "de", "fr", "es", "zh"]

_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol", "hr", "pre"})
_SKIPPED = frozenset({"style", "script", "head", "title"})
# Mail programs mark what they quote or add: Gmail, Outlook, Yahoo, Thunderbird, Apple Mail.
_QUOTES = (
    "gmail_quote",
    "gmail_signature",
    "yahoo_quoted",
    "moz-cite-prefix",
    "moz-signature",
    "divrplyfwdmsg",
    "signature",
)
_VOID = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr"}
)
_MARKUP = re.compile(r"<(?:[a-zA-Z/!])")
# A < that no > closes before the next < starts no tag; the parser would look for its end again and again.
_OPEN = re.compile(r"<(?=[^<>]*(?:<|\Z))")
_DECLARATION = re.compile(r"<[!?][^<>]*>")
# Deeper than people's mail programs nest; what is deeper is hidden with what is around it.
_DEEPEST = 200
_SPACE = re.compile(r"[ \t\u00a0\u200b\u200c\u200d\ufeff]+")
_LINES = re.compile(r"\n{3,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Only a text with one of these has anything for the mail parser to find.
_MARKS = (
    ">", "--", "__", "wrote:", "schrieb", "écrit", "escribió", "写道", "from:", "von:", "de :", "de:", "发件人", "regards",
    "best,", "thanks,", "thank you,", "all the best", "sent from", "gesendet von", "envoyé", "enviado", "从我的", "get outlook",
    "grüße", "grüßen", "gruß", "gruss", "cordialement", "salutations", "saludos", "atentamente", "gracias,", "un saludo",
    "此致", "敬礼", "祝好", "谢谢，", "disclaimer", "confidential", "caution", "hinweis:", "aviso", "免责声明", "bonne journée",
)  # fmt: skip
# A line above what somebody quotes, of one mail program or the other; it may be broken before the address.
_QUOTE_HEAD = re.compile(
    r"^(?=[^\n]{0,200}(?:[0-9]|\n?[^\n]{0,120}@))[ \t]*(?:(?:On|Am|Le|El)\b[^\n]{6,200}(?:\n[^\n]{0,120})?"
    r"\b(?:(?<!you )wrote|schrieb|a écrit|escribió)\b[^\n:：]{0,120}"
    r"|(?:在|于|\d{4}[年/.-])[^\n]{2,200}(?:\n[^\n]{0,120})?(?<![您你们])(?:写道|寫道)"
    r"|[^\n]{1,80}(?:于|在)[ \t]*\d{4}[年/.-][^\n]{2,80}写道)[ \t]*[:：][ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_ORIGINAL = re.compile(
    r"^[ \t]*-{2,}[ \t]*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|原始邮件"
    r"|原始信息|邮件原件|转发的邮件)[ \t]*-{2,}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# A paragraph that says whom a message is for was put there by a server, not by a person.
_DISCLAIMER = (
    "this email and any attachments", "this e-mail and any attachments", "this message and any attachments",
    "if you are not the intended recipient", "intended solely for", "confidentiality notice", "please consider the environment",
    "diese e-mail enthält vertrauliche", "diese nachricht ist vertraulich", "sollten sie nicht der richtige adressat",
    "ce message et toutes les pièces jointes", "ce message est confidentiel", "este mensaje y sus archivos adjuntos",
    "este correo electrónico es confidencial", "本邮件及其附件", "此邮件及附件", "如果您不是本邮件的", "本邮件含有保密信息",
)  # fmt: skip


def clean(body: str) -> str:
    """The text of a message without HTML, quotes, signature and disclaimer, at most MOST_TEXT characters.

    What would leave nothing (a message that is all signature or marked quote) leaves the text as it came, but for markup;
    below the line "On ... wrote:" without marks stands what others wrote, and of a message that begins with it nothing is left.
    """
    text = body[:MOST_RAW].replace("\r\n", "\n").replace("\r", "\n")
    text = _without_head(text)
    if _MARKUP.search(text):
        text = _plain(text)
    text = _CONTROL.sub(" ", _LINES.sub("\n\n", _SPACE.sub(" ", text))).strip()
    text = _above_quote(text)
    own = _own(text)
    return (own or text)[:MOST_TEXT].strip()


def _without_head(text: str) -> str:
    """Without the addresses that Salesforce puts above the text of an e-mail's task."""
    if text.lstrip()[:14].startswith(("To:", "Additional To:", "From:")):
        head, mark, rest = text.partition("\nBody:")
        if mark and len(head) < MOST_TEXT:
            return rest
    return text


def _above_quote(text: str) -> str:
    """Without what a mail program added below a line that names the writer of a quote, where the quote has no marks.

    Marked lines may have an answer between or below them: the mail parser knows them.
    """
    for pattern in (_QUOTE_HEAD, _ORIGINAL):
        for head in pattern.finditer(text[:MOST_PARSED]):
            below = text[head.end() :].lstrip()
            if below and not below.startswith(">"):
                return text[: head.start()].strip()
    return text


def _own(text: str) -> str:
    lower = text[:MOST_PARSED].lower()
    if any(mark in lower for mark in _MARKS):
        lines = (line[:MOST_LINE] for line in text[:MOST_PARSED].split("\n"))
        reply = EmailReplyParser(languages=list(LANGUAGES)).read("\n".join(lines)).replies[0]
        text = "\n".join(line for line in reply.body.split("\n") if not line.startswith(">"))
    return "\n".join(p for p in text.split("\n") if not any(d in p.lower() for d in _DISCLAIMER)).strip()


def _plain(markup: str) -> str:
    reader = _Reader()
    reader.feed(_DECLARATION.sub(" ", _OPEN.sub(" ", _uncommented(markup))))
    reader.close()
    return "".join(reader.parts)


def _uncommented(markup: str) -> str:
    """Without comments; one that does not end hides the rest, as a browser has it."""
    parts, end = [], 0
    while (start := markup.find("<!--", end)) >= 0:
        parts.append(markup[end:start])
        close = markup.find("-->", start + 4)
        if close < 0:
            return "".join(parts)
        end = close + 3
    return "".join([*parts, markup[end:]])


class _Reader(HTMLParser):
    """Collects what a reader of a page would see, but not what is quoted."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A block starts a line; what is quoted or no text hides what is in it."""
        marks = " ".join(v.lower() for k, v in attrs if v and k in ("class", "id"))
        hides = tag in _SKIPPED or tag == "blockquote" or any(q in marks for q in _QUOTES)
        if tag not in _VOID and (self._hidden or hides):
            if len(self._hidden) < _DEEPEST:
                self._hidden.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Close what the tag closes; one that closes nothing is left out."""
        if tag in self._hidden:
            while self._hidden and self._hidden.pop() != tag:
                pass
        elif tag in _BLOCKS and not self._hidden:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Text that is seen."""
        if not self._hidden:
            self.parts.append(data)
