"""Forms of the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

from archive_store.errors import InvalidInputError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict


class PlainForm(FlaskForm):  # type: ignore[misc]  # flask-wtf has no types
    """A form that reads what a form sends, and never a body of JSON: that need not be a table of fields."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # as above
        """How wtforms reads it."""

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> MultiDict[str, str] | None:
            """What was sent as a form, if anything was."""
            del form, formdata
            return request.form if request.method == "POST" else None


class LoginForm(PlainForm):
    """Name and password, and a code or what a key signed: one step, so that nothing tells which was wrong."""

    login = StringField("用户名", [DataRequired("请填写用户名"), Length(max=64)])
    password = PasswordField("密码", [DataRequired("请填写密码"), Length(max=256)])
    code = StringField("动态验证码", [Length(max=40)])
    assertion = StringField("安全密钥", [Length(max=16384)])


class EnrolForm(PlainForm):
    """A one-time code and the first password."""

    code = StringField("一次性启用码", [DataRequired("请填写启用码"), Length(max=100)])
    password = PasswordField("新密码", [DataRequired("请填写新密码")])
    again = PasswordField("再输一次", [EqualTo("password", "两次输入的密码不一致")])


class RecoverForm(PlainForm):
    """A recovery code and another password."""

    code = StringField("恢复码", [DataRequired("请填写恢复码"), Length(max=100)])
    password = PasswordField("新密码", [DataRequired("请填写新密码")])
    again = PasswordField("再输一次", [EqualTo("password", "两次输入的密码不一致")])


def read_new_password(form: MultiDict[str, str]) -> tuple[str, str, str]:
    """The old and the new password, and the code of the second factor.

    Raises:
        InvalidInputError: the new one was not typed the same way twice.
    """
    if form.get("password", "") != form.get("again", ""):
        raise InvalidInputError("两次输入的新密码不一致。", "again")
    return form.get("old", ""), form.get("password", ""), form.get("code", "")
