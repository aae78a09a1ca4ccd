"""Ten made tables of ten trades in five languages, with columns that are known only when the record has ended.

The truth is how a table is made. An honest column is drawn first; the outcome is drawn from honest columns; a process
column is drawn last, from the outcome and from the course of the record (its pace, its effort), which no honest column
knows. Some honest columns are strong, some carry names that sound like a process ("requested term in months"), and
some process columns are weak.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Making:
    """A table under way: columns in the order in which they become known, and which are of the process."""

    name: str
    language: str
    n: int
    seed: int
    strength: float = 1.0
    columns: dict[str, Any] = field(default_factory=dict)
    process: list[str] = field(default_factory=list)
    y: Any = None

    def __post_init__(self) -> None:
        """A generator of its own: one table's columns do not move when another table changes."""
        self.rng = np.random.default_rng(self.seed)

    # -- what is known at the start ------------------------------------------------------------------------------

    def honest(self, **columns: Any) -> None:
        """Columns that are known before the record is worked on."""
        assert self.y is None, "what is drawn after the outcome is not honest"
        self.columns |= columns

    def pick(self, words: str, odds: str = "") -> Any:
        """A level a row; `odds` are their shares, in any unit."""
        levels = words.split()
        p = np.array([float(o) for o in odds.split()]) if odds else np.ones(len(levels))
        return self.rng.choice(levels, self.n, p=p / p.sum())

    def lognormal(self, median: float, spread: float, digits: int = 0, by: Any = 0.0) -> Any:
        """A skewed amount, raised by `by` (in units of the logarithm)."""
        return np.round(median * np.exp(spread * self.rng.normal(size=self.n) + by), digits)

    def normal(self, by: Any = 0.0, spread: float = 1.0) -> Any:
        """Something around `by`."""
        return by + spread * self.rng.normal(size=self.n)

    def count(self, mean: Any) -> Any:
        """A number of things."""
        return self.rng.poisson(np.broadcast_to(mean, self.n))

    def flag(self, share: Any) -> Any:
        """True for a share of the rows."""
        return self.rng.random(self.n) < share

    def gaps(self, values: Any, share: Any, empty: Any = np.nan) -> Any:
        """The values with a share of them missing."""
        out = np.asarray(values, dtype=object if empty is None else None).copy()
        out = out.astype(float) if empty is not None else out
        out[self.rng.random(self.n) < share] = empty
        return out

    def years(self, low: float, high: float) -> Any:
        """A length in whole years."""
        return np.round(self.rng.uniform(low, high, self.n))

    # -- the outcome, and what comes after it --------------------------------------------------------------------

    def outcome(self, margin: Any, rate: float) -> Any:
        """Draw the outcome: of odds by `margin` (times the table's strength), at a base rate."""
        margin = self.strength * margin
        low, high = -20.0, 20.0
        for _ in range(60):
            middle = (low + high) / 2
            p = 1 / (1 + np.exp(-(margin + middle)))
            low, high = (middle, high) if p.mean() < rate else (low, middle)
        self.y = (self.rng.random(self.n) < p).astype(int)
        return self.y

    def late(self, **columns: Any) -> None:
        """Columns that are known only at the end of the record."""
        assert self.y is not None, "what is drawn before the outcome is not of the process"
        self.columns |= columns
        self.process += list(columns)

    def rated(self, marks: str, by: Any, spread: float) -> Any:
        """A mark that somebody gives in the end, lowest first, by quantiles of `by` with noise."""
        levels = np.array(marks.split())
        value = by + spread * self.rng.normal(size=self.n)
        edges = np.quantile(value, np.linspace(0, 1, len(levels) + 1)[1:-1])
        return levels[np.searchsorted(edges, value)]


def scaled(values: Any) -> Any:
    """Values around 0 with a spread of 1, by logarithm where they are skewed."""
    v = np.asarray(values, dtype=float)
    v = np.log1p(v) if v.min() >= 0 and v.mean() > 1.3 * np.median(v) else v
    return (v - v.mean()) / v.std()


def of(values: Any, **weights: float) -> Any:
    """The weight of each row's level; 0 for a level without one."""
    return np.array([weights.get(str(v), 0.0) for v in values])


def b2b_deals(strength: float = 1.0) -> Making:
    """Deals of a seller of machines: English."""
    t = Making("b2b_deals", "en", 3000, 11, strength)
    size = t.lognormal(60, 1.2)
    source = t.pick("inbound referral event outbound partner", "30 12 15 33 10")
    rating = np.round(t.normal(250, 60))
    known, fit = t.flag(0.3), t.normal()
    t.honest(
        industry=t.pick("machinery food chemicals logistics retail health energy"),
        employees=size,
        annual_revenue=t.lognormal(150_000, 0.5, by=np.log(size)),
        country=t.pick("US UK DE FR NL SE", "40 20 15 10 8 7"),
        lead_source=source,
        product_line=t.pick("basic plus pro", "50 35 15"),
        list_price=t.lognormal(40_000, 0.8),
        first_contact_channel=t.pick("web phone email fair", "45 25 20 10"),
        weekday_created=t.pick("Mon Tue Wed Thu Fri"),
        month_created=t.rng.integers(1, 13, t.n),
        company_age_years=t.years(1, 80),
        existing_customer=known,
        orders_in_previous_year=np.where(known, t.count(2.5), 0),
        outside_credit_rating=rating,
        web_visits_before_inquiry=t.count(np.exp(1 + 0.5 * fit)),
        requested_seats=t.lognormal(20, 0.9),
        incumbent=t.gaps(t.pick("none rival_a rival_b in_house"), 0.2, None),
        contact_seniority=t.pick("assistant manager director owner", "20 45 25 10"),
        budget_named=t.flag(0.35),
        decision_timeframe_months=t.rng.choice([1, 3, 6, 12], t.n, p=[0.2, 0.4, 0.3, 0.1]),
        sales_region=t.pick("north south east west"),
        inquiry_text_length=t.lognormal(220, 0.7),
        technology_fit=np.round(50 + 15 * fit + t.normal(0, 6), 1),
        distance_km=t.lognormal(120, 1.0),
        currency=t.pick("USD EUR GBP SEK", "45 30 20 5"),
        parent_company=t.flag(0.25),
        newsletter_subscriber=t.flag(0.4),
        number_of_sites=1 + t.count(0.8),
    )
    margin = 0.9 * fit + 0.5 * scaled(rating) + 0.7 * known + of(source, referral=0.9, outbound=-0.7)
    y = t.outcome(margin + 0.4 * t.columns["budget_named"] - 0.2 * scaled(size), 0.3)
    pace, effort = t.normal(0.5 * y), t.normal(1.1 * y)
    days = t.lognormal(55, 0.35, by=0.6 * pace)
    meetings = t.count(np.exp(0.6 + 0.45 * effort))
    emails = t.count(np.exp(2.2 + 0.4 * effort + 0.2 * pace))
    t.late(
        sales_cycle_days=days,
        number_of_meetings=meetings,
        total_emails_exchanged=emails,
        emails_per_week=np.round(emails / (days / 7), 2),
        avg_response_time_hours=t.lognormal(20, 0.5, 1, by=-0.35 * effort),
        days_since_last_activity=t.lognormal(25, 0.9, by=-1.1 * y),
        last_activity_type=np.where(
            t.flag(0.55), np.where(y == 1, "contract_call", "email_unanswered"), t.pick("call email meeting")
        ),
        final_discount_pct=np.where(t.flag(0.35 + 0.35 * y), np.round(t.rng.gamma(4, 2.5, t.n), 1), 0),
        lead_quality=t.rated("worst low might high", 1.6 * y, 1.0),
        stage_changes=1 + t.count(1.2 + 1.8 * y),
        call_minutes_total=t.lognormal(45, 0.5, by=0.5 * effort),
        quotes_sent=t.count(0.6 + 0.7 * y),
    )
    return t


def insurance_leads(strength: float = 1.0) -> Making:
    """Leads of an insurer that are called by agents: German."""
    t = Making("insurance_leads", "de", 4500, 12, strength)
    age, income = np.round(t.rng.uniform(18, 80, t.n)), t.lognormal(38_000, 0.5)
    product = t.pick("Hausrat Kfz Leben Rechtsschutz Haftpflicht", "25 30 12 13 20")
    asked, risk = t.lognormal(420, 0.6, 2), t.normal()
    source = t.pick("Vergleichsportal Empfehlung Werbung Bestand", "45 10 30 15")
    t.honest(
        alter=age,
        familienstand=t.pick("ledig verheiratet geschieden verwitwet", "40 42 13 5"),
        anzahl_kinder=t.count(0.9),
        jahreseinkommen=income,
        bundesland=t.pick("BY NW BW HE NI SN BE HH"),
        produkt=product,
        quelle=source,
        gewuenschte_laufzeit_monate=t.rng.choice([12, 24, 36, 60], t.n, p=[0.5, 0.2, 0.2, 0.1]),
        angefragte_praemie=asked,
        schufa_klasse=t.pick("A B C D E F", "30 28 20 12 7 3"),
        risikoklasse_extern=np.round(50 + 12 * risk),
        vorschaeden_letzte_5_jahre=t.count(np.exp(-0.8 + 0.4 * risk)),
        jahre_beim_vorversicherer=t.gaps(t.years(0, 25), 0.3),
        erster_kontaktkanal=t.pick("Formular Telefon Chat Filiale", "55 25 12 8"),
        wochentag_anfrage=t.pick("Mo Di Mi Do Fr Sa So"),
        uhrzeit_anfrage=np.round(t.rng.uniform(6, 23, t.n), 1),
        geraet=t.pick("Handy Rechner Tablet", "55 38 7"),
        wohnflaeche_qm=t.lognormal(85, 0.4),
        eigentum=t.flag(0.45),
        haustier=t.flag(0.3),
        fahrzeugalter_jahre=t.years(0, 20),
        beruf_gruppe=t.pick("Angestellt Beamter Selbstaendig Student Rente", "52 8 14 9 17"),
        bereits_kunde=t.flag(0.18),
        anzahl_verglichener_angebote=1 + t.count(2.5),
        plz_region=t.pick("1 2 3 4 5 6 7 8 9"),
        einwilligung_werbung=t.flag(0.5),
        selbstbehalt_gewuenscht=t.rng.choice([0, 150, 300, 500], t.n),
        zahlweise_gewuenscht=t.pick("monatlich jaehrlich quartal", "60 30 10"),
    )
    cheap = -0.6 * scaled(asked)
    margin = 0.7 * t.columns["bereits_kunde"] + of(source, Empfehlung=1.0, Bestand=0.8, Werbung=-0.6) + cheap
    margin = margin - 0.5 * risk + of(product, Kfz=0.4, Leben=-0.6) + 0.3 * scaled(income)
    y = t.outcome(margin, 0.18)
    reach, length = t.normal(0.9 * y), t.normal(1.2 * y)
    calls = 1 + t.count(np.exp(0.7 - 0.25 * reach))
    t.late(
        gespraechsdauer_sekunden=t.lognormal(180, 0.5, by=0.6 * length),
        anzahl_anrufe=calls,
        anzahl_kontakte_gesamt=calls + t.count(0.7 + 0.6 * y),
        bearbeitungsdauer_tage=t.lognormal(9, 0.6, by=0.4 * length),
        letzte_aktivitaet=np.where(
            t.flag(0.5), np.where(y == 1, "Antrag", "nicht_erreicht"), t.pick("Anruf Mail Brief")
        ),
        tage_bis_abschluss=t.lognormal(14, 0.5, by=0.35 * length - 0.3 * y),
        qualitaet_einschaetzung=t.rated("schlecht mittel gut", 1.4 * y, 1.0),
        rueckrufquote=np.round(np.clip(t.normal(0.35 + 0.2 * y, 0.18), 0, 1), 2),
        endgueltiger_rabatt_prozent=np.where(t.flag(0.2 + 0.4 * y), t.rng.choice([5, 10, 15], t.n), 0),
        anzahl_nachfassaktionen=t.count(np.exp(0.5 + 0.4 * length)),
    )
    return t


def recruiting(strength: float = 1.0) -> Making:
    """Applications that end in a hire or not: French."""
    t = Making("recruiting", "fr", 2400, 13, strength)
    skill, experience = t.normal(), t.years(0, 30)
    degree = t.pick("bac licence master doctorat", "20 35 38 7")
    origin = t.pick("annonce cooptation salon agence spontanee", "50 12 10 18 10")
    t.honest(
        annees_experience=experience,
        diplome=degree,
        origine=origin,
        metier=t.pick("vente technique finance logistique rh marketing"),
        region=t.pick("idf sud ouest nord est"),
        salaire_demande=t.lognormal(38_000, 0.3, by=0.01 * experience),
        distance_domicile_km=t.lognormal(18, 0.9),
        note_test_externe=np.round(60 + 11 * skill + t.normal(0, 6)),
        langues_parlees=1 + t.count(0.8),
        anglais=t.pick("A1 A2 B1 B2 C1 C2", "5 15 30 28 15 7"),
        preavis_semaines=t.rng.choice([0, 4, 8, 12], t.n, p=[0.3, 0.25, 0.1, 0.35]),
        duree_dernier_poste_mois=t.lognormal(28, 0.7),
        nombre_employeurs_precedents=t.count(2.2),
        premier_canal=t.pick("site reseau email papier", "60 25 13 2"),
        jour_candidature=t.pick("lun mar mer jeu ven sam dim"),
        mois_candidature=t.rng.integers(1, 13, t.n),
        lettre_jointe=t.flag(0.55),
        longueur_cv_mots=t.lognormal(520, 0.4),
        permis=t.flag(0.8),
        teletravail_souhaite_jours=t.rng.integers(0, 6, t.n),
        ancien_salarie=t.flag(0.06),
        type_contrat_souhaite=t.pick("cdi cdd alternance", "75 15 10"),
        taille_dernier_employeur=t.lognormal(150, 1.5),
        certification=t.flag(0.22),
        mobilite=t.flag(0.4),
        secteur_precedent=t.pick("public industrie services commerce", "15 30 35 20"),
        candidats_sur_le_poste=5 + t.count(40),
    )
    margin = 1.6 * skill + of(origin, cooptation=1.2, annonce=-0.3) + 0.5 * scaled(experience)
    y = t.outcome(margin + of(degree, master=0.4) - 0.3 * scaled(t.columns["distance_domicile_km"]), 0.15)
    depth, speed = t.normal(1.5 * y), t.normal(0.7 * y)
    talks = t.count(np.exp(-0.1 + 0.5 * depth))
    t.late(
        nombre_entretiens=talks,
        duree_processus_jours=t.lognormal(24, 0.45, by=0.35 * depth - 0.2 * speed),
        duree_totale_entretiens_min=np.round(talks * t.lognormal(42, 0.25)),
        delai_moyen_reponse_heures=t.lognormal(30, 0.5, 1, by=-0.4 * speed),
        derniere_action=np.where(
            t.flag(0.6), np.where(y == 1, "appel_reference", "mail_type"), t.pick("mail appel rdv")
        ),
        avis_recruteur=t.rated("faible moyen bon excellent", 1.7 * y, 1.0),
        nombre_echanges=t.count(np.exp(1.3 + 0.35 * depth)),
        nombre_personnes_rencontrees=talks + t.count(0.3 + 0.8 * y),
        jours_depuis_dernier_contact=t.lognormal(20, 0.8, by=-0.8 * y),
        taux_presence_rdv=np.round(np.clip(t.normal(0.7 + 0.15 * y, 0.15), 0, 1), 2),
    )
    return t


def renewals(strength: float = 1.0) -> Making:
    """Contracts that are renewed or not, with their talks and tickets of the renewal: Spanish."""
    t = Making("renewals", "es", 2000, 14, strength)
    use, tenure = t.normal(), t.years(1, 12)
    plan = t.pick("basico estandar premium", "45 38 17")
    nps = np.clip(np.round(t.normal(7 + use, 1.6)), 0, 10)
    t.honest(
        sector=t.pick("banca salud comercio industria turismo educacion"),
        pais=t.pick("ES MX CO AR CL", "45 25 12 10 8"),
        empleados=t.lognormal(80, 1.3),
        plan=plan,
        antiguedad_anos=tenure,
        importe_anual=t.lognormal(12_000, 0.8),
        duracion_contrato_meses=t.rng.choice([12, 24, 36], t.n, p=[0.7, 0.2, 0.1]),
        usuarios_contratados=t.lognormal(25, 0.9),
        usuarios_activos_inicio_periodo=np.round(t.lognormal(14, 0.6, by=0.5 * use)),
        nps_ano_anterior=t.gaps(nps, 0.25),
        incidencias_ano_anterior=t.count(np.exp(1 - 0.3 * use)),
        facturas_pagadas_tarde_ano_anterior=t.count(np.exp(-0.4 - 0.4 * use)),
        primer_canal_contacto=t.pick("web telefono socio feria", "45 25 20 10"),
        calificacion_crediticia=t.pick("AA A B C", "15 40 35 10"),
        mes_vencimiento=t.rng.integers(1, 13, t.n),
        dia_semana_alta=t.pick("lun mar mie jue vie"),
        integraciones=t.count(np.exp(0.3 + 0.4 * use)),
        origen=t.pick("entrante referido saliente", "45 20 35"),
        moneda=t.pick("EUR MXN COP ARS CLP", "45 25 12 10 8"),
        subida_precio_anunciada_pct=t.rng.choice([0, 3, 5, 8, 12], t.n, p=[0.3, 0.25, 0.2, 0.15, 0.1]),
        formacion_recibida=t.flag(0.4),
        idioma=t.pick("es pt en", "85 8 7"),
        modulo_extra=t.flag(0.35),
        filiales=t.count(0.6),
        pago_automatico=t.flag(0.55),
        competidor_presente=t.flag(0.3),
        region_comercial=t.pick("norte sur este oeste centro"),
    )
    raise_ = -0.5 * scaled(t.columns["subida_precio_anunciada_pct"]) + of(plan, basico=-0.4, premium=0.5)
    y = t.outcome(1.0 * use + 0.4 * scaled(tenure) + 0.6 * t.columns["pago_automatico"] + raise_, 0.78)
    trouble, effort = t.normal(-1.2 * y), t.normal(0.8 * y)
    tickets = t.count(np.exp(0.6 + 0.4 * trouble))
    t.late(
        numero_reuniones_renovacion=t.count(np.exp(0.4 + 0.35 * effort)),
        dias_hasta_cierre=t.lognormal(30, 0.5, by=0.35 * trouble),
        tiempo_total_gestion_horas=t.lognormal(6, 0.5, 1, by=0.35 * trouble + 0.1 * effort),
        tickets_abiertos_final=tickets,
        ratio_tickets_resueltos=np.round(np.clip(t.normal(0.62 + 0.2 * y, 0.18), 0, 1), 2),
        ultima_actividad=np.where(
            t.flag(0.5), np.where(y == 1, "firma_enviada", "sin_respuesta"), t.pick("llamada correo visita")
        ),
        descuento_final_pct=np.where(t.flag(0.5 - 0.25 * y), t.rng.choice([5, 10, 15, 20], t.n), 0),
        valoracion_gestor=t.rated("mala regular buena", 1.5 * y, 1.0),
        llamadas_totales=t.count(np.exp(1.2 + 0.35 * trouble)),
        dias_desde_ultimo_contacto=t.lognormal(18, 0.8, by=-0.9 * y),
        tiempo_medio_respuesta_horas=t.lognormal(18, 0.5, 1, by=0.35 * trouble),
    )
    return t


def carts(strength: float = 1.0) -> Making:
    """Carts of a shop that are paid or left: Chinese."""
    t = Making("carts", "zh", 6000, 15, strength)
    loyal, price = t.normal(), t.lognormal(180, 0.8, 2)
    channel = t.pick("搜索 广告 直接 社交 邮件", "30 28 20 14 8")
    past = t.count(np.exp(0.3 + 0.6 * loyal))
    member = t.pick("普通 银卡 金卡 钻石", "60 22 13 5")
    t.honest(
        来源渠道=channel,
        设备=t.pick("手机 电脑 平板", "68 26 6"),
        城市等级=t.pick("一线 二线 三线 四线", "25 35 25 15"),
        省份=t.pick("广东 浙江 江苏 北京 上海 四川 湖北"),
        会员等级=member,
        历史订单数=past,
        注册年限=t.years(0, 10),
        商品单价=price,
        商品类别=t.pick("服装 数码 家居 食品 美妆 图书"),
        库存数量=t.lognormal(80, 1.0),
        运费=t.rng.choice([0, 6, 10, 15], t.n, p=[0.5, 0.2, 0.2, 0.1]),
        促销标价折扣=t.rng.choice([0, 5, 10, 20, 30], t.n, p=[0.5, 0.15, 0.15, 0.12, 0.08]),
        星期=t.pick("周一 周二 周三 周四 周五 周六 周日"),
        小时=t.rng.integers(0, 24, t.n),
        芝麻信用分=np.round(650 + 45 * loyal + t.normal(0, 40)),
        年龄=np.round(t.rng.uniform(18, 65, t.n)),
        性别=t.gaps(t.pick("男 女"), 0.15, None),
        商品评分=np.round(np.clip(t.normal(4.3, 0.4), 1, 5), 1),
        商品评论数=t.lognormal(220, 1.4),
        首次接触方式=t.pick("搜索 朋友 广告 门店", "40 20 32 8"),
        优惠券余额=t.lognormal(12, 0.8),
        上次购买距今月数=t.gaps(np.round(t.rng.exponential(5, t.n)), 0.3),
        新客=past == 0,
        品牌=t.pick("甲 乙 丙 丁 戊 己"),
        浏览器=t.pick("微信 系统 其他", "50 35 15"),
        保修期限月=t.rng.choice([0, 6, 12, 24], t.n),
        节假日=t.flag(0.12),
    )
    margin = 0.8 * loyal - 0.5 * scaled(price) + of(channel, 直接=0.6, 广告=-0.6, 邮件=0.4)
    y = t.outcome(margin + of(member, 金卡=0.4, 钻石=0.7) - 0.04 * t.columns["运费"], 0.25)
    interest, hurry = t.normal(1.0 * y), t.normal(0.6 * y)
    pages = 1 + t.count(np.exp(1.5 + 0.4 * interest))
    seconds = t.lognormal(260, 0.5, by=0.4 * interest)
    t.late(
        会话总时长秒=seconds,
        浏览页数=pages,
        每页停留时间=np.round(seconds / pages * np.exp(0.1 * t.normal()), 1),
        客服沟通次数=t.count(np.exp(-0.7 + 0.5 * interest)),
        最后动作=np.where(
            t.flag(0.5), np.where(y == 1, "填写地址", "关闭页面"), t.pick("浏览 收藏 搜索 比价")
        ),
        最终折扣率=np.where(t.flag(0.25 + 0.35 * y), t.rng.choice([5, 8, 12, 15], t.n), 0),
        结算耗时分钟=t.lognormal(5, 0.5, 1, by=-0.4 * hurry + 0.2 * y),
        提醒发送次数=t.count(1.4 - 0.7 * y),
        客服评价质量=t.rated("差 中 好", 1.3 * y, 1.0),
        购物车修改次数=t.count(np.exp(0.4 + 0.35 * interest)),
        距最后活动天数=t.lognormal(6, 0.8, by=-0.8 * y),
    )
    return t
