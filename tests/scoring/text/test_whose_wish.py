"""Whose wish it is, about whose mails: the words of unsubscribing and of prices, negated, told of others, or asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_consultant.scoring.text import clean, read
from sales_consultant.scoring.text.denied import without_denied_price
from sales_consultant.scoring.text.list_wishes import meant

NEGATED = """
We do not want to unsubscribe, we like your newsletter.
Please don't take us off your mailing list.
I never unsubscribed, why do your mails not arrive?
There is no need to remove us from the list.
我们不需要退订，请发合同，我们下单。
我没有退订，请继续发资料。
请不要把我们从名单里删除。
我们不打算取消订阅，请发新的合同。
"""
OF_OTHERS = """
I unsubscribed from our old vendor's newsletter, we buy from you. Please send the contract.
Our competitor says half of its subscribers opted out last month.
Many users unsubscribe after the second mail, what do you advise?
My colleague unsubscribed from their newsletter.
我们退订了原来供应商的邮件，以后只看你们的。
很多会员上个月退订了，想听听你们的建议。
别家的邮件我都退订了，只留了你们的。
"""
OF_A_FUNCTION = """
How can our customers unsubscribe in your tool?
Does your software handle opt-outs?
Can your platform import a list of people who unsubscribed?
How does the tool show the unsubscribe rate?
Is your tool GDPR compliant?
Our data protection officer has approved the contract.
Sorry, your mail landed in my spam folder. Please send the offer again.
我们的客户怎么退订邮件？
用户退订之后数据会保留吗？
你们的系统支持退订功能吗？
贵司平台能统计退订率吗？
你们的隐私政策在哪里可以看到？
抱歉，您的邮件进了垃圾邮件箱，请再发一次报价。
"""
OF_LICENCES = """
We would like to unsubscribe two of our licences by the end of the month. Please send an offer for the remaining ten.
We need to cancel three seats and keep the rest.
Please remove two users from the plan.
We want to opt out of the premium module.
我们想退订两个席位，其余的请报价。
请把三个账号退订，剩下的继续用。
下个月要退订酒店房间，改到五月。
"""
WISHES = """
STOP
Stop.
unsubscribe
TD
退订
How do I unsubscribe?
We want to buy, but please unsubscribe us from your newsletter.
I do not want to receive your newsletter any more, unsubscribe me.
You have not removed me from your list although I asked twice.
You do not remove me from your mailing list, I will report you.
Why have I still not been unsubscribed?
Your unsubscribe link does not work.
Unsubscribe from all product updates please.
We unsubscribed from their newsletter, please remove us from your mailing list too.
We want to unsubscribe two licences and please stop sending us newsletters.
Please remove our accounts from your mailing list.
请退订，不要再发邮件了。
怎么退订？
你们怎么还没把我退订？
我们要下单，但是请退订你们的短信。
不需要 退订
我是你们的会员，请退订邮件。
退订链接打不开，请帮我退订。
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.mark.parametrize("text", lines(NEGATED + OF_OTHERS.strip() + OF_A_FUNCTION + OF_LICENCES.strip()))
def test_who_only_speaks_of_unsubscribing_may_be_written_to(text: str) -> None:
    found = read(text)
    assert not found.unsubscribed and found.intent != "unsubscribe"


@pytest.mark.parametrize("text", lines(WISHES))
def test_who_wants_no_more_mail_is_heard(text: str) -> None:
    assert read(text).unsubscribed


@pytest.mark.parametrize(
    "text", ["STOP\n\nJane Miller", "May news.\nSTOP", "Please stop.", "回TD退订", "Abmelden", "Baja"]
)
def test_the_word_alone_takes_off_a_list(text: str) -> None:
    found = read(text)
    assert (found.intent, found.unsubscribed) == ("unsubscribe", True)
    assert found.sentiment < 0


@pytest.mark.parametrize("text", ["The plan: start, stop, continue.", "Stop the machine.", "T"])
def test_the_word_in_a_text_is_another_one(text: str) -> None:
    assert not read(text).unsubscribed


class EagerEncoder:
    """Hears a wish in every text that names the word."""

    def intent(self, text: str, points: object) -> str:
        """Unsubscribe, always."""
        return "unsubscribe"


def test_an_encoder_does_not_put_back_what_the_rules_cut_out() -> None:
    assert not read("How can our customers unsubscribe in your tool?", encoder=EagerEncoder()).unsubscribed
    assert read("We would rather be left in peace.", encoder=EagerEncoder()).unsubscribed


@pytest.mark.parametrize(
    "text",
    [
        "Your price is not too high, we will take it. Please send the contract.",
        "The offer is not that expensive, we accept it.",
        "We do not think your quote is too expensive.",
        "We have no objection to the price, when can you start?",
        "你们的价格不算高，我们接受，请发合同。",
        "我们不觉得贵，尽快安排吧。",
        "不是价格的问题，等领导回来签。",
    ],
)
def test_a_price_that_is_not_too_high_is_no_objection(text: str) -> None:
    assert read(text).intent != "objection_price"


@pytest.mark.parametrize(
    "text",
    [
        "It is not cheap, we cannot afford it.",
        "We do not want it, it is too expensive.",
        "Your price is not acceptable.",
        "价格不便宜，超预算了。",
        "我们不接受这个价格，太高了。",
    ],
)
def test_another_negation_leaves_the_objection(text: str) -> None:
    assert read(text).intent == "objection_price"


FOOTER = "Hello,\nour offer.\n\nTo unsubscribe click here. 退订请点这里。"


@pytest.mark.parametrize(
    "head",
    [
        "On Mon, 5 May 2025 at 10:00, Jo Seller <jo@seller.example> wrote:",
        "On Mon, 5 May 2025 at 10:00, Jo Seller\n<jo@seller.example> wrote:",
        "在 2025年5月5日，张三 <zhang@seller.example> 写道：",
        "张三 <zhang@seller.example> 于2025年5月5日周一 10:00写道：",
        "2025年5月5日 10:00，张三 写道：",
        "Am 5. Mai 2025 um 10:00 schrieb Jo Seller <jo@seller.example>:",
        "Le lun. 5 mai 2025 à 10:00, Jo <jo@seller.example> a écrit :",
        "-----Original Message-----",
    ],
)
def test_a_quote_without_marks_is_not_what_they_wrote(head: str) -> None:
    own = "Please send the contract, we take it."
    assert clean(f"{own}\n\n{head}\n\n{FOOTER}") == own
    assert not read(f"{own}\n\n{head}\n{FOOTER}").unsubscribed
    assert clean(f"{head}\n{FOOTER}") == ""


def test_an_answer_below_a_marked_quote_and_a_line_of_their_own_stay() -> None:
    below = "On Mon, 5 May 2025, Jo <jo@x.example> wrote:\n> Will you cancel?\n\nNo, we will not."
    assert clean(below) == "No, we will not."
    assert "June" in clean("On 5 May 2025 you wrote:\nWe deliver in June.")
    assert "late" in clean("On Monday my boss wrote:\nThis is too late.")


@given(
    st.lists(st.sampled_from(["you", "we", "do", "not", "remove", "me", "unsubscribe", "from", "your", "list", "and", "price", "is", "too", "high", "our"]))
)  # fmt: skip
def test_cutting_leaves_words_of_the_sentence_in_their_order(words: list[str]) -> None:
    sentence = " " + " ".join(words) + " "
    for cut in (meant, without_denied_price):
        left = iter(words)
        assert all(word in left for word in cut(sentence, "en").split())
