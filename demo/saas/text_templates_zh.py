"""What people of the saas company write, in Chinese: as `text_templates`, for contacts whose name is written in Chinese.

No template shares a sentence, or a run of eight characters, with the sentences by which the reading of texts was developed
and measured.
"""

from collections.abc import Mapping

from sales_consultant.demo.saas.text_templates import Said, Templates

MAILS: Mapping[str, Said] = {
    "ready_to_buy": (
        "Veridian 的方案我们内部已经批下来了，烦请拟好合同寄到{company}，收到后当天盖章。",
        "财务那边钱已到位，可以下单了，请把采购单的格式给我。",
    ),
    "asks_price": (
        "四十位审批人用一年，总共是多少钱？我好写进预算表。",
        "想请您出一份发票模块的报价，按六十人、两年来算。",
    ),
    "objection_price": ("方案看了两遍，价格太贵，超出我们留出的额度不少。",),
    "postponed": ("新的 ERP 要先上，采购软件这件事先搁置，夏天以后再联系吧。",),
    "competitor": ("实话说，周二有另一家供应商也来演示了他们的采购系统，同事们印象不错，正在逐项对比。",),
    "churn_threat": ("照目前的用法，合同到期后我们不打算续约了，登录的采购员越来越少。",),
    "complaint": ("审批页面从周一早上起就打不开，服务热线没人接，对你们的服务很失望。",),
    "wants_meeting": ("能否约个时间，让您和我们财务负责人当面谈谈？周三或周四下午都行。",),
    "unsubscribe": ("请把我的邮箱从名单里去掉，别再发邮件来了。",),
    "out_of_office": ("自动回复：本人休假中，下周一回到办公室，期间不查看邮件。",),
    "changed_job": ("本周五是我在{company}的最后一天，之后采购由谁接手还没有定。",),
}

NEUTRAL: Mapping[str, Said] = {
    "lead": ("幻灯片收到了，组里的同事也看过。", "我们现在用表格做审批，每月大概三百张单子。"),
    "early": ("附件是我们画在白板上的审批步骤。", "技术同事想知道登录方式支持哪几种目录。"),
    "late": ("方案文件已收到，法务正在看。",),
    "customer": ("采购员都登录过了，一个上午就会用了。",),
    "lost": ("选型期间多有打扰，感谢您的耐心。",),
}

OUTBOUND: Mapping[str, tuple[tuple[str, str], ...]] = {
    "lead": (("{company}的采购审批", "附上两页说明，讲的是采购审批在 Veridian Procure 里怎样流转。"),),
    "early": (("登录与导入", "关于软件的几处细节：登录可接多种目录，导入可读表格文件。"),),
    "late": (("给{company}的方案", "附件是给{company}的方案，包含贵方提到的各个模块。"),),
    "customer": (("Veridian Procure 启用说明", "附件是给采购员的使用指南。"),),
    "lost": (("感谢", "感谢您的坦率，我留下电话，随时欢迎联系。"),),
}

CHINESE = Templates(
    mails=MAILS,
    neutral=NEUTRAL,
    outbound=OUTBOUND,
    greetings=("{to}，您好：", "{to}，你好："),
    closings=("此致敬礼", "祝好"),
    subjects=("采购软件", "关于 Veridian Procure"),
    disclaimer="本邮件及其附件仅供收件人使用，如误收请予删除。",
    quoted="{name} <{address}> 于 {day} 写道：",
    answered="回复：{subject}",
    away="自动回复：{subject}",
)
