"""Words of a copy request: kinds, channels, states, steps, advice, ways of delivery, as tables and pages use them.

Source: 办法 Art. 30, 31. Which step leads where is `archive_store.copy_requests`.
"""

from __future__ import annotations

from archive_store.vocabulary import TitledEnum


class RequestKind(TitledEnum):
    """Who asks, and on what footing."""

    PARTY = "party", "当事人申请"
    OFFICIAL = "official", "公务调取"
    INTERNAL = "internal", "内部查阅"


class Channel(TitledEnum):
    """Where the request came in."""

    COUNTER = "counter", "窗口"
    ONLINE = "online", "网上"


class RequestState(TitledEnum):
    """Where a request stands."""

    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "已提交待核验"
    ACCEPTED = "accepted", "已受理"
    IN_REVIEW = "in_review", "保密审查中"
    IN_PREPARATION = "in_preparation", "制作中"
    AWAITING_APPROVAL = "awaiting_approval", "待审批"
    APPROVED = "approved", "同意复制"
    PARTLY_APPROVED = "partly_approved", "部分同意复制"
    REFUSED = "refused", "不予复制"
    WITHDRAWN = "withdrawn", "已撤回"
    DELIVERED = "delivered", "已领取"
    EXPIRED = "expired", "领取期已过"

    @property
    def is_decided(self) -> bool:
        """Whether the request has come to its end: granted, granted in part, refused or withdrawn."""
        return self in DECIDED


S = RequestState
DECIDED = frozenset({S.APPROVED, S.PARTLY_APPROVED, S.REFUSED, S.WITHDRAWN, S.DELIVERED, S.EXPIRED})
AT_WORK = frozenset({S.ACCEPTED, S.IN_REVIEW, S.IN_PREPARATION, S.AWAITING_APPROVAL})
UNDECIDED = AT_WORK | {S.DRAFT, S.SUBMITTED}
GRANTED = frozenset({S.APPROVED, S.PARTLY_APPROVED})


class Step(TitledEnum):
    """The steps of a request; an audit event is named `copy_request:<step>`."""

    SUBMIT = "submit", "提交申请"
    RETURN_TO_REQUESTER = "return_to_requester", "退回补正"
    ACCEPT = "accept", "核验受理"
    REFER = "refer", "送保密审查"
    GIVE_OPINION = "give_opinion", "出具审查意见"
    BEGIN_PREPARATION = "begin_preparation", "开始制作"
    PREPARE = "prepare", "制作复制件"
    SUBMIT_RELEASE = "submit_release", "提交审批"
    PROPOSE_REFUSAL = "propose_refusal", "拟不予复制，提交审批"
    SEND_BACK = "send_back", "退回重新制作"
    SEND_BACK_PROPOSAL = "send_back_proposal", "退回重新核验"
    APPROVE = "approve", "同意复制"
    APPROVE_PART = "approve_part", "部分同意复制"
    REFUSE = "refuse", "不予复制"
    CHANGE_RELEASE = "change_release", "撤回重新制作"
    VOID_RELEASE = "void_release", "因密级或标识变动，审批失效"
    EXTEND = "extend", "延长期限"
    WITHDRAW = "withdraw", "撤回申请"
    WITHDRAW_AT_COUNTER = "withdraw_at_counter", "窗口办理撤回"
    DOWNLOAD = "download", "下载复制件"
    HAND_OUT = "hand_out", "窗口领取复制件"
    EXPIRE = "expire", "领取期届满"


class Advice(TitledEnum):
    """What the secrecy reviewer advises on one item."""

    RELEASE = "release", "可以提供"
    REDACT = "redact", "遮盖后提供"
    WITHHOLD = "withhold", "不予提供"


class DeliveryWay(TitledEnum):
    """How the recipient wants the copy."""

    DOWNLOAD = "download", "网上下载"
    COUNTER = "counter", "窗口领取"
