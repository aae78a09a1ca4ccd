"""The other five of the made tables: trials, loans, courses, houses, solar plants. `process_tables` tells the rules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.process_tables import Making, of, scaled


def software_trials(strength: float = 1.0) -> Making:
    """Trials of a software that end in a paid plan or not, with dates: English."""
    t = Making("software_trials", "en", 3600, 21, strength)
    fit, size = t.normal(), t.lognormal(35, 1.2)
    role = t.pick("developer manager founder student", "40 30 20 10")
    source = t.pick("search ads docs referral store", "35 25 20 12 8")
    begun = pd.Timestamp("2025-01-06") + pd.to_timedelta(t.rng.integers(0, 300, t.n), unit="D")
    rank = np.round(np.clip(t.normal(55 + 16 * fit, 12), 0, 100))
    t.honest(
        signup_date=begun,
        company_size=size,
        role=role,
        signup_source=source,
        country=t.pick("US IN DE BR UK JP", "35 20 15 12 10 8"),
        plan_of_interest=t.pick("solo team business", "50 35 15"),
        trial_length_days=t.rng.choice([7, 14, 30], t.n, p=[0.2, 0.6, 0.2]),
        email_domain_type=t.pick("business free", "62 38"),
        browser=t.pick("chrome safari firefox edge", "60 20 10 10"),
        operating_system=t.pick("mac windows linux", "40 45 15"),
        first_touch=t.pick("blog video ad friend", "40 20 25 15"),
        signup_weekday=t.pick("Mon Tue Wed Thu Fri Sat Sun"),
        signup_hour=t.rng.integers(0, 24, t.n),
        vendor_fit_rating=rank,
        funding_rounds=t.count(0.7),
        company_founded_year=t.rng.integers(1980, 2025, t.n),
        uses_competitor=t.flag(0.35),
        seats_wanted=1 + t.count(np.exp(1 + 0.2 * fit)),
        annual_price_quoted=t.lognormal(1200, 0.6),
        earlier_trials=t.count(0.3),
        public_repos=t.lognormal(12, 1.3),
        industry=t.pick("software finance health games media"),
        language=t.pick("en de pt ja hi", "55 15 12 8 10"),
        consent_marketing=t.flag(0.5),
        coupon_at_signup=t.flag(0.15),
        docs_pages_before_signup=t.count(np.exp(0.5 + 0.4 * fit)),
        credit_card_at_signup=t.flag(0.25),
        time_zone_offset=t.rng.integers(-8, 10, t.n),
    )
    margin = 1.1 * fit + 0.9 * t.columns["credit_card_at_signup"] + of(role, founder=0.5, student=-1.0)
    y = t.outcome(margin + of(source, referral=0.6, ads=-0.5) + 0.2 * scaled(size), 0.12)
    use, ask = t.normal(1.3 * y), t.normal(0.8 * y)
    length = np.round(t.lognormal(14, 0.5, by=0.3 * use))
    sessions = 1 + t.count(np.exp(1.4 + 0.45 * use))
    t.late(
        last_seen_date=begun + pd.to_timedelta(length, unit="D"),
        days_active=np.minimum(length, 1 + t.count(np.exp(1.1 + 0.4 * use))),
        total_sessions=sessions,
        session_minutes_total=np.round(sessions * t.lognormal(11, 0.4), 1),
        avg_session_minutes=t.lognormal(11, 0.35, 1, by=0.2 * use),
        support_chats=t.count(np.exp(-0.8 + 0.5 * ask)),
        last_event=np.where(
            t.flag(0.5), np.where(y == 1, "viewed_billing", "reminder_ignored"), t.pick("login export invite")
        ),
        members_invited_by_end=t.count(np.exp(-0.3 + 0.6 * use)),
        onboarding_completion_ratio=np.round(np.clip(t.normal(0.45 + 0.2 * y, 0.2), 0, 1), 2),
        csm_health_mark=t.rated("red yellow green", 1.5 * y, 1.0),
        emails_opened_count=t.count(np.exp(0.8 + 0.3 * ask)),
    )
    return t


def bank_loans(strength: float = 1.0) -> Making:
    """Applications for a loan that a bank's staff works on: German."""
    t = Making("bank_loans", "de", 3200, 22, strength)
    income, worth = t.lognormal(2600, 0.4), t.normal()
    rating = np.round(np.clip(t.normal(70 + 14 * worth, 6), 0, 100))
    wanted, job = t.lognormal(14_000, 0.7), t.pick("unbefristet befristet selbstaendig rente", "60 15 15 10")
    term = t.rng.choice([12, 24, 36, 48, 60, 84], t.n)
    t.honest(
        nettoeinkommen=income,
        kreditbetrag_beantragt=wanted,
        laufzeit_monate=term,
        verwendungszweck=t.pick("Auto Wohnen Umschuldung Urlaub Bildung", "30 28 25 10 7"),
        bonitaet_auskunftei=rating,
        beschaeftigung=job,
        dauer_beschaeftigung_jahre=t.years(0, 30),
        alter=np.round(t.rng.uniform(20, 75, t.n)),
        familienstand=t.pick("ledig verheiratet geschieden", "42 45 13"),
        kinder=t.count(0.8),
        wohnsituation=t.pick("Miete Eigentum Eltern", "58 35 7"),
        wohnt_seit_jahren=t.years(0, 25),
        bestehende_kredite=t.count(np.exp(0.1 - 0.3 * worth)),
        monatliche_belastung=t.lognormal(420, 0.6),
        girokonto_hier=t.flag(0.4),
        kontostand_durchschnitt_vorjahr=t.lognormal(1800, 1.0),
        rueckstaende_vorjahr=t.count(np.exp(-1.2 - 0.5 * worth)),
        antragsweg=t.pick("Filiale Internet Makler Telefon", "30 45 18 7"),
        filialregion=t.pick("Nord Sued Ost West"),
        wochentag_antrag=t.pick("Mo Di Mi Do Fr"),
        mitantragsteller=t.flag(0.25),
        sicherheit=t.pick("keine Fahrzeug Buergschaft", "65 25 10"),
        zinssatz_angeboten=np.round(7 - 0.9 * worth + t.normal(0, 0.7), 2),
        branche_arbeitgeber=t.pick("Industrie Handel Oeffentlich Dienst Bau"),
        groesse_arbeitgeber=t.lognormal(120, 1.4),
        staatsangehoerigkeit_eu=t.flag(0.9),
        telefon_angegeben=t.flag(0.8),
        erster_kontakt=t.pick("Werbung Empfehlung Kunde Portal", "25 15 35 25"),
    )
    load = -0.6 * scaled(wanted) + 0.5 * scaled(income) - 0.5 * scaled(t.columns["monatliche_belastung"])
    y = t.outcome(1.7 * worth + load + of(job, befristet=-0.7, selbstaendig=-0.4), 0.55)
    work, doubt = t.normal(0.7 * y), t.normal(-1.2 * y)
    t.late(
        bearbeitungszeit_stunden=t.lognormal(5, 0.5, 1, by=0.35 * work),
        tage_antrag_bis_entscheidung=t.lognormal(8, 0.5, by=0.35 * doubt),
        anzahl_rueckfragen=t.count(np.exp(0.5 + 0.4 * doubt)),
        anzahl_nachgereichter_unterlagen=t.count(np.exp(0.4 + 0.4 * work)),
        anzahl_telefonate=t.count(np.exp(0.6 + 0.3 * work)),
        gesamtdauer_telefonate_minuten=t.lognormal(14, 0.6, by=0.35 * work),
        letzter_vorgang=np.where(
            t.flag(0.5), np.where(y == 1, "Auszahlungsdaten", "Mahnung"), t.pick("Pruefung Anruf Post")
        ),
        einschaetzung_sachbearbeiter=t.rated("kritisch neutral positiv", 1.4 * y, 1.0),
        quote_vollstaendiger_unterlagen=np.round(np.clip(t.normal(0.7 + 0.15 * y, 0.15), 0, 1), 2),
        anzahl_bearbeiter=1 + t.count(np.exp(-0.2 + 0.35 * doubt)),
        tage_seit_letztem_kontakt=t.lognormal(16, 0.8, by=-0.8 * y),
    )
    return t


def courses(strength: float = 1.0) -> Making:
    """Enquiries about courses that end in an enrolment or not: French."""
    t = Making("courses", "fr", 5000, 23, strength)
    wish, age = t.normal(), np.round(t.rng.uniform(17, 55, t.n))
    source = t.pick("moteur publicite parrainage salon direct", "35 30 10 10 15")
    job = t.pick("etudiant salarie chomage independant", "30 35 25 10")
    t.honest(
        source=source,
        age=age,
        situation=job,
        formation_souhaitee=t.pick("gestion informatique langues sante droit"),
        niveau_etudes=t.pick("bac licence master", "45 35 20"),
        ville=t.pick("paris lyon lille nantes toulouse autre", "25 12 10 8 10 35"),
        financement=t.pick("perso cpf employeur bourse", "40 30 20 10"),
        budget_indique=t.lognormal(3200, 0.5),
        duree_formation_mois=t.rng.choice([3, 6, 12, 24], t.n),
        visites_site_avant_demande=t.count(np.exp(0.8 + 0.5 * wish)),
        telephone_donne=t.flag(0.7),
        premier_contact=t.pick("formulaire chat appel", "65 20 15"),
        jour_demande=t.pick("lun mar mer jeu ven sam dim"),
        heure_demande=t.rng.integers(0, 24, t.n),
        mois_avant_rentree=t.rng.integers(0, 10, t.n),
        refuse_email=t.flag(0.08),
        note_orientation_externe=np.round(np.clip(t.normal(12 + 2.2 * wish, 2), 0, 20), 1),
        handicap_declare=t.gaps(t.pick("oui non", "4 96"), 0.3, None),
        distance_km=t.lognormal(25, 1.0),
        ancien_eleve=t.flag(0.07),
        brochure_demandee=t.flag(0.45),
        appareil=t.pick("mobile ordinateur", "60 40"),
        campagne=t.pick("a b c d e"),
        motif=t.pick("emploi reconversion passion obligation", "40 30 20 10"),
        annees_depuis_dernier_diplome=t.years(0, 25),
        places_restantes=t.count(25),
        langue_maternelle=t.pick("fr ar en es", "80 10 6 4"),
    )
    margin = 1.0 * wish + of(source, parrainage=1.0, publicite=-0.6, direct=0.4)
    margin = margin + of(job, salarie=0.5, etudiant=-0.3) - 1.0 * t.columns["refuse_email"]
    y = t.outcome(margin + 0.5 * t.columns["telephone_donne"], 0.37)
    visit, care = t.normal(1.0 * y), t.normal(0.9 * y)
    visits = t.count(np.exp(1.0 + 0.35 * visit))
    t.late(
        temps_total_site_secondes=np.where(t.flag(0.7 + 0.2 * y), t.lognormal(500, 0.6, by=0.4 * visit), 0),
        visites_totales=visits,
        pages_par_visite=np.round(t.rng.gamma(4, 0.6, t.n) * np.exp(0.1 * visit), 2),
        derniere_activite=np.where(
            t.flag(0.55), np.where(y == 1, "sms_envoye", "email_non_lu"), t.pick("page_vue appel chat")
        ),
        qualite_prospect=t.rated("pire faible possible elevee", 1.5 * y, 1.0),
        nombre_appels=t.count(np.exp(0.5 + 0.35 * care)),
        duree_moyenne_appel_min=t.lognormal(4, 0.5, 1, by=0.35 * care),
        jours_avant_decision=t.lognormal(20, 0.6, by=-0.3 * care),
        etiquette_conseiller=np.where(
            t.flag(0.6),
            np.where(
                y == 1, t.pick("reviendra tres_interesse"), t.pick("sonne_libre deja_inscrit faux_numero")
            ),
            t.pick("a_rappeler sans_etiquette interesse_autre"),
        ),
        remise_finale_pct=np.where(t.flag(0.15 + 0.35 * y), t.rng.choice([5, 10, 20], t.n), 0),
        relances_envoyees=t.count(np.exp(0.8 - 0.35 * care)),
    )
    return t


def houses(strength: float = 1.0) -> Making:
    """Houses on offer that are sold in the season or not: Spanish, with dates."""
    t = Making("houses", "es", 1800, 24, strength)
    place, area = t.normal(), t.lognormal(95, 0.4)
    asked = t.lognormal(2300, 0.25, by=0.35 * place + np.log(area))
    worth = np.round(area * 2300 * np.exp(0.35 * place) * np.exp(0.05 * t.normal()))
    state = t.pick("nuevo bueno reformar", "20 55 25")
    on_offer = pd.Timestamp("2024-01-01") + pd.to_timedelta(t.rng.integers(0, 500, t.n), unit="D")
    t.honest(
        fecha_publicacion=on_offer,
        metros_totales=area,
        numero_habitaciones=1 + t.count(2.0),
        numero_banos=1 + t.count(0.7),
        precio_pedido=asked,
        tasacion_externa=worth,
        estado=state,
        tipo=t.pick("piso casa atico duplex", "65 20 8 7"),
        provincia=t.pick("Madrid Barcelona Valencia Sevilla Malaga"),
        planta=t.gaps(t.rng.integers(0, 12, t.n), 0.15),
        ascensor=t.flag(0.6),
        garaje=t.flag(0.4),
        terraza=t.flag(0.45),
        ano_construccion=t.rng.integers(1930, 2024, t.n),
        certificado_energetico=t.pick("A B C D E F G", "4 6 12 24 34 10 10"),
        distancia_centro_km=t.lognormal(4, 0.7, 1),
        distancia_metro_m=t.lognormal(600, 0.8),
        captacion=t.pick("web oficina recomendado cartel", "45 25 20 10"),
        exclusiva=t.flag(0.5),
        fotos_al_publicar=5 + t.count(12),
        dia_publicacion=t.pick("lun mar mie jue vie"),
        orientacion=t.gaps(t.pick("norte sur este oeste"), 0.3, None),
        gastos_comunidad=t.lognormal(75, 0.5),
        propietario=t.pick("particular banco promotor herencia", "70 10 12 8"),
        hipoteca_pendiente=t.flag(0.35),
        veces_publicado_antes=t.count(0.4),
        renta_media_zona=np.round(28_000 * np.exp(0.2 * place + 0.1 * t.normal())),
    )
    dear = scaled(np.log(asked / worth))
    y = t.outcome(
        -1.2 * dear + 0.5 * place + of(state, nuevo=0.6, reformar=-0.5) + 0.4 * t.columns["exclusiva"], 0.6
    )
    pull = t.normal(1.0 * y)
    length = np.round(t.lognormal(75, 0.6, by=-0.5 * pull))
    visits = t.count(np.exp(1.3 + 0.35 * pull))
    t.late(
        fecha_cierre=on_offer + pd.to_timedelta(length, unit="D"),
        dias_en_mercado=length,
        numero_visitas=visits,
        visitas_por_semana=np.round(visits / (length / 7 + 1), 2),
        numero_ofertas=t.count(np.exp(-0.8 + 0.5 * pull)),
        numero_rebajas=t.count(np.exp(-0.1 - 0.4 * pull)),
        precio_final=np.round(asked * (1 - np.abs(t.normal(0.09 - 0.05 * y, 0.03)))),
        descuento_final_pct=np.round(np.clip(t.normal(7 - 3 * y, 3), 0, None), 1),
        llamadas_recibidas=t.count(np.exp(2 + 0.3 * pull)),
        ultima_gestion=np.where(
            t.flag(0.5), np.where(y == 1, "nota_simple", "retirada_anuncio"), t.pick("visita llamada correo")
        ),
        valoracion_agente=t.rated("baja media alta", 1.4 * y, 1.0),
        tiempo_respuesta_medio_h=t.lognormal(12, 0.5, 1, by=-0.3 * pull),
    )
    return t


def solar_plants(strength: float = 1.0) -> Making:
    """Offers of solar plants to firms that are signed or not: Chinese."""
    t = Making("solar_plants", "zh", 1600, 25, strength)
    need, roof = t.normal(), t.lognormal(2200, 0.8)
    bill = t.lognormal(400_000, 0.7, by=0.4 * need)
    owner, kind = t.pick("国企 民企 外企", "25 60 15"), t.pick("制造 物流 零售 农业 学校")
    price = np.round(t.normal(3.4, 0.35), 2)
    t.honest(
        行业=kind,
        企业性质=owner,
        成立年限=t.years(1, 40),
        员工人数=t.lognormal(120, 1.1),
        年营业额=t.lognormal(5e7, 1.0),
        屋顶面积=roof,
        年电费=bill,
        报价单价=price,
        省份=t.pick("江苏 山东 浙江 广东 河北 安徽"),
        线索来源=t.pick("展会 转介绍 网络 电话", "20 15 35 30"),
        首次接触渠道=t.pick("电话 微信 拜访 邮件", "40 30 20 10"),
        信用评级=t.pick("AAA AA A B", "10 30 45 15"),
        日照等级=t.pick("高 中 低", "30 50 20"),
        电价=np.round(t.normal(0.72, 0.08), 3),
        合同期限年=t.rng.choice([5, 10, 15, 20], t.n),
        付款方式意向=t.pick("全款 分期 租赁", "30 40 30"),
        咨询月份=t.rng.integers(1, 13, t.n),
        咨询星期=t.pick("周一 周二 周三 周四 周五"),
        屋顶类型=t.pick("彩钢 混凝土 瓦", "55 38 7"),
        产权自有=t.flag(0.65),
        已有光伏=t.flag(0.12),
        补贴比例=t.rng.choice([0, 5, 10], t.n),
        竞争对手数=t.count(1.5),
        决策人职位=t.pick("采购 经理 总监 老板", "30 35 15 20"),
        距离公里=t.lognormal(90, 0.8),
        环保评分外部=np.round(np.clip(t.normal(60 + 12 * need, 10), 0, 100)),
        预算已定=t.flag(0.3),
    )
    margin = 1.0 * need + 0.4 * scaled(roof) - 0.7 * scaled(price) + 0.9 * t.columns["产权自有"]
    y = t.outcome(margin + 0.6 * t.columns["预算已定"] + of(owner, 国企=-0.4), 0.28)
    effort, pace = t.normal(1.2 * y), t.normal(0.6 * y)
    days = t.lognormal(70, 0.4, by=0.4 * pace)
    calls = t.count(np.exp(1.6 + 0.35 * effort))
    t.late(
        成交周期天数=days,
        拜访次数=t.count(np.exp(0.5 + 0.45 * effort)),
        电话总次数=calls,
        通话总时长分钟=np.round((calls + 1) * t.lognormal(6, 0.4)),
        平均响应时间小时=t.lognormal(16, 0.5, 1, by=-0.35 * effort),
        最后跟进方式=np.where(
            t.flag(0.5), np.where(y == 1, "合同寄送", "无人接听"), t.pick("电话 微信 拜访")
        ),
        最终优惠比例=np.where(t.flag(0.3 + 0.35 * y), np.round(t.rng.gamma(4, 1.2, t.n), 1), 0),
        销售评级=t.rated("差 一般 良好 优秀", 1.5 * y, 1.0),
        方案修改次数=t.count(np.exp(0.2 + 0.4 * effort)),
        跟进总人数=1 + t.count(0.4 + 0.6 * y),
        距上次联系天数=t.lognormal(22, 0.8, by=-0.9 * y),
    )
    return t
