"""The licences and filings of a site, by host name where it has several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo, field_validator, model_validator

from ..errors import Message
from ..licences import KINDS, Licence, check_link, parse, service
from ..outside.hosts import above, host_of
from .addresses import Host, PictureAddress, WebAddress
from .table import Context, Table
from .texts import Words


class Filing(Table):
    """One number as it is typed, with what only the operator knows about it."""

    number: Words = Field(description="The number as it stands on the licence.", examples=["50120220004"])
    url: WebAddress | None = Field(
        default=None,
        description="Where the number links to, such as a scan of the licence; else where the rules want it to link.",
        examples=["https://www.ichongqing.info/licence.html"],
    )
    expires: date | None = Field(
        default=None, description="The last day of a licence that was issued for a term.", examples=["2028-06-30"]
    )
    icon: PictureAddress | None = Field(
        default=None,
        description="The picture that the authority gave out to stand before the number.",
        examples=["/static/shield.png"],
    )

    holder: Words | None = Field(
        default=None,
        description="Who provides the service, 服务主体, as a news licence names them.",
        examples=["重庆国际传播中心"],
    )
    services: tuple[Annotated[str, AfterValidator(service)], ...] = Field(
        default=(),
        description="The kinds of service that a news licence allows: 采编发布, 转载, 传播平台.",
        examples=[["采编发布", "转载"]],
    )
    model: Words | None = Field(
        default=None, description="The name of the model that was filed as generative AI.", examples=["巴蜀模型"]
    )

    @model_validator(mode="after")
    def _belongs_together(self, info: ValidationInfo) -> Self:
        kind = Context.of(info).kind
        if (self.holder or self.services) and kind != "news":
            raise ValueError(Message("holder and services are those of a news licence; leave them out here"))
        if self.model and kind != "generative":
            raise ValueError(Message("a model is named with licences.generative; leave it out here"))
        return self

    @field_validator("number")
    @classmethod
    def _is_of_its_kind(cls, number: str, info: ValidationInfo) -> str:
        parse(Context.of(info).kind, number)
        return number

    @field_validator("url")
    @classmethod
    def _leads_to_the_authority(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url:
            check_link(Context.of(info).kind, url)
        return url

    def licence(self, kind: str) -> Licence:
        """Return the licence of *kind* that was typed so."""
        licence = parse(kind, self.number)
        return replace(
            licence,
            url=self.url or licence.url,
            expires=self.expires,
            icon=self.icon,
            holder=self.holder,
            services=self.services,
            model=self.model,
        )


#: The numbers of one kind by host name; under ``""`` where they are the same on every host.
Filed = dict[str, tuple[Licence, ...]]
_EVERYWHERE: TypeAdapter[tuple[Filing, ...]] = TypeAdapter(Annotated[tuple[Filing, ...], Field(min_length=1)])
_BY_HOST: TypeAdapter[dict[str, tuple[Filing, ...]]] = TypeAdapter(
    dict[Host, Annotated[tuple[Filing, ...], Field(min_length=1)]]
)
_NUMBER = Words | Filing
_TYPED = _NUMBER | Annotated[list[_NUMBER], Field(min_length=1)]


def _kind(description: str, kind: str) -> Any:
    return Field(default={}, description=description, examples=list(KINDS[kind].examples))


class Licences(Table):
    """The numbers that the footer shows: one, a list of them, or a table of these by host name."""

    icp: Filed = _kind("The ICP filing number, ICP备案号.", "icp")
    icp_licence: Filed = _kind("The licence for commercial internet information services, ICP证.", "icp_licence")
    telecom: Filed = _kind("The licence for value-added telecom business, 增值电信业务经营许可证.", "telecom")
    public_security: Filed = _kind("The public security filing number, 公安联网备案号.", "public_security")
    news: Filed = _kind("The licence for internet news information services, 互联网新闻信息服务许可证.", "news")
    audio_visual: Filed = _kind(
        "The licence for audio-visual programmes over networks, 信息网络传播视听节目许可证.", "audio_visual"
    )
    tv_production: Filed = _kind(
        "The licence for producing radio and TV programmes, 广播电视节目制作经营许可证.", "tv_production"
    )
    culture: Filed = _kind("The licence for internet culture business, 网络文化经营许可证.", "culture")
    online_publishing: Filed = _kind("The licence for online publishing, 网络出版服务许可证.", "online_publishing")
    publications: Filed = _kind("The licence for trade in publications, 出版物经营许可证.", "publications")
    drug_information: Filed = _kind(
        "The filing for internet drug and medical device information, 互联网药品医疗器械信息服务备案.",
        "drug_information",
    )
    algorithm: Filed = _kind("The algorithm filing number, 网信算备.", "algorithm")
    generative: Filed = _kind(
        "The filing or registration of a generative AI service, with its model, 生成式人工智能服务备案（登记）.",
        "generative",
    )
    religion: Filed = _kind(
        "The licence for internet religious information services, 互联网宗教信息服务许可证.", "religion"
    )
    conac: Filed = _kind("The identifier of the CONAC badge of public institutions, 网站标识.", "conac")
    government_site: Filed = _kind("The code of a government site, 政府网站标识码.", "government_site")

    @field_validator("*", mode="before", json_schema_input_type=_TYPED | dict[str, _TYPED])
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Filed:
        kind = str(info.field_name)
        context = replace(Context.of(info), kind=kind)
        if _is_by_host(value):
            hosts = {host: _listed(numbers) for host, numbers in value.items()}
            typed = _BY_HOST.validate_python(hosts, context=context)
        else:
            typed = {"": _EVERYWHERE.validate_python(_listed(value), context=context)}
        return {host: tuple(filing.licence(kind) for filing in filings) for host, filings in typed.items()}

    def all(self) -> tuple[Licence, ...]:
        """Return every licence once, in the order of `KINDS`."""
        return tuple(
            dict.fromkeys(licence for kind in KINDS for filed in getattr(self, kind).values() for licence in filed)
        )

    def for_host(self, host: str | None) -> tuple[Licence, ...]:
        """Return what the footer shows on *host* (with or without a port), in the order of `KINDS`.

        A host has its own numbers, else those of the domain that it lies in; where neither is in the file, the
        numbers of the first host there, so that a preview on a private address shows a whole footer.
        """
        names = above(host_of(f"//{host or ''}"))
        return self.by_host[next((name for name in names if name in self.by_host), "")]

    @cached_property
    def by_host(self) -> dict[str, tuple[Licence, ...]]:
        """What the footer shows on every host that the file names, and under ``""`` on all others."""
        tables = [table for kind in KINDS if (table := getattr(self, kind))]
        return {
            host: tuple(licence for table in tables for licence in _nearest(table, host))
            for host in {"", *(host for table in tables for host in table)}
        }


def _nearest(table: Filed, host: str) -> tuple[Licence, ...]:
    """Return the numbers in *table* of *host*, else of the domain that it lies in, else the first."""
    return next((table[name] for name in above(host) if name in table), next(iter(table.values())))


def _is_by_host(value: Any) -> bool:
    """Return whether *value* is a table of numbers by host name, rather than that of one number."""
    if not isinstance(value, Mapping) or value.keys() & Filing.model_fields.keys():
        return False
    return any("." in str(key) or key == "localhost" for key in value)


def _listed(numbers: Any) -> Any:
    """Return *numbers* as the list of tables that a number, a table or a list of them stands for."""
    items = numbers if isinstance(numbers, list | tuple) else [numbers]
    return [{"number": item} if isinstance(item, str) else item for item in items]
