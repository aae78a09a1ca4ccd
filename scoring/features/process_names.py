"""Names of what is measured while a record is worked on, and known only at its end, in five languages.

A name is a doubt only: a length of talks may have been agreed, and "duration in months" is what a loan is asked for. What
speaks of a time before the record, of a plan or of a contract is no doubt at all. The words are those of sales, service
and recruiting as CRMs and their exports spell them, without accents; an umlaut is written ae, oe, ue.
"""

from __future__ import annotations

import re
import unicodedata

COUNTED = "a number or length of what was done"
AT_LAST = "as it was in the end"
MARKED = "a mark that somebody gave"

# Beginnings of words: what is done with a record while it is worked on.
_DONE = """
    call phone meeting email mail contact touch followup follow visit session activit interaction event chat message
    reminder respon repl answer handling processing process cycle talk conversation interview quote offer proposal stage
    ticket revision negotiat appointment demo page click open login logon exchange attempt escalat outreach reschedul sms
    viewing reopen resolution onboarding engagement invited website settlement
    anruf telefonat telefonier telefonkontakt gespraech kontakt besuch termin rueckfrag rueckruf nachfass nachricht
    bearbeit vorgang mahnung erinnerung angebot antwort reaktion sitzung verhandl nachgereicht unterlagen verkaufszyklus
    besichtigung eskalation vermarktung beratung klick oeffnung angebotsversion angebotsrevision revision vorstellung
    statuswechsel phasenwechsel regulierung
    appel entretien echange relance visite rendez rdv reunion reponse traitement processus etape message courriel devis
    negociation rencontr connexion clic prospection ouverture changement instruction
    llamada reunion correo visita seguimiento respuesta gestion proceso etapa incidencia ticket oferta propuesta
    negociacion cita entrevista mensaje sesion rebaja recordatorio clic intento revision cambio resolucion
"""
# Whole words or, with a star, beginnings: a number, a length, a share or a mean of something.
_MEASURES = """
    num number nr no count counts total totals sum duration length minute minutes mins second seconds sec secs hour hours
    hrs day days weeks week time times avg average mean median ratio rate share pct percent percentage per frequency lag
    delay elapsed spent changes completion by rounds
    anzahl anz zahl dauer gesamt* summe minuten sekunden stunden tage wochen zeit quote anteil prozent durchschnitt* mittlere*
    haeufigkeit je pro
    nombre nb duree total* somme minutes secondes heures jours semaines temps delai moyen* taux part pourcent* par
    numero n cantidad duracion suma minutos segundos horas dias semanas tiempo medio media promedio tasa proporcion
    porcentaje por totales recibidas recibidos resueltos resueltas final
    envoyees envoyes sent received
"""
# Counted in the plural, some need no measure.
_PLURALS = """
    calls meetings emails mails touches touchpoints followups visits sessions activities interactions chats messages
    escalations viewings replies responses interviews quotes proposals tickets revisions appointments demos clicks opens
    logins reminders
    verhandlungsrunden angebotsversionen angebotsrevisionen statuswechsel vorstellungsgespraeche
    anrufe telefonate gespraeche besuche termine rueckfragen rueckrufe mahnungen erinnerungen nachfassaktionen
    appels entretiens echanges relances visites reunions rdv reponses changements
    cambios llamadas reuniones correos visitas respuestas incidencias citas entrevistas mensajes sesiones rebajas
"""
_LAST = "last latest final closing letzt* endgueltig* derni* ultim* finale finales definitiv*"
# Of what the last one is known only at the end.
_LASTING = """
    activit* action event contact* step touch seen call meeting visit email mail interaction discount* rebate price offer
    notable login aktivitaet* vorgang kontakt* schritt rabatt preis nachlass massnahme ereignis echange remise prix etape
    actividad gestion accion descuento precio evento visita llamada contacto
"""
_WHO = "lead deal prospect candidate customer csm rep agent seller advisor recruiter sales opportunity"
_THINKS = (
    "quality mark grade rating tag label health assessment feedback opinion verdict sentiment profile index"
)
# A mark that somebody gives a record once it has been worked on.
_MARKS = rf"""
    ({"|".join(_WHO.split())}) (\w+ )?({"|".join(_THINKS.split())})
    health (mark|status)
    tags?
    (interview|interviewer|underwriter|recruiter|analyst|agent|advisor|adviser|adjuster) (\w+ )?(score|mark|rating
        |assessment|remarks?)( score)?
    (\w+ )?(score|rating|assessment) by (the )?(agent|rep|advisor|adviser|recruiter|interviewer|staff)
    (bewertung|note|urteil) (des |der |durch )?(sachbearbeiter|berater|verkaeufer|gutachter|vorstellungsgespraech)\w*
    (score|appreciation|note|avis) (du |de )?(conseiller|gestionnaire|commercial|recruteur|expert)
    (lead|bewerber|kunden|kontakt) ?(bewertung|note)( vertrieb)?
    (qualitaets?|qualitaet) ?(einschaetzung|bewertung|urteil)?
    (lead|kontakt) ?qualitaet
    (einschaetzung|beurteilung) \w+
    \w+ (einschaetzung|beurteilung)
    (avis|appreciation|qualite|etiquette|evaluation|note) (du |de )?(prospect|recruteur|conseiller|vendeur|commercial|agent)
    (score|note|puntuacion|nota) (d |de |del |de la )?(entretien|entrevista)
    (qualite|valoracion|calidad|calificacion) (du |del? )?(lead|prospect|prospecto|contact|contacto)
        (agent|agente|comercial|commercial|vendeur|vendedor)
    dictamen( \w+)*
    (valoracion|evaluacion|calificacion|calidad|opinion|etiqueta|nota) (del? )?(gestor|agente|vendedor|comercial|asesor|prospecto)
"""
# What was given or paid in the end.
_GIVEN = r"""
    (total |final )?(claim|claims|settlement) (amount )?(paid|settled)( \w+)*
    (total|final) (claim|settlement) \w+
    discount (given|granted)( \w+)*
    (granted|given|final) discount( \w+)*
    (end|schluss)rabatt
    (gewaehrter|eingeraeumter) (rabatt|nachlass)( \w+)*
    (regulierungs|auszahlungs|entschaedigungs)\w+( \w+)*
    (schaden|gesamt)aufwand( \w+)*
    remise (accordee|consentie)( \w+)*
    montant (indemnise|regle)( \w+)*
    descuento (otorgado|concedido|aplicado)( \w+)*
    (monto|importe) (indemnizado|liquidado)( \w+)*
    (horas|heures|stunden) (invertidas|passees|dedicadas|investies|geleistet)( \w+)*
    temps passe( \w+)*
    delai (de )?cloture( \w+)*
    \w+ zuletzt
    verweildauer( \w+)*
"""
# A span that ends with the outcome.
_SPANS = r"""
    (days?|time|hours?|weeks?|months?) (to|until|till|before|in|on) (the )?(close|closing|decision|sale|signature|hire
        |purchase|settlement|payout
        |outcome|market|stage|pipeline|conversion|website|site)
    (days?|hours?) (since|from) (the )?last (?!purchase|order|payment|claim|renewal|visit)\w+
    days open
    (sales|selling|buying|deal|opportunity|pipeline|case|claim|funnel) (\w+ )?(cycle|length|age|duration|velocity|time|days)
    (cycle|deal|sales|case|claim) (length|duration|time|days)
    (length|duration) of (the )?(sales|sale|deal|cycle|process|case|claim|talks?|negotiations?)
    (total |overall )?time (spent|worked|taken|invested)( \w+)*
    (days|hours|weeks) (worked|spent|needed|taken)( \w+)*
    tage (bis|seit letzt\w*) \w+
    \w+ bis (zu[rm]? )?(entscheidung|abschluss|verkauf|unterschrift|vertrag|einstellung|auszahlung)
    durchlaufzeit
    pruef(ungs)?dauer( \w+)?
    (verkaufs|vertriebs|sales|abschluss|deal|schadenbearbeitungs|gesamt)(prozess|zyklus)?(dauer|zeit|zyklus|tage)
    (dauer|laenge) (des |der )?(verkaufs\w*|vertriebs\w*|prozess\w*|verhandlung\w*|vorgang\w*)
    jours (avant|jusqu a) (la )?(decision|signature|vente|inscription)
    delai (de |d |avant )?(la )?(decision|signature|vente|reglement|embauche|indemnisation)( \w+)?
    (duree|longueur|cycle) (du |de |de la )?(cycle|vente|negociation|processus|dossier|traitement)( de vente)?
    jours depuis (le |la )?derni\w* \w+
    (versions?|revisions?|rounds?) (of )?(the )?(quote|offer|proposal|interview|negotiation)s?
    (quote|offer|proposal|interview|negotiation) (versions?|revisions?|rounds?)
    (versiones|revisiones) (de )?(la )?(oferta|cotizacion|propuesta)
    dias (hasta|en) (el |la )?\w+
    (dias|tiempo|plazo) (de |del |al |a )?(cierre|venta|decision|tramitacion|gestion|contratacion|resolucion|firma)
    (duracion|ciclo) (de |del |de la )?(ciclo|venta|ventas|negociacion|proceso|tramite)( de ventas?)?
    dias desde (el |la )?ultim\w* \w+
    (temps|tiempo) total( \w+)*
"""
# German makes one word of two: "Gespraechsdauer", "Bearbeitungszeit", "Rueckrufquote".
_JOINED = (
    r"(gespraech|bearbeitung|anruf|telefonat|antwort|reaktion|rueckruf|besuch|kontakt|prozess|verhandlung|beratung)\w*"
    r"(dauer|zeit|quote|anzahl|tage|minuten|stunden)"
)
# What was so before the record was worked on, or is agreed, asked for or planned, is known from the first day.
_BEFORE = """
    prior previous* past earlier histor* first initial* request* wanted wish* plan planned preferred desired asked agreed
    contract* term terms trial credit external outside existing age founded signup lifetime expected estimated target
    timeframe year years
    bevorzugt* vorher* frueher* bisher* vorjahr* erst* gewuenscht* geplant* beantragt* angefragt* vertrag* laufzeit* alter extern*
    beschaeftigung* verglichen* vorversicher* vorschaeden jahre
    prefer* precedent* anterieur* premi* souhait* demande demandee prevu* contrat* experience formation preavis ancien* pret
    previo previa previos previas anterior* primer* inicial* inicio solicitad* desead* previst* prestamo antiguedad edad
    anunciad* ano anos annees
"""
_BEFORE_SPANS = (
    "duree (d )?engagement|(before|vor|avant|antes)(?! (the |la |de |el )*"
    r"(decision|clos\w*|outcome|sale|signature|vente|abschluss|entscheidung))"
)

_ZH_BEFORE = (
    "首选|偏好|方便|咨询前|投保前|申请前|上次|历史|首次|第一次|初次|以前|之前|往年|去年|期限|合同|计划|预计|意向|申请|外部|信用"
    "|年限|成立|注册|标价"
)
_ZH_DONE = (
    "通话|电话|拜访|沟通|联系|跟进|会话|会议|客服|响应|回复|处理|成交|结算|邮件|短信|面试|报价|方案|浏览|停留|点击|登录"
    "|版本|轮|催收|外呼|带看|理赔|招聘|升级|发送|顾问|修改|提醒|服务|谈判|活动|流程|审批|办理|访问|接触|洽谈|反馈|销售|互动"
)
_ZH_MEASURES = "次数|轮次|轮数|版本数|总数|时长|时间|分钟|秒|小时|天数|周期|人数|页数|率|频率|比例"
_ZH_COUNTED = (
    f"({_ZH_DONE}).*({_ZH_MEASURES})|(总|平均|累计)(次数|时长|时间|耗时|天数|分钟)|耗时|用时|跟进.*数"
    "|(发送|拨打|接通)数"
)
_ZH_MARKED = "(销售|客服|顾问|经理|线索|业务员|招聘|面试官?|审核员?).*(评级|评价|评分|打分|质量|标签|意见|判断)|线索质量|跟进标签"
_ZH_GIVEN = "实际(赔付|成交|回款)金额|赔付金额|议价幅度"
_ZH = (
    (_ZH_COUNTED, COUNTED),
    ("最后|最终|最近一次|最近(联系|跟进|沟通|拜访)|末次|距上次|距最后|结束", AT_LAST),
    (_ZH_MARKED, MARKED),
    (_ZH_GIVEN, AT_LAST),
)


_IS_OF_ANOTHER = re.compile(
    r"^(prior|previous|past|earlier|former|vorherig\w*|frueher\w*|ancien\w*|anterior\w*|previ[oa]s?) "
)
"""What happened to an earlier record was over before this one began."""


def _any(words: str) -> str:
    """A pattern for one of some words; a star stands for any ending."""
    return "|".join(w.replace("*", r"\w*") for w in words.split())


def _phrases(lines: str) -> str:
    """A pattern for one of some phrases, a line each (a line that is indented further goes on with the one before)."""
    return "|".join(p.strip() for p in re.sub(r"\n {8,}", "", lines).split("\n") if p.strip())


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)({pattern})(?!\w)")


_IS_DONE = _whole(rf"({'|'.join(_DONE.split())})\w*")
_IS_MEASURE, _IS_PLURAL = _whole(_any(_MEASURES)), _whole(_any(_PLURALS))
_IS_LAST = _whole(rf"({_any(_LAST)}) (\w+ )?({_any(_LASTING)})|({_any(_LASTING)}) ({_any(_LAST)})")
_IS_MARK, _IS_SPAN, _IS_JOINED = _whole(_phrases(_MARKS)), _whole(_phrases(_SPANS)), _whole(_JOINED)
_IS_GIVEN = _whole(_phrases(_GIVEN))
_IS_BEFORE = _whole(f"{_any(_BEFORE)}|{_BEFORE_SPANS}")


def words_of(name: str) -> str:
    """A name as small words without accents, separated by blanks.

    >>> words_of("deals.c_Durée_totale"), words_of("avgResponseTime__c"), words_of("Gesprächsdauer (Sek)")
    ('duree totale', 'avg response time', 'gespraechsdauer sek')
    >>> words_of("number.of.meetings")
    'number of meetings'
    """
    owner, _, rest = name.partition(".")
    # A field of the CRM with its object before it; other people write a dot where a blank would be.
    own = rest.partition(".")[0] if owner in ("deals", "contacts", "companies") and rest else name
    own = re.sub(r"^(c_|hs_)|__c$", "", own.strip())
    own = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", own).lower()
    own = own.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    plain = "".join(c for c in unicodedata.normalize("NFD", own) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z]+|\d+", plain))


# Numbers that are names of something, and hours that a door is open.
_IS_A_NAME = re.compile(
    r"\b(phone|telephone|telefon|fax|mobile|opening|office|business|house|account|customer|postal|tax|vat|registration|order|"
    r"serial) (number|numbers|nr|no|nummer|hours|times?|id)\b"
)


def process_measure(name: str) -> str:
    """What a name says that is known only at the end of a record, "" where it says nothing of the kind.

    >>> process_measure("number_of_meetings"), process_measure("Letzte Aktivität"), process_measure("avis_recruteur")
    ('a number or length of what was done', 'as it was in the end', 'a mark that somebody gave')
    >>> process_measure("contract_duration"), process_measure("visits_before_inquiry"), process_measure("laufzeit_monate")
    ('', '', '')
    """
    if re.search(r"[\u4e00-\u9fff]", name):
        said = "" if re.search(_ZH_BEFORE, name) else "?"
        return said and next((why for pattern, why in _ZH if re.search(pattern, name)), "")
    words = words_of(name)
    if _IS_A_NAME.search(words):
        return ""
    if _IS_SPAN.search(words) and not _IS_OF_ANOTHER.search(words):
        return COUNTED
    if _IS_BEFORE.search(words):
        return ""
    if _IS_MARK.search(words):
        return MARKED
    if _IS_GIVEN.search(words):
        return AT_LAST
    if _IS_LAST.search(words):
        return AT_LAST
    counted = _IS_DONE.search(words) and _IS_MEASURE.search(words)
    if counted or _IS_PLURAL.search(words) or _IS_JOINED.search(words) or words == "duration":
        return COUNTED
    return ""
