"""E-mail domains that say nothing about a company."""

FREE_MAIL = frozenset(
    {
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "yahoo.com",
            "ymail.com",
        ),
        *(
            "icloud.com",
            "me.com",
            "mac.com",
            "aol.com",
            "mail.com",
            "proton.me",
            "protonmail.com",
            "zoho.com",
        ),
        *("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "bluewin.ch"),
        *(
            "orange.fr",
            "free.fr",
            "laposte.net",
            "wanadoo.fr",
            "libero.it",
            "virgilio.it",
            "wp.pl",
            "seznam.cz",
        ),
        *("qq.com", "163.com", "126.com", "sina.com", "sohu.com", "foxmail.com", "aliyun.com", "naver.com"),
        *("yandex.ru", "mail.ru", "rambler.ru", "btinternet.com", "comcast.net", "verizon.net", "att.net"),
    }
)
