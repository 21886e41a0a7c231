"""Who acts: roles, duties and the actor that every service method is given.

Source: 办法 Art. 5, 29-31; section "who may do what" of `docs/access-matrix.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from archive_store.labels import Level, Mark
from archive_store.vocabulary import TitledEnum

if TYPE_CHECKING:
    from datetime import datetime


class Role(StrEnum):
    """The offices of section 7; three administrators exclude each other (三员)."""

    HANDLER = "handler"
    ARCHIVIST = "archivist"
    LEADER = "leader"
    SECRECY_REVIEWER = "secrecy_reviewer"
    CLASSIFICATION_OFFICER = "classification_officer"
    PARTY = "party"
    LEGAL_OFFICE = "legal_office"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    SECURITY_ADMINISTRATOR = "security_administrator"
    SECURITY_AUDITOR = "security_auditor"
    SERVICE = "service"

    @property
    def zh(self) -> str:
        """The role's name in Chinese."""
        return _ROLE_TITLES[self]


_ROLE_TITLES = {
    Role.HANDLER: "承办人",
    Role.ARCHIVIST: "档案管理员",
    Role.LEADER: "主管领导",
    Role.SECRECY_REVIEWER: "保密审查员",
    Role.CLASSIFICATION_OFFICER: "定密责任人",
    Role.PARTY: "当事人",
    Role.LEGAL_OFFICE: "法制机构",
    Role.SYSTEM_ADMINISTRATOR: "系统管理员",
    Role.SECURITY_ADMINISTRATOR: "安全保密管理员",
    Role.SECURITY_AUDITOR: "安全审计员",
    Role.SERVICE: "系统服务",
}


class RightKind(TitledEnum):
    """What a person can be given; `value` of a right is a role, a level, a mark, a department or a case."""

    ROLE = "role", "角色"
    CLEARANCE = "clearance", "可阅密级"
    MARK = "mark", "可阅标识"
    MEMBERSHIP = "membership", "所属部门"
    LEADERSHIP = "leadership", "主管部门"
    DEPUTY = "deputy", "代行主管"
    CASE = "case", "开放案卷"
    DEPARTMENT = "department", "开放部门案卷"


class BindingKind(TitledEnum):
    """Where an identity comes from that an account is bound to."""

    SINGLE_SIGN_ON = "single_sign_on", "统一身份认证"
    CERTIFICATE = "certificate", "数字证书"


class AskState(TitledEnum):
    """What became of a right that was asked for."""

    OPEN = "open", "待授权"
    GRANTED = "granted", "已授予"
    REFUSED = "refused", "不予授予"
    WITHDRAWN = "withdrawn", "已撤回"


class RecoveryState(TitledEnum):
    """What became of the recovery of an account."""

    OPEN = "open", "待核准"
    CONFIRMED = "confirmed", "已核准，恢复码未使用"
    REFUSED = "refused", "不予核准"
    WITHDRAWN = "withdrawn", "已撤回"
    USED = "used", "已重设密码"
    EXPIRED = "expired", "已过期"


class UrgentState(TitledEnum):
    """What became of an urgent reading that was asked for."""

    OPEN = "open", "已登记，等待处理"
    GRANTED = "granted", "已同意"
    REFUSED = "refused", "不予同意"
    LAPSED = "lapsed", "已失效"


ADMINISTRATORS = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.SECURITY_AUDITOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or named service) with every fact that the policy asks about the one who acts.

    `departments` are the departments the person belongs to, `in_charge` those it answers for as leader or
    deputy today; `case_grants` are whole cases opened to it by name (sampled cases), `department_grants` departments
    whose cases are, `item_grants` items referred to it, `entry_grants` the cases that these lie in, `request_grants`
    the copy requests for which they were referred; `label_cases` are cases in which a label waits for the classifying
    officer (none for others); `own_cases` are cases whose party, applicant or third person it is
    or represents, `own_persons` those persons; `urgent_cases` are cases open to it for an hour, the last until
    `urgent_until`. `rights_version` is the account's when these facts were read; every change of rights raises it.
    """

    account_id: str
    name: str
    roles: frozenset[Role] = frozenset()
    departments: frozenset[str] = frozenset()
    in_charge: frozenset[str] = frozenset()
    clearance: Level = Level.PUBLIC
    marks: frozenset[Mark] = frozenset()
    case_grants: frozenset[str] = frozenset()
    item_grants: frozenset[str] = frozenset()
    entry_grants: frozenset[str] = frozenset()
    request_grants: frozenset[str] = frozenset()
    department_grants: frozenset[str] = frozenset()
    label_cases: frozenset[str] = frozenset()
    own_cases: frozenset[str] = frozenset()
    own_persons: frozenset[str] = frozenset()
    urgent_cases: frozenset[str] = frozenset()
    urgent_until: datetime | None = None
    session_id: str | None = field(default=None, compare=False)
    rights_version: int | None = field(default=None, compare=False)

    def has(self, *roles: Role) -> bool:
        """Whether the actor holds one of the roles."""
        return not self.roles.isdisjoint(roles)


def service_actor(name: str) -> Actor:
    """A named maintenance actor; it carries out noted work and is shown no content."""
    return Actor(account_id=f"service:{name}", name=name, roles=frozenset({Role.SERVICE}))
