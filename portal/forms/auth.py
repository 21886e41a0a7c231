"""Forms of the door."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length


class LoginForm(FlaskForm):  # type: ignore[misc]  # flask-wtf has no types
    """Name and password."""

    login = StringField("用户名", [DataRequired("请填写用户名"), Length(max=64)])
    password = PasswordField("密码", [DataRequired("请填写密码"), Length(max=256)])


class EnrolForm(FlaskForm):  # type: ignore[misc]  # flask-wtf has no types
    """A one-time code and the first password."""

    code = StringField("一次性启用码", [DataRequired("请填写启用码"), Length(max=100)])
    password = PasswordField(
        "新密码", [DataRequired("请填写新密码"), Length(min=12, max=256, message="密码至少 12 个字符")]
    )
    again = PasswordField("再输一次", [EqualTo("password", "两次输入的密码不一致")])
