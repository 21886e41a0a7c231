"""The rule table of the policy as a page that people can read: `docs/access-matrix.md` is what `page` gives.

`python -m archive_store.access_matrix > docs/access-matrix.md` writes it anew; a test keeps the two equal.
"""

from __future__ import annotations

import sys

from archive_store.identity import Role
from archive_store.policy import ANY, RULES, Rule, Secrecy

HEAD = """# Who may do what

Made from the rule table in `archive_store/policy.py` by `python -m archive_store.access_matrix`; not edited by hand.
A row gives one permission to one office within a reach, in some states of a case, measured by labels:

- **reader**: clearance and marks against the entry's label, and the item's where there is one;
- **entry**: the same against the entry's label alone (items are shown as they will leave, or as they were referred);
- **party**: below 秘密, no 举报人信息, and of items only listed ones of the 正卷;
- **party_entry**: the same of the entry alone;
- **none**: no label is asked.

What no row gives, nobody may do; what one may not see answers like what does not exist.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *(_office(role) for role in Role if any(rule.role is role for rule in RULES))])


def _office(role: Role) -> str:
    rows = [_row(rule) for rule in RULES if rule.role is role]
    head = "| permission | reach | states | labels |\n| --- | --- | --- | --- |"
    return f"## {role.zh} ({role.value})\n\n{head}\n" + "\n".join(rows) + "\n"


def _row(rule: Rule) -> str:
    reach = (rule.reach.__doc__ or "").strip().rstrip(".")
    states = "any" if rule.states == ANY else ", ".join(state.zh for state in sorted(rule.states))
    labels = "" if rule.secrecy is Secrecy.NONE else rule.secrecy.value
    own = "; not a case that the person handles" if rule.not_own else ""
    return f"| `{rule.permission.value}` | {reach}{own} | {states} | {labels or 'none'} |"


if __name__ == "__main__":
    sys.stdout.write(page())
