"""The tables of the message box: what it takes, whom it tells, how long it keeps."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Literal
from warnings import catch_warnings, filterwarnings

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from ..cases import REPORT_CATEGORIES
from ..errors import Message
from .addresses import EmailAddress, File, Recipient, Schema, ServiceAddress
from .table import Table, category_name
from .texts import Text, Words

if TYPE_CHECKING:
    from .. import channels

_Days = Annotated[int, Field(ge=1, strict=True)]
#: For so many days at least logs are kept (Cybersecurity Law, article 21(3), now 23): the longest six months.
_SIX_MONTHS = 184


class ReportCategory(Table):
    """A category of reports that the site adds to those of the national reporting centre."""

    name: Text = Field(description="What readers see it called.", examples=["Plagiarism"])


class Target(Table):
    """Somebody or something that is told of new messages."""

    url: Recipient = Field(
        description="An e-mail address, or the address of a webhook with https://.",
        examples=["https://oapi.dingtalk.com/robot/send?access_token=0a1b2c"],
        repr=False,
    )
    secret: Words | None = Field(
        default=None, description="The secret that its messages are signed with.", examples=["SEC0a1b2c"], repr=False
    )

    @property
    def label(self) -> str:
        """What stands for it in the database: addresses and their tokens stay in the settings."""
        return sha256(self.url.encode()).hexdigest()[:32]


def _target(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


def _category(key: str) -> str:
    category_name(key)
    if key in REPORT_CATEGORIES:
        raise ValueError(Message("%(key)s is there already; name another", key=repr(key)))
    return key


class Messages(Table):
    """The message box and the report form."""

    challenge: Literal["altcha", "none"] = Field(
        default="altcha", description="What keeps robots from the forms.", examples=["altcha"]
    )
    deliver_to: tuple[Annotated[Target, BeforeValidator(_target, json_schema_input_type=str | Target)], ...] = Field(
        default=(),
        description="Who is told of a new message or report.",
        examples=[["editors@example.org"]],
        repr=False,
    )
    private_targets: bool = Field(
        default=False,
        strict=True,
        description="Whether webhooks may lie in a private network, and be reached with http://.",
        examples=[True],
    )
    receipt_prefix: str = Field(
        default="R",
        pattern="^[A-Z]{1,6}$",
        description="The capital letters that receipt numbers begin with.",
        examples=["CQ"],
    )
    categories: dict[Annotated[str, AfterValidator(_category)], ReportCategory] = Field(
        default={}, description="Categories of reports beside those of the national reporting centre."
    )
    urgent: tuple[str, ...] = Field(
        default=("terror", "porn", "minors"),
        description="The categories of reports that are decided on within hours.",
        examples=[["terror", "porn", "minors"]],
        validate_default=True,
    )
    urgent_words: Annotated[File | None, WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        default=None,
        description="A file of words, one a line, that make a message urgent.",
        examples=["words/urgent.txt"],
    )
    quarantine_words: Annotated[File | None, WithJsonSchema({"type": "string", "minLength": 1})] = Field(
        default=None,
        description="A file of words, one a line, that hold a message back until an editor has seen it.",
        examples=["words/quarantine.txt"],
    )
    pictures: int = Field(
        default=5, ge=0, le=5, strict=True, description="How many pictures may be sent along.", examples=[5]
    )
    urgent_hours: _Days = Field(
        default=24, le=72, description="Within how many hours an urgent report is decided on.", examples=[24]
    )
    decide_days: _Days = Field(
        default=3, le=15, description="Within how many working days a case is decided on.", examples=[3]
    )
    answer_days: _Days = Field(
        default=10, le=15, description="Within how many working days a case is answered.", examples=[10]
    )
    personal_information_days: _Days = Field(
        default=15,
        le=15,
        description="Within how many working days a request about personal information is answered.",
        examples=[15],
    )

    @field_validator("urgent")
    @classmethod
    def _are_there(cls, urgent: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = (*REPORT_CATEGORIES, *info.data.get("categories", ()))
        if unknown := [category for category in urgent if category not in known]:
            told = Message(
                "%(key)s is no category of reports; there are %(known)s", key=repr(unknown[0]), known=", ".join(known)
            )
            raise ValueError(told)
        return urgent

    @property
    def report_categories(self) -> tuple[str, ...]:
        """All categories of reports, the site's own before `other`."""
        *general, other = REPORT_CATEGORIES
        return (*general, *self.categories, other)


class Mail(Table):
    """The mail server that messages are sent with."""

    host: Words = Field(default="localhost", description="Its name.", examples=["smtp.example.org"])
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        strict=True,
        description="Its port; without it 465 with tls, 587 with starttls, 25 with none.",
        examples=[587],
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="none", description="How the connection is encrypted.", examples=["starttls"]
    )
    user: Words | None = Field(default=None, description="The account, where it asks for one.", examples=["news"])
    password: Words | None = Field(
        default=None, description="The account's password.", examples=["correct horse"], repr=False
    )
    sender: EmailAddress | None = Field(
        default=None, description="The sender's address; without it site.email.", examples=["noreply@example.org"]
    )

    def server(self, site: str) -> channels.Mail:
        """Return the server as channels know it; *site* is the address that is sent from where none is set."""
        from .. import channels  # which only who sends needs

        values = {name: getattr(self, name) for name in ("host", "port", "security", "user", "password")}
        return channels.Mail(**values, sender=self.sender or site)


class Limits(Table):
    """How often the forms may be sent."""

    enabled: bool = Field(default=True, strict=True, description="Whether there is a limit.", examples=[True])
    storage: ServiceAddress | None = Field(
        default=None,
        description="Where all servers of the site count together; without it each counts in its memory.",
        examples=["redis://127.0.0.1:6379/0"],
        repr=False,
    )
    site: int = Field(
        default=3000,
        ge=5,
        le=1_000_000,
        description="Messages and reports that the whole site takes within an hour; over a fifth of it they are held.",
        examples=[3000],
    )


with catch_warnings():  # of a method by the name of a key, which models have from their first version
    filterwarnings("ignore", 'Field name "schema"')

    class Storage(Table):
        """Where consents, messages and reports are kept."""

        url: ServiceAddress = Field(
            default="sqlite:///compliance.db",
            description="The address of the database, as SQLAlchemy writes it.",
            examples=["sqlite:///compliance.db"],
            repr=False,
        )
        pool_size: int = Field(
            default=15, ge=1, le=100, description="Connections that one process holds at most.", examples=[15]
        )
        pooler: bool = Field(
            default=False,
            description="Whether PostgreSQL is reached through a pooler that gives a connection for one transaction.",
            examples=[False],
        )
        schema: Schema | None = Field(  # type: ignore[assignment]
            default=None, description="The schema of PostgreSQL that the tables are in.", examples=["news"]
        )
        pictures: ServiceAddress | None = Field(
            default=None,
            description="The bucket of an S3-compatible store that pictures are kept in; without it the database is.",
            examples=["s3://bucket/news?endpoint=https://s3.example.org&region=eu-central-1"],
            repr=False,
        )


class Retention(Table):
    """How long what is closed is kept, in days; then `flask compliance purge` lets it go."""

    messages: _Days = Field(default=180, description="Messages and corrections.", examples=[180])
    reports: _Days = Field(default=1095, description="Reports of illegal and undesirable information.", examples=[1095])
    personal_information: _Days = Field(
        default=1095, description="Requests about personal information.", examples=[1095]
    )
    spam: _Days = Field(default=30, description="What was turned away as spam.", examples=[30])
    contacts: _Days = Field(
        default=180, description="Names and contact data; they go before the rest does.", examples=[180]
    )
    consents: _Days = Field(
        default=1460,
        description="What readers decided, from the day of the decision; it has to outlast the cookie.",
        examples=[1460],
    )
    audit_log: Annotated[int, Field(ge=_SIX_MONTHS, strict=True)] = Field(
        default=1095,
        description="What was done in the console, from the day on which it was done; six months at least.",
        examples=[1095],
    )
