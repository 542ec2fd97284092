"""What `init` asks: each question with the key that it answers, and where an owner finds the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import Message
from ...settings.toml import Value

_BETWEEN = re.compile("[,，、;；]")
#: What says that the site has no such thing.
NONE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question for the *key*: what it *asks* for, and a *hint* where that is found.

    *option* answers it in scripts. *listed* says that several values may be given, *always* that it is asked even where
    the site shows nothing of the kind, *required* that no site can do without. Without an answer the key is *default*,
    else it is left open.
    """

    key: str
    option: str
    asks: Message
    hint: Message
    listed: bool = False
    always: bool = True
    required: bool = False
    default: str | None = None

    @property
    def field(self) -> str:
        """What the option is called in the program."""
        return self.key.replace(".", "_")

    def read(self, typed: str) -> Value:
        """Return the value that *typed* gives: a list where several are given, or where the key takes nothing else."""
        parts = [part.strip() for part in _BETWEEN.split(typed) if part.strip()] if self.listed else [typed.strip()]
        return parts if len(parts) != 1 or self.key == LANGUAGES else parts[0]


LANGUAGES = "site.languages"
MODE = "consent.mode"


def _licence(kind: str, asks: Message, hint: Message, *, always: bool = False) -> Question:
    return Question(
        key=f"licences.{kind}",
        option=f"--{kind.replace('_', '-')}",
        asks=asks,
        hint=hint,
        listed=True,
        always=always,
    )


_ON_THE_LICENCE = Message("It stands on the licence itself.")
QUESTIONS = (
    Question(
        key=LANGUAGES,
        option="--languages",
        asks=Message("The languages of the site's pages, the first the default"),
        hint=Message("As tags with commas between them: zh_CN, en"),
        listed=True,
        required=True,
    ),
    Question(
        key="site.name",
        option="--name",
        asks=Message("The name of the site"),
        hint=Message("As readers know it, and as it was filed with the ministry."),
        required=True,
    ),
    Question(
        key="site.url",
        option="--url",
        asks=Message("The address of the home page"),
        hint=Message("With https://, as it stands in a reader's browser."),
        required=True,
    ),
    Question(
        key="site.operator",
        option="--operator",
        asks=Message("Who runs the site"),
        hint=Message(
            "The full name on the business licence or certificate of the institution; the privacy policy names it."
        ),
        required=True,
    ),
    Question(
        key="site.email",
        option="--email",
        asks=Message("The mailbox for inquiries"),
        hint=Message("Readers see it; a shared mailbox outlives people."),
        required=True,
    ),
    _licence(
        "icp",
        Message("The ICP filing number (ICP备案号)"),
        Message("Look it up by domain at https://beian.miit.gov.cn/, under ICP备案查询."),
        always=True,
    ),
    _licence(
        "public_security",
        Message("The public security filing number (公安联网备案号)"),
        Message("Look it up at https://beian.mps.gov.cn/; a site is filed within 30 days of its opening."),
        always=True,
    ),
    _licence(
        "news",
        Message("The licence for internet news (互联网新闻信息服务许可证)"),
        Message("It stands on the licence; the CAC lists all of them at https://www.cac.gov.cn/."),
        always=True,
    ),
    _licence("icp_licence", Message("The licence for commercial internet information (ICP证)"), _ON_THE_LICENCE),
    _licence(
        "telecom",
        Message("The licence for value-added telecom business (增值电信业务经营许可证)"),
        Message("Look it up at https://dxzhgl.miit.gov.cn/."),
    ),
    _licence(
        "audio_visual", Message("The licence for audio-visual programmes (信息网络传播视听节目许可证)"), _ON_THE_LICENCE
    ),
    _licence(
        "tv_production", Message("The licence for producing programmes (广播电视节目制作经营许可证)"), _ON_THE_LICENCE
    ),
    _licence("culture", Message("The licence for internet culture (网络文化经营许可证)"), _ON_THE_LICENCE),
    _licence("online_publishing", Message("The licence for online publishing (网络出版服务许可证)"), _ON_THE_LICENCE),
    _licence("publications", Message("The licence for trade in publications (出版物经营许可证)"), _ON_THE_LICENCE),
    _licence(
        "drug_information",
        Message("The filing for drug and medical device information (互联网药品医疗器械信息服务备案)"),
        _ON_THE_LICENCE,
    ),
    _licence(
        "algorithm",
        Message("The filing of an algorithm (网信算备)"),
        Message("Look it up at https://beian.cac.gov.cn/."),
    ),
    _licence(
        "generative",
        Message("The filing or registration of generative AI (生成式人工智能服务备案)"),
        Message("The CAC of the province publishes it with the name of the model."),
    ),
    _licence("religion", Message("The licence for religious information (互联网宗教信息服务许可证)"), _ON_THE_LICENCE),
    _licence(
        "conac",
        Message("The identifier of the CONAC badge (网站标识)"),
        Message("The 32 characters after “id=” in the link of the badge."),
    ),
    _licence(
        "government_site",
        Message("The code of a government site (政府网站标识码)"),
        Message("Ten digits, given out with the site's registration."),
    ),
    Question(
        key="reporting.telephone",
        option="--telephone",
        asks=Message("The telephone for reports of illegal content (举报电话)"),
        hint=Message("With its area code; somebody has to answer it."),
    ),
    Question(
        key="reporting.email",
        option="--reporting-email",
        asks=Message("The mailbox for reports"),
        hint=Message("Without one, reports come by telephone and by the form."),
        always=False,
    ),
    Question(
        key=MODE,
        option="--mode",
        asks=Message("What counts as consent: notice, opt-in or opt-out"),
        hint=Message("notice for sites with necessary cookies alone; opt-in where pages count visits or advertise."),
        default="notice",
    ),
)
