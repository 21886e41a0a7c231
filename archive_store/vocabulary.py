"""Words of a case file that are not secrecy: kinds of act, procedures, stages, states, roles of persons, carriers.

Each member's `zh` is the regulation's own word. Source: 办法 Art. 2, 3, 18, 19-23; DA/T 22; GB/T 18894.
"""

from __future__ import annotations

from enum import StrEnum


class TitledEnum(StrEnum):
    """A text enum whose members carry a Chinese title: `NAME = "code", "标题"`."""

    zh_text: str

    def __new__(cls, value: str, zh: str = "") -> TitledEnum:  # noqa: PYI034 - Self is not allowed for enum members
        """Keep the code as the value and the title beside it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh_text = zh
        return member

    @property
    def zh(self) -> str:
        """The member's name in Chinese."""
        return self.zh_text


class UnmaskGround(TitledEnum):
    """Why somebody sees the identity number, phone and address of a person in full."""

    IDENTITY = "identity", "核对当事人身份"
    SERVICE = "service", "送达文书"
    COPY_REQUEST = "copy_request", "核验复制申请"
    AUTHORITY = "authority", "有关机关依法调取"
    CORRECTION = "correction", "核实记载有误"
    DRAFTING = "drafting", "著录草稿"


class ActKind(TitledEnum):
    """Kinds of enforcement act (Art. 2)."""

    LICENSING = "licensing", "行政许可"
    PENALTY = "penalty", "行政处罚"
    COERCION = "coercion", "行政强制"
    LEVY = "levy", "行政征收"
    FEE = "fee", "行政收费"
    INSPECTION = "inspection", "行政检查"
    OTHER = "other", "其他"


class Procedure(TitledEnum):
    """Ordinary or summary procedure (Art. 6, 18)."""

    ORDINARY = "ordinary", "一般程序"
    SUMMARY = "summary", "简易程序"


class Stage(TitledEnum):
    """The five stages of enforcement (Art. 3)."""

    START = "start", "程序启动"
    INVESTIGATION = "investigation", "调查取证"
    DECISION = "decision", "审查决定"
    SERVICE = "service", "送达执行"
    FILING = "filing", "归档管理"


class ServiceMethod(TitledEnum):
    """How documents were served (Art. 19-23)."""

    DIRECT = "direct", "直接送达"
    MAIL = "mail", "邮寄送达"
    LEFT = "left", "留置送达"
    ENTRUSTED = "entrusted", "委托（转交）送达"
    PUBLIC_NOTICE = "public_notice", "公告送达"


class Fact(TitledEnum):
    """Facts of a file that open rules."""

    EX_OFFICIO = "ex_officio", "依职权启动"
    EMERGENCY_START = "emergency_start", "情况紧急先行启动"
    MAJOR_ACT = "major_act", "重大行政执法行为"
    COMPLAINT = "complaint", "因投诉举报启动"
    COMPLAINT_NOT_TAKEN_UP = "complaint_not_taken_up", "实名投诉举报不启动"
    INVESTIGATED = "investigated", "进行过调查取证"
    SITE_INSPECTION = "site_inspection", "现场检查（勘验）"
    SAMPLING = "sampling", "抽样取证"
    TESTING = "testing", "检验检测鉴定"
    WITNESS_QUESTIONED = "witness_questioned", "询问证人"
    HEARING = "hearing", "举行听证"
    EVIDENCE_PRESERVED = "evidence_preserved", "证据登记保存"
    COERCIVE_MEASURE = "coercive_measure", "采取行政强制措施"
    SEIZURE = "seizure", "查封扣押"
    DECISION_DRAFTED = "decision_drafted", "草拟行政执法决定"
    LEGAL_REVIEW = "legal_review", "法制机构审查"
    COLLECTIVE_DISCUSSION = "collective_discussion", "集体讨论"
    EXPERT_REVIEW = "expert_review", "专家论证"
    DECISION_MADE = "decision_made", "作出行政执法决定"
    COLLECTED_ON_SPOT = "collected_on_spot", "当场收缴罚款"
    DISPUTE_PRONE = "dispute_prone", "容易引起行政争议"
    CORRECTION_ORDERED = "correction_ordered", "责令改正"
    PERFORMANCE_OVERDUE = "performance_overdue", "逾期不履行"
    STATEMENT_MADE = "statement_made", "当事人陈述申辩"
    SURCHARGE = "surcharge", "加处罚款或滞纳金"
    REMOVAL = "removal", "排除妨碍、恢复原状"
    SUBSTITUTE_PERFORMANCE = "substitute_performance", "代履行"
    OTHER_ENFORCEMENT = "other_enforcement", "其他强制执行方式"
    COURT_APPLICATION = "court_application", "申请法院强制执行"


class Late(TitledEnum):
    """What was done after its term; it stays with a file for ever (Art. 6, 28)."""

    FILING = "filing", "归档逾期"
    RECORDING = "recording", "音像记录存储逾期"
    EMERGENCY_FORM = "emergency_form", "紧急启动补报逾期"


class Retention(TitledEnum):
    """保管期限, counted from the year after the act ended."""

    PERMANENT = "permanent", "永久"
    YEARS_30 = "30y", "30年"
    YEARS_10 = "10y", "10年"


class CaseState(TitledEnum):
    """Where a case stands on the way to the archive."""

    DRAFT = "draft", "整理中"
    HANDED_OVER = "handed_over", "已移交待接收"
    ACCEPTED = "accepted", "已接收待封存"
    SEALED = "sealed", "已封存"


class PersonKind(TitledEnum):
    """Natural or legal person."""

    NATURAL = "natural", "自然人"
    LEGAL = "legal", "法人或其他组织"


class PersonRole(TitledEnum):
    """What a person is in the case; only the first three may ask for copies (Art. 30)."""

    PARTY = "party", "当事人"
    APPLICANT = "applicant", "申请人"
    THIRD_PERSON = "third_person", "第三人"
    INFORMANT = "informant", "举报人"
    WITNESS = "witness", "证人"
    AGENT = "agent", "代理人"
    LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
    OTHER = "other", "其他"


MAY_ASK_FOR_COPIES = frozenset({PersonRole.PARTY, PersonRole.APPLICANT, PersonRole.THIRD_PERSON})


class CarrierKind(TitledEnum):
    """Whether an item was born digital or digitised from paper (GB/T 18894)."""

    BORN_DIGITAL = "born_digital", "原生电子"
    DIGITISED = "digitised", "纸质数字化"
