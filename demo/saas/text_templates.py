"""What people of the saas company write, in English: templates of ours, made up for the demo.

A template is part of a message: what is said between greeting and closing. The word `company` in braces is filled in. No
template shares a sentence, or a run of five words, with the sentences by which the reading of texts was developed and
measured; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Said = tuple[str, ...]


@dataclass(frozen=True)
class Templates:
    """What is written in one language.

    `mails` is what a contact wants by intent, `neutral` what one writes who wants nothing of the kind, `outbound` what a rep
    sends (subject and text), both by what the CRM knew of the person. In `quoted` there are day, name and address of the
    message that is answered, in `answered` and `away` its subject.
    """

    mails: Mapping[str, Said]
    neutral: Mapping[str, Said]
    outbound: Mapping[str, tuple[tuple[str, str], ...]]
    greetings: Said
    closings: Said
    subjects: Said
    disclaimer: str
    quoted: str
    answered: str
    away: str


MAILS: Mapping[str, Said] = {
    "ready_to_buy": (
        "The offer is fine with us. Please send us the contract, I sign it at once.",
        "Good news from our side: the purchase went through internally. Which papers do you want back from me?",
        "We would like to begin with one department this month. Kindly prepare the order form.",
        "Finance has released the money for the procurement tool. You may send the order confirmation.",
    ),
    "asks_price": (
        "Before I take this to my manager: what does the yearly plan cost with forty approvers?",
        "Could you put together a quotation for the invoice module and the supplier portal, two years, sixty people?",
        "Is the set-up charged on top, or part of the licence? I lack the figure for our budget sheet.",
        "How much is it a month when only the buyers at {company} get an account?",
    ),
    "objection_price": (
        "I read your offer twice. It is far above the sum that we had set aside, and I cannot defend it upstairs as it is.",
        "For a firm of our size the tool is too expensive. The fee is higher than what it saves us.",
        "Our managing director turned pale at the total. The price is too high for us.",
    ),
    "postponed": (
        "The topic goes on hold. The new ERP has to run first, so please come back to me after the summer.",
        "The project slipped on our list; nobody here will look at it before the next fiscal year.",
        "Our reorganisation eats all our time. Let us postpone the topic to the second quarter.",
    ),
    "competitor": (
        "You should know that a competitor of yours showed us their purchasing suite on Tuesday, and my colleagues liked it.",
        "We test your tool and one from a different vendor side by side this month and then decide for one.",
        "Another provider of procurement software has sent us a proposal too. I am comparing the two line by line.",
    ),
    "churn_threat": (
        "As things stand we will not renew when the term is over. Too few of our buyers still log in.",
        "I was told to look for a way out of our agreement with Veridian. Tell me the notice period, please.",
    ),
    "complaint": (
        "The approval screen has been broken since Monday morning and nobody at your help desk picks up. We are very unhappy.",
        "For the third time this month the import failed. I am annoyed, somebody has to repair it for good.",
        "You had promised an answer for last Friday and I still wait. This is disappointing.",
    ),
    "wants_meeting": (
        "Shall we meet, my head of finance, you and me? Wednesday or Thursday afternoon suits us.",
        "A call of half an hour would help us more than further mails. When are you free next week?",
        "Would you show the supplier portal to our buyers by video? Please propose a date for it.",
    ),
    "unsubscribe": (
        "Please take my address off your list, I do not want any more mail from Veridian.",
        "Kindly unsubscribe me. This has nothing to do with my work at {company}.",
    ),
    "out_of_office": (
        "Out of office until Monday, without access to mail. In urgent cases please turn to the desk of {company}.",
        "Automatic reply: on annual leave, back in two weeks. Your message is not passed on.",
    ),
    "changed_job": (
        "Friday is my last day at {company}. Who takes over purchasing after me is still open.",
        "I have moved to a new position and no longer look after purchasing software. A colleague has taken over my role.",
    ),
}
"""What a contact wants, by the intent that it is meant to show."""

NOTES: Mapping[str, Said] = {
    "ready_to_buy": (
        "They told me that the purchase is approved on their side and ask for the contract.",
        "Budget is released, they want to sign this month.",
    ),
    "asks_price": (
        "They wanted to know what sixty accounts cost a year.",
        "Question from their buyer: how much does the supplier portal cost beside the base licence?",
    ),
    "objection_price": (
        "They find our price too high for what they would use.",
        "Head of finance called the offer too expensive and wants fewer modules.",
    ),
    "postponed": (
        "The topic is postponed until their closing of the year is done; they ask us to call again then.",
    ),
    "competitor": ("They compare us with a second vendor and choose in about three weeks.",),
    "churn_threat": ("Customer thinks about ending the contract with us when the term is over.",),
    "complaint": ("Customer is angry: the import failed twice, and our support took days to react.",),
    "wants_meeting": ("They asked for an appointment together with their head of finance.",),
    "changed_job": ("Contact leaves {company} soon; who takes over is not known yet.",),
}
"""What a rep notes of a talk in which somebody wanted something."""

NEUTRAL: Mapping[str, Said] = {
    "lead": (
        "The slides arrived, and I have passed them around in our team.",
        "Does the tool handle goods receipts in two warehouses? We keep spare parts apart from the rest.",
        "Today we collect approvals in a spreadsheet, with roughly three hundred orders a month.",
        "One point from the webinar stayed open for me: where do certificates go?",
    ),
    "early": (
        "Attached you find the approval steps that we drew on our whiteboard.",
        "Our IT asks which sign-on the tool supports; they run two directories.",
        "My colleague from accounts payable joins this thread, she knows the invoice side.",
        "Approvals on the go got the most praise here.",
    ),
    "late": (
        "The offer has arrived, and legal reads it now.",
        "A small correction for the paper: our street has a new name, see the footer.",
        "Our security officer has two questions, they follow on Monday.",
    ),
    "customer": (
        "The buyers have their accounts and found their way around within a morning.",
        "Here is the logo for the supplier portal, in the size that your colleague named.",
        "Our cost centres have new numbers; the file with them is attached.",
    ),
    "lost": (
        "Thank you for the patience during our selection.",
        "Noted, and all the best to the team at Veridian.",
    ),
}
"""What a contact writes who wants nothing of the kind, by what the CRM knew of them."""

OUTBOUND: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lead": (
        (
            "Purchasing at {company}",
            "you read our page on purchase approvals. I gladly tell how others set them up.",
        ),
        (
            "Approvals without paper",
            "attached is an overview of how approvals run in Veridian Procure, two pages in all.",
        ),
        (
            "A short introduction",
            "I work for Veridian Procure. Which part of purchasing takes the longest at {company}?",
        ),
    ),
    "early": (
        (
            "Sign-on and import",
            "sign-on works with more than one directory, and the import reads spreadsheets.",
        ),
        ("Roles and deputies", "attached is the page about roles and deputies."),
        (
            "Test access",
            "the test company has the purchase form of {company} in it, so that your buyers see their own fields.",
        ),
    ),
    "late": (
        (
            "Offer for {company}",
            "the offer for {company} is attached. It covers the modules that your team named.",
        ),
        (
            "Plan of the introduction",
            "beside the offer you now find a plan of the introduction, week by week.",
        ),
    ),
    "customer": (
        (
            "Your start with Veridian Procure",
            "the accounts of {company} are open. A guide for new buyers is attached.",
        ),
        (
            "New in the supplier portal",
            "the supplier portal shows certificates before they expire. A short film is attached.",
        ),
    ),
    "lost": (("Thank you", "thank you for the open word. I close the file here."),),
}
"""What a rep sends: subject and text, by what the CRM knew of the person."""

CALLS: Mapping[str, Said] = {
    "left_voicemail": (
        "Left a message on the machine and named a time for the next try.",
        "Only the answering machine.",
    ),
    "no_answer": ("Rang out, nobody picked up.", "Nobody there, the line was free."),
    "meeting_set": ("Agreed on the next step, the date is fixed.",),
    "": (
        "Spoke for some minutes. They are still reading the material.",
        "They described how orders are approved today: on paper, with two signatures.",
        "They named the ERP in use and who approves.",
    ),
}
"""A rep's note on a call of their own, by its outcome."""

CALLED: Said = (
    "They rang to say that the documents are there.",
    "Question about the import of suppliers, answered at once.",
    "Asked for my mail address, the old one was misspelt.",
)
"""A rep's note on a call that came in."""

MEETINGS: Mapping[str, Said] = {
    "meeting": (
        "Present: a buyer and somebody from accounts payable. Went through the path of an approval.",
        "Collected how many orders, buyers and cost centres there are.",
        "Went through their list of wishes; deputies and limits matter most to them.",
    ),
    "demo": (
        "Showed request, approval and order on test data. Questions came about roles and deputies.",
        "Supplier portal and invoice module, the import was shown with their own file.",
    ),
}
"""A rep's note on a meeting."""

ENGLISH = Templates(
    mails=MAILS,
    neutral=NEUTRAL,
    outbound=OUTBOUND,
    greetings=("Hi {to},", "Hello {to},", "Dear {to},"),
    closings=("Kind regards", "Best regards", "Regards"),
    subjects=("Veridian Procure", "Your software", "Purchasing at {company}"),
    disclaimer="This e-mail and any attachments are confidential and meant for the addressee alone. "
    "Whoever received it by mistake is asked to delete it.",
    quoted="On {day}, {name} <{address}> wrote:",
    answered="Re: {subject}",
    away="Automatic reply: {subject}",
)
