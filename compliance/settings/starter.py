"""The file that a site starts from: its own values are placeholders, which stop the start until they are filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..errors import Problem

#: What stands where the site's own value is to stand: the values of the example, by the line that they stand in.
PLACEHOLDERS = {
    "name": "<网站名称, the name of the site>",
    "url": "<首页地址, the address of the home page, such as https://www.example.org>",
    "operator": "<运营单位全称, who runs the site>",
    "email": "<联系邮箱, the mailbox for inquiries>",
    "icp": "<ICP备案号>",
    "news": "<互联网新闻信息服务许可证编号, or take this line out>",
    "telephone": "<举报电话, with its area code>",
}
_PLACEHOLDER = re.compile(r"\s*<[^<>]*>\s*")
_LINE = re.compile(rf"^({'|'.join(PLACEHOLDERS)}) = .*", re.MULTILINE)
# Everything else that belongs to the site of the example.
_EXAMPLES = {
    "ichongqing.info": "example.org",
    "中国重庆市渝北区": "某省某市某区某路1号",
    "Yubei District, Chongqing, China": "1 Some Road, Some City, China",
    "Chongqing-BaShu-": "Province-Model-",
    "巴蜀模型": "某某模型",
}
_NUMBER = re.compile(r"[0-9]{3,}+(?!-[0-9]{2}-)")  # but no dates
_LICENCES = re.compile(r"(?<=^\[licences\]$).*?(?=^\[reporting\]$)", re.MULTILINE | re.DOTALL)
_SITES_OWN = re.compile(r"\A.*?(?=^\[consent\]$)", re.MULTILINE | re.DOTALL)
_SLOGAN = re.compile(r"^slogan = .*", re.MULTILINE)


def starter(example: str) -> str:
    """Return the text of *example*, a settings file with every key explained, without anything of a real site."""
    for real, other in _EXAMPLES.items():
        example = example.replace(real, other)
    example = _SLOGAN.sub('#slogan = { en = "…", zh_CN = "…" }', example)
    example = _SITES_OWN.sub(lambda part: _LINE.sub(_emptied, part[0]), example)
    return _LICENCES.sub(lambda part: _NUMBER.sub(lambda number: "0" * len(number[0]), part[0]), example)


def _emptied(line: re.Match[str]) -> str:
    return f'{line[1]} = "{PLACEHOLDERS[line[1]]}"'


def unfilled(data: object, key: str = "") -> Iterator[Problem]:
    """Yield what is still a placeholder in *data*, with its key."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from unfilled(value, f"{key}.{name}" if key else str(name))
    elif isinstance(data, list | tuple):
        for place, value in enumerate(data):
            yield from unfilled(value, f"{key}[{place}]")
    elif isinstance(data, str) and _PLACEHOLDER.fullmatch(data):
        optional = "" if key.startswith("site.") else ", or take the line out where the site has none"
        yield Problem(key=key, value=f'"{data.strip()}"', remedy=f"fill this in{optional}")
