"""What the log records: names of events, the event itself, and the bytes that its leaf binds.

- An event says who did what to which object, when, and how it ended. It holds no content, no secret and no name of
  a person: ids, numbers and codes only.
- Details are kept beside the leaf, which holds only SHA-256(salt || canonical details): they can be emptied later
  and the leaf still stands.
- The data of a leaf is the canonical JSON (RFC 8785) of its fields; `FORMAT` is its version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

import rfc8785

from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
SALT_BYTES = 16
MAX_DETAILS_BYTES = 8192
LEAF = "audit_leaf"
"""`object_type` of events about a leaf; their object_id is its leaf hash in hex."""


class EventName(TitledEnum):
    """`subject:action`; a new member needs no change of the tables."""

    ACCESS_DENIED = "access:denied", "访问被拒绝"
    ACCOUNT_ASK_RIGHT = "account:ask_right", "申请授权"
    ACCOUNT_BIND_LOGIN = "account:bind_login", "绑定登录身份"
    ACCOUNT_CODE = "account:code", "换发启用码"
    ACCOUNT_CREATE = "account:create", "新建账号"
    ACCOUNT_DISABLE = "account:disable", "停用账号"
    ACCOUNT_ENROL = "account:enrol", "启用账号"
    ACCOUNT_ENABLE = "account:enable", "恢复账号"
    ACCOUNT_END_SESSION = "account:end_session", "结束登录"
    ACCOUNT_GRANT = "account:grant", "授予权限"
    ACCOUNT_LOGIN = "account:login", "登录"
    ACCOUNT_LOGIN_FAILED = "account:login_failed", "登录失败"
    ACCOUNT_LOGOUT = "account:logout", "退出登录"
    ACCOUNT_PASSWORD = "account:password", "修改密码"
    ACCOUNT_REFUSE_RIGHT = "account:refuse_right", "不予授权"
    ACCOUNT_RESET = "account:reset", "重置登录方式"
    ACCOUNT_REVOKE = "account:revoke", "收回权限"
    ACCOUNT_STEP_UP = "account:step_up", "再次验证身份"
    ACCOUNT_STEP_UP_FAILED = "account:step_up_failed", "再次验证身份失败"
    ACCOUNT_TOKEN = "account:token", "签发命令行令牌"
    ACCOUNT_UNBIND_LOGIN = "account:unbind_login", "解除登录身份"
    ACCOUNT_WITHDRAW_RIGHT = "account:withdraw_right", "撤回授权申请"
    AUDIT_CHECKPOINT = "audit:checkpoint", "导出日志检查点"
    AUDIT_COSIGN = "audit:cosign", "见证日志检查点"
    AUDIT_READ = "audit:read", "查阅日志"
    AUDIT_REDACT = "audit:redact", "清除日志明细"
    AUDIT_VERIFY = "audit:verify", "核验日志"
    BACKUP_MAKE = "backup:make", "备份"
    BACKUP_RESTORE = "backup:restore", "恢复备份"
    CASE_ACCEPT = "case:accept", "接收案卷"
    CASE_BEGIN = "case:begin", "新建案卷"
    CASE_CHECK = "case:check", "四性检测"
    CASE_DISCARD = "case:discard", "删除草稿"
    CASE_EDIT = "case:edit", "修改案卷信息"
    CASE_HAND_OVER = "case:hand_over", "移交案卷"
    CASE_IMPORT = "case:import", "导入案卷"
    CASE_RETURN = "case:return", "退回案卷"
    CASE_SEAL = "case:seal", "封存案卷"
    CASE_VERIFY = "case:verify", "核验案卷"
    CASE_VIEW = "case:view", "查看案卷"
    CASE_WAIVE = "case:waive", "豁免问题"
    CONFIG_CHANGE = "config:change", "修改设置"
    COPY_VERIFY = "copy:verify", "核验复制件"
    COPY_WITHDRAW = "copy:withdraw", "撤回复制件"
    COPY_REQUEST_ACCEPT = "copy_request:accept", "核验受理复制申请"
    COPY_REQUEST_APPROVE = "copy_request:approve", "同意复制"
    COPY_REQUEST_APPROVE_PART = "copy_request:approve_part", "部分同意复制"
    COPY_REQUEST_BEGIN = "copy_request:begin", "填写复制申请"
    COPY_REQUEST_BEGIN_PREPARATION = "copy_request:begin_preparation", "开始制作复制件"
    COPY_REQUEST_CHANGE_RELEASE = "copy_request:change_release", "撤回重新制作"
    COPY_REQUEST_DISCARD = "copy_request:discard", "删除未提交的申请"
    COPY_REQUEST_DOWNLOAD = "copy_request:download", "下载复制件"
    COPY_REQUEST_EXPIRE = "copy_request:expire", "复制件领取期届满"
    COPY_REQUEST_EXTEND = "copy_request:extend", "延长办理期限"
    COPY_REQUEST_GIVE_OPINION = "copy_request:give_opinion", "出具保密审查意见"
    COPY_REQUEST_HAND_OUT = "copy_request:hand_out", "窗口领取复制件"
    COPY_REQUEST_PREPARE = "copy_request:prepare", "制作复制件"
    COPY_REQUEST_PROPOSE_REFUSAL = "copy_request:propose_refusal", "拟不予复制"
    COPY_REQUEST_REFER = "copy_request:refer", "送保密审查"
    COPY_REQUEST_REFUSE = "copy_request:refuse", "不予复制"
    COPY_REQUEST_RETURN_TO_REQUESTER = "copy_request:return_to_requester", "退回申请人补正"
    COPY_REQUEST_SEND_BACK = "copy_request:send_back", "退回重新制作"
    COPY_REQUEST_SEND_BACK_PROPOSAL = "copy_request:send_back_proposal", "退回重新核验"
    COPY_REQUEST_SIGN = "copy_request:sign", "签发复制件"
    COPY_REQUEST_SUBMIT = "copy_request:submit", "提交复制申请"
    COPY_REQUEST_SUBMIT_RELEASE = "copy_request:submit_release", "提交审批"
    COPY_REQUEST_VIEW = "copy_request:view", "查看复制申请"
    COPY_REQUEST_VIEW_PAGE = "copy_request:view_page", "查看拟提供的页面"
    COPY_REQUEST_VOID_RELEASE = "copy_request:void_release", "审批失效"
    COPY_REQUEST_WITHDRAW = "copy_request:withdraw", "撤回复制申请"
    COPY_REQUEST_WITHDRAW_AT_COUNTER = "copy_request:withdraw_at_counter", "窗口撤回复制申请"
    DEPARTMENT_CHANGE = "department:change", "修改部门"
    DEPARTMENT_CREATE = "department:create", "设立部门"
    DUTY_ASSIGN = "duty:assign", "指定职责"
    DUTY_END = "duty:end", "结束职责"
    FACTOR_ADD_KEY = "factor:add_key", "登记安全密钥"
    FACTOR_DISABLE = "factor:disable", "关闭动态验证码"
    FACTOR_ENABLE = "factor:enable", "开启动态验证码"
    FACTOR_KEY_COPIED = "factor:key_copied", "安全密钥疑被复制"
    FACTOR_NEW_CODES = "factor:new_codes", "换发备用码"
    FACTOR_REMOVE_KEY = "factor:remove_key", "删除安全密钥"
    FACTOR_USE_CODE = "factor:use_code", "使用备用码"
    INDEX_REBUILD = "index:rebuild", "重建索引"
    INDEX_UPDATE = "index:update", "更新索引"
    ITEM_ADD = "item:add", "添加文件"
    ITEM_CORRECT_TEXT = "item:correct_text", "校正页面文字"
    ITEM_EDIT = "item:edit", "修改文件信息"
    ITEM_PLAY = "item:play", "播放音像记录"
    ITEM_REMOVE = "item:remove", "移除文件"
    ITEM_SET_LISTABLE = "item:set_listable", "确定可列示文件"
    ITEM_VIEW_PAGE = "item:view_page", "查看页面"
    KEY_CHANGE = "key:change", "更换密钥"
    LABEL_DECIDE = "label:decide", "确定密级标志"
    LABEL_FALL = "label:fall", "保密期限届满降密"
    LABEL_PROPOSE = "label:propose", "拟定密级标志"
    LABEL_REFUSE = "label:refuse", "未采纳定密建议"
    LABEL_REVIEW = "label:review", "审核密级"
    LABEL_WITHDRAW = "label:withdraw", "撤回定密建议"
    PERSON_BIND = "person:bind", "关联当事人账号"
    PERSON_UNBIND = "person:unbind", "解除当事人关联"
    PERSON_UNMASK = "person:unmask", "查看人员完整信息"
    RECOVERY_BEGIN = "recovery:begin", "申请恢复登录"
    RECOVERY_CONFIRM = "recovery:confirm", "核准恢复登录"
    RECOVERY_EXPIRE = "recovery:expire", "恢复登录过期"
    RECOVERY_REFUSE = "recovery:refuse", "不予恢复登录"
    RECOVERY_USE = "recovery:use", "凭恢复码重设密码"
    RECOVERY_WITHDRAW = "recovery:withdraw", "撤回恢复登录"
    SEARCH_EXPORT = "search:export", "导出检索结果"
    SEARCH_FORGET = "search:forget", "删除检索记录"
    SEARCH_SAVE = "search:save", "保存检索"
    SUPERVISION_VIEW = "supervision:view", "查看监督看板"
    URGENT_ASK = "urgent:ask", "申请紧急查阅"
    URGENT_END = "urgent:end", "紧急查阅结束"
    URGENT_LAPSE = "urgent:lapse", "紧急查阅申请失效"
    URGENT_OPEN = "urgent:open", "开启紧急查阅"
    URGENT_REFUSE = "urgent:refuse", "不予紧急查阅"
    URGENT_REVIEW = "urgent:review", "审查紧急查阅"
    SEARCH_QUERY = "search:query", "检索"
    STORAGE_VERIFY = "storage:verify", "核验存储"
    TOKEN_MAKE = "token:make", "签发访问令牌"
    TOKEN_WITHDRAW = "token:withdraw", "作废访问令牌"


class Outcome(TitledEnum):
    """How it ended."""

    DONE = "done", "完成"
    REFUSED = "refused", "拒绝"
    FAILED = "failed", "失败"


LONGEST = {"name": 60, "actor_id": 80, "object_type": 40, "object_id": 80, "request_id": 80}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `actor_id` is None where nobody is known; `details` are small JSON values.

    Raises:
        ValueError: the moment has no time zone, the outcome is none of `Outcome`, or a field is too long or holds
            control characters, which not every database keeps as they are.
    """

    name: EventName
    actor_id: str | None
    object_type: str
    object_id: str
    outcome: str = Outcome.DONE
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    details: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be written the same way twice."""
        if self.at.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        Outcome(self.outcome)
        for name, longest in LONGEST.items():
            value: str = getattr(self, name) or ""
            if len(value) > longest or not value.isprintable():
                raise ValueError(f"{name} of an event is at most {longest} printable characters")

    def canonical_details(self) -> bytes:
        """The details in canonical JSON, at most 8 KiB.

        Raises:
            ValueError: they are too large, or hold what JSON cannot say exactly.
        """
        text = rfc8785.dumps(dict(self.details))
        if len(text) > MAX_DETAILS_BYTES:
            raise ValueError(f"the details of an event are for a few codes and numbers, not for {len(text)} bytes")
        return text


def commitment_to(salt: bytes, details: bytes) -> bytes:
    """SHA-256(salt || canonical details): binds the details and tells nothing of them."""
    return sha256(salt + details).digest()


def leaf_data(fields: Mapping[str, Any]) -> bytes:
    """The bytes whose RFC 9162 leaf hash enters the tree, from the fields of a row of `audit_leaves`.

    Columns that do not belong to the leaf (id, position, salt, details) are not looked at.
    """
    return rfc8785.dumps(
        {
            "v": fields["version"],
            "name": fields["name"],
            "actor": fields["actor_id"],
            "object": {"type": fields["object_type"], "id": fields["object_id"]},
            "outcome": fields["outcome"],
            "at": _moment(fields["at"]),
            "request": fields["request_id"],
            "commitment": cast("bytes", fields["commitment"]).hex(),
        }
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
