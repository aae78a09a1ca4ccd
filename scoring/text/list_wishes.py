"""Who asks to be taken off a list, and who only speaks of it.

The phrases of a lexicon know the words: unsubscribe, opt out, spam. They do not know whose wish it is, about whose mails.
What is negated, told of others, asked of a product, or said of licences is cut out of a sentence before these phrases are
looked for, so that a wish beside it is still found. A cut too few keeps a mail from somebody; a cut too many sends one to
somebody who wants none: so a pattern must name what it is about, and its tail ends where a new wish may begin.
"""

import re
from collections.abc import Mapping

from sales_consultant.scoring.text.cutting import Cut

_OFF_EN = r"(?:unsubscrib\w*|unsub|opt\w* (?:me |us )?out|optout)"
_LEAVE_EN = (
    rf"(?:{_OFF_EN}|(?:take|remove|delete|drop|strike|cross|get) (?:me|us|our [^ ]+|my [^ ]+)"
    r"|be (?:removed|taken|dropped|deleted))"
)
_PEOPLE_EN = (
    "(?:customers|clients|users|subscribers|members|readers|recipients|visitors|people|patients|students|guests|consumers|donors"
    "|somebody|someone|anyone|anybody|everyone|everybody)"
)
_MAY_EN = (
    "(?:who|that|can|could|may|might|must|to|do|does|not|have|has|had|will|would|want|wants|wish|easily|also|always|often|then"
    "|ever|just|really|simply|directly|themselves|should|never|are|is|get|be|able|first|later)"
)
_PRODUCT_EN = "(?:tool|tools|system|software|product|platform|app|application|solution|crm|api|module)"
_COUNTED_EN = (
    "(?:from|of|off|out|[0-9][^ ]*|one|two|three|four|five|six|ten|some|all|both|half|our|the|these|those|unused|few|couple"
    "|several|extra|old|spare|premium|basic|user|enterprise|pro|business)"
)
_THING_EN = "(?:licen[cs]es?|seats?|users|accounts|modules?|plans?|packages?|add ?ons?|devices?|locations?|sites|branches)"
_MAIL_EN = "(?:updates?|e?mails?|newsletters?|news|messages?|notifications?|offers?|communications?|lists?|reminders?)"
_OTHER_EN = (
    "(?:our|their|his|her|another|competing|competitors?|vendors?|suppliers?|your (?:competitors?|rivals?)"
    "|(?:some |the |an? )?(?:other|old|previous|former|different) (?:vendor|supplier|provider|compan|firm|tool|service)[^ ]*)"
)
# What may begin a wish of its own.
_END_EN = "(?:and|but|please|so|then|instead|however|stop|cease|quit|do not|never|no|remove|take|delete|unsubscribe|opt)"
_TAIL_EN = rf"(?:(?!{_END_EN} )[^ ?]+ )*"
_WE_DO_NOT = (
    "(?:i|we) (?:really |certainly )?(?:do not|did not|will not|would not|am not|are not|have not|have never|had not|had never"
    "|would never|will never|never) (?:even |ever |yet |really )?"
)
_ENGLISH = (
    # Negated by the writer: "we do not want to unsubscribe", "please do not take us off the list".
    (
        rf"(?<= ){_WE_DO_NOT}(?:(?:want|wish|wanted|need|like|plan|intend|mean|meant|ask|asked|asking|going|trying) )?"
        rf"(?:for )?(?:to )?(?:be |get |have to )?{_LEAVE_EN} {_TAIL_EN}"
    ),
    rf"(?<= )(?<! you )(?<! they )(?:do not|never) {_LEAVE_EN} {_TAIL_EN}",
    rf"(?<= )(?:no|any) (?:need|reason|wish|intention|plans?|desire) (?:for us |for me )?(?:to|of) {_LEAVE_EN} {_TAIL_EN}",
    rf"(?<= )(?:rather than|without) {_OFF_EN} {_TAIL_EN}",
    # Of others' mails, or others' wishes.
    rf"(?<= ){_OFF_EN} (?:from|of) {_OTHER_EN} {_TAIL_EN}",
    rf"(?<= ){_PEOPLE_EN} (?:{_MAY_EN} )*{_OFF_EN} {_TAIL_EN}",
    # Of a product and what it can do.
    (
        rf"(?<= )(?:does|do|can|could|will|would|is|has|have|how|if|whether) (?:(?!me |us |i |we |my )[^ ]+ ){{0,4}}?"
        rf"(?:your|the|this|that|it) (?:[^ ]+ )?{_PRODUCT_EN} (?:(?!me |us |i |we |my |not )[^ ]+ ){{0,5}}?{_OFF_EN} {_TAIL_EN}"
    ),
    (
        rf"(?<= )(?:track|count|see|show|export|import|measure|record|manage|sync|store|report|support|offer) "
        rf"(?:(?!my |me |our |us |this |the |not )[^ ]+ ){{0,3}}?{_OFF_EN} {_TAIL_EN}"
    ),
    (
        rf"(?<= ){_OFF_EN} (?:feature|function|rates?|figures|statistics|requests|handling|management|headers?|events?|api"
        rf"|webhook) (?!(?:is|does|do|are|still|has) (?:not|broken|dead|missing)){_TAIL_EN}"
    ),
    (
        r"(?<= )(?:gdpr|ccpa|data protection|privacy) (?:compl[^ ]+|conform[^ ]*|ready|officer|agreement|polic[^ ]+|team|impact"
        r"|laws?|audit|rules|requirements|questionnaire|assessment|statement|annex|terms|certificate|documents?|settings) "
    ),
    # Of a mail of ours that a filter held back.
    (
        r"(?<= )(?:landed|ended|end|ends|found|goes|go|been|got|was|were|it|mail|email|message) (?:up |caught |stuck |held )?"
        r"(?:straight )?(?:in|into|to|by) (?:my |our |the |a )?(?:spam|junk) (?:folder |filter |box )?"
    ),
    r"(?<= )(?:spam|junk) filters? ",
    # Of what is bought, and not of mails.
    rf"(?<= )(?:{_OFF_EN}|remove|delete|cancel|take|drop) (?:{_COUNTED_EN} )*{_THING_EN} (?!(?:[^ ]+ )?{_MAIL_EN} )",
)

_OFF_ZH = "(?:退订|取消订阅|取消关注|退出邮件|拒收)"
_LEAVE_ZH = f"(?:{_OFF_ZH}|移除|移出|删除|删掉|拉黑|屏蔽|剔除)"
_TOOL_ZH = "(?:系统|软件|工具|平台|产品|后台|方案)"
_MAIL_ZH = "(?:邮件|短信|资讯|推送|信息|广告|消息|简报|电话|通知)"
_FIRM_ZH = "(?:家|那家|供应商|厂家|公司|平台|品牌|商家|服务商)"
_FORMER_ZH = f"(?:其他|其它|别的|另外|原来|以前|之前|老|旧)的?{_FIRM_ZH}"
_OTHER_ZH = f"(?:别家|别人家|另一家|上一?家|前一家|竞品|竞争对手|他们家?|人家|同行|几家|{_FORMER_ZH})"
_CLIENTS_ZH = "(?<!是)(?:我们|咱们|我司|你们|贵司)(?:的|家)?(?:老|新)?客户"
_PEOPLE_ZH = f"(?:用户|会员|读者|收件人|订阅者|粉丝|顾客|买家|消费者|学员|访客|{_CLIENTS_ZH})"
_CHINESE = (
    # Negated by the writer; "要不要退订" asks, it does not negate.
    (
        r"(?<![是要会想用需])(?:不需要|不用|不想|不要|不会|不是要|不是想|不是|并不|无需|不必|请勿|不打算|无意|不考虑|不愿意?|没想|没打算"
        rf"|没必要|不准备|别)(?:再|要|想|去|来|做|办|考虑|申请|被|您|你们)*(?:(?:把|将|从|给|帮)(?:我们|我司|我|公司|您|你们|名单|列表|邮件|邮箱"
        rf"|里|中|的|地址|联系方式)+)*{_LEAVE_ZH}(?!按钮|链接|入口|选项)[^,]*"
    ),
    (
        rf"(?:我|我们|我司|从来|从|并|也|可)都?(?:没有|没|未|不曾|未曾)(?:要|想|说|过|打算|申请|提|做|点|去)*{_OFF_ZH}"
        r"(?!成功|掉|上|到|按钮|链接|入口)[^,]*"
    ),
    # Of others' mails, or others' wishes.
    rf"{_OFF_ZH}(?:了|掉)?过?{_OTHER_ZH}[^,]*",
    rf"{_OTHER_ZH}[^,]{{0,12}}?{_OFF_ZH}[^,]*",
    rf"(?<![本该此])(?<!是你们)(?<!是你们的)(?<!是贵司)(?<!是贵司的){_PEOPLE_ZH}(?:(?!我|请|给|要求|申请)[^,]){{0,10}}?{_OFF_ZH}[^,]*",
    rf"客户[^,]{{0,4}}?(?:怎么|如何|怎样|能不能|能否|是否|可不可以|自己|自助|会不会)[^,]{{0,6}}?{_OFF_ZH}[^,]*",
    # Of a product and what it can do.
    rf"{_TOOL_ZH}[^,我]{{0,4}}?(?:支持|有|能|可以|是否|可不可以|带|提供|处理|设置|管理|统计|实现)[^,我]{{0,8}}?{_OFF_ZH}[^,]*",
    (
        rf"{_OFF_ZH}的?(?:功能|率|数据|统计|比例|接口|人数|模块|机制|管理|记录|逻辑)"
        r"(?!.{0,3}(?:坏|没用|失效|用不了|不好使|在哪|不行|无效|点不|打不开|找不到))[^,]*"
    ),
    r"(?:隐私|个人信息保护)(?:政策|协议|条款|声明|合规|评估|官|影响|要求|认证|培训|法规)[^,]*",
    # Of a mail of ours that a filter held back.
    r"(?<![收接])(?:进|到|跑到|掉进|归到|放到|当成|识别成|识别为|在)了?(?:我们|我|公司)?的?垃圾(?:邮件|邮箱|箱|夹|里|文件夹)*了?",
    # Of what is bought, and not of mails.
    (
        rf"(?:退订|取消订阅)(?!.{{0,10}}{_MAIL_ZH})[^,]{{0,10}}?(?:许可|授权|席位|账号|账户|个用户|套餐|模块|会员|license|licence|端口|门店|座位"
        r"|服务|系统|软件|房|酒店|机票|车票|课|报纸|牛奶|设备|场地|展位)[^,]*"
    ),
    (
        rf"(?:把|将)(?!.{{0,12}}{_MAIL_ZH})[^,]{{0,12}}?(?:许可|授权|席位|账号|账户|套餐|模块|license|licence|端口|门店|座位|房间|酒店)"
        rf"[^,]{{0,6}}?{_OFF_ZH}[^,]*"
    ),
)

_NOT_MEANT: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "en": tuple(re.compile(p) for p in _ENGLISH),
    "zh": tuple(re.compile(p) for p in _CHINESE),
}
# Only what has one of these can be cut.
_WORDS: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(
        " (?:unsub|opt|remove|delete|drop|take|cancel|gdpr|ccpa|privacy|data|spam|junk|strike|cross|get|be )"
    ),
    "zh": re.compile("退订|取消|退出|拒收|移除|移出|删|拉黑|屏蔽|剔除|隐私|个人信息|垃圾"),
}
_CUT = Cut(_NOT_MEANT, _WORDS)
_ALONE = re.compile(
    r"(?:please )?(?:stop|stop ?all|unsubscribe(?: me| us)?|opt[ -]?out|remove (?:me|us))(?: please| now| thanks| thank you)?"
    # German, French and Spanish words for it.
    r"|stopp|abmelden|abbestellen|d[eé]sabonner|d[eé]sinscri(?:re|ption)|(?:dar(?:se|me) de )?baja"
    r"|td|请?退订|回?td退订|取消订阅|拒收"
)
_AROUND = " \t.,!?:;。！，？；：*_-\"'“”「」"
# Under it stands a name or a signature; above it the subject at most.
_FIRST_LINES = 2


def meant(sentence: str, language: str) -> str:
    """A sentence, as the lexicon reads it, without what speaks of lists and is no wish of the writer about our mails.

    >>> meant(" we do not want to unsubscribe and please send the contract ", "en")
    ' and please send the contract '
    >>> meant("不需要退订,请发合同", "zh")
    ',请发合同'
    """
    return _CUT(sentence, language)


def asked_alone(text: str) -> bool:
    """Whether one of the first lines of a message is nothing but the word that takes people off lists.

    >>> asked_alone("STOP"), asked_alone("Stop the machine."), asked_alone("TD")
    (True, False, True)
    """
    lines = [line for line in text.splitlines() if line.strip()]
    return any(_ALONE.fullmatch(line.strip(_AROUND).casefold()) for line in lines[:_FIRST_LINES])
