"""What a privacy policy says: each thing that the law wants told, looked for in a sentence that can tell it.

A word alone tells nothing: 目的地 is no purpose, 联系方式 no way of handling, an IP 地址 nobody's address. What
belongs together has to stand in one sentence: who runs the site, what is done with which information, for how long.
Sources: PIPL art. 17(1), 15, 31; Network Data Security Regulations art. 21.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..characters import HAN
from ..outside.mailboxes import WRITTEN

_LONGEST = 1_000  # characters of a sentence that are read as one
_SENTENCE = re.compile(r"[。;!?]|(?<!\bCo)(?<!\bInc)(?<!\bLtd)\.\s")
# The information that a sentence is about.
_INFORMATION = re.compile(
    r"信息|資訊|数据|數據|资料|資料|Cookie|日志|日誌|IP|手机号|记录|邮箱|姓名|位置|"
    r"\b(?:information|data|cookies?|logs?|address(?:es)?|names?|e-?mails?|it|them)\b",
    re.IGNORECASE,
)

# Who handles it: the name of somebody in a sentence that says who runs the site.
_RUNS = re.compile(
    r"我们|本网站|本站|本网|本平台|处理者|控制者|运营|运行|主办|开办|以下简称|下称|提供者|"
    r"\b(?:we|us|our|this (?:web)?site|the (?:web)?site|controller|handler|operator|operate[sd]?|runs?|"
    r"publish(?:es|ed))\b",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(
    rf"[{HAN}A-Za-z0-9()·]{{2,40}}?(?:公司|报社|日报|晚报|杂志社|出版社|通讯社|新闻社|周刊|集团|电视台|广播台|"
    rf"电台|中心|局|厅|"
    rf"委员会|协会|学会|商会|大学|学院|学校|医院|基金会|办公室|事务所|工作室|合作社|研究院|研究所|图书馆|博物馆|"
    rf"政府|新闻网|在线)"
    rf"(?![{HAN}]{{0,2}}(?:联系|电话))"
)
_NOBODY = re.compile(
    r"(?:^|.*[的与和或及向由是为将给])?(?:本|我|我们|该|贵|其他|其它|任何|第三方|关联|关联方|合作|有关|相关|"
    r"主管|上级|母|子|分|各)+"
    r"(?:的)?(?:公司|集团|中心|局|厅|政府|学校|委员会)|.*(?:客服|帮助|举报|个人|用户|隐私|设置|数据|消息|会员|"
    r"服务|管理)中心"
    r"|.*(?:网信|公安|司法|监管)\S{0,6}"
)
_NAMED = re.compile(r"\b[A-Z][\w&.'-]*(?:,? (?:of |and |the |for )?[A-Z&][\w&.'-]*){0,8}")
_NO_NAMES = frozenset(
    [
        "We",
        "Our",
        "This",
        "The",
        "Privacy",
        "Policy",
        "Statement",
        "Notice",
        "You",
        "Your",
        "Cookie",
        "Cookies",
        "Who",
        "Site",
        "Website",
        "If",
        "When",
        "Personal",
        "Information",
        "Data",
        "Please",
        "Write",
        "Contact",
        "What",
        "How",
    ]
)
_CONTACT = re.compile(
    rf"{WRITTEN}"
    r"|(?:电话|热线|致电|手机|telephone|phone|tel|call)(?:号码| number)?\W{0,4}(?:为|是|at|"
    r"on)?\W{0,3}\+?[0-9][0-9 ()-]{5,}"
    rf"|(?<!IP)(?<!IP )(?<!网络)(?<!MAC )(?<!MAC)(?:通信|通讯|联系|注册|办公|邮寄|单位)?地址 ?[:为是] ?[{HAN}]{{3}}"
    r"|\b(?:postal |mailing |our )?address\s?(?:is|:)\s?[\w]",
    re.IGNORECASE,
)
# For what: a purpose, and of what.
_PURPOSE = re.compile(
    r"用于|用途|以便|用来|为了|为(?:传送|提供|保障|答复|改进|统计|了解|向|实现|识别)|目的(?!地)|"
    r"\bpurposes? (?:is|are|of|for)\b(?! this)(?! the (?:policy|statement|notice))|\bpurposes?\b ?:|\bin order to\b|"
    r"\bused? (?:\w+ ){0,4}(?:to|for)\b|\bso that\b|\bwe use\b|\bto (?:deliver|answer|improve|provide|keep|"
    r"measure|count|protect)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(
    r"就本(?:政策|声明|协议)(?:而言|之?目的)|为本(?:政策|声明|协议)之?目的|for the purposes? of this", re.IGNORECASE
)
_PURPOSE_ALONE = re.compile(r"目的(?:是|为|:|在于|包括)|\bpurposes? (?:is|are)\b|\bpurposes? ?:", re.IGNORECASE)
# In which way.
_WAY = re.compile(
    r"(?<![不未])(?<!不会)(?<!不得)(?:收集|采集|记录|获取|写入|登记|读取|加密|匿名化|去标识化)|自动(?!驾驶)|"
    r"(?:处理|使用|收集|存储|共享)(?:的)?方式|方式(?:和|、|与)(?:范围|种类|目的)|通过.{0,20}(?:Cookie|表单|"
    r"日志)|存储[在于]|"
    r"\bautomat\w+|\b(?:collect|record|receive|obtain|log|encrypt|store)(?:s|ed|ing)?\b|\bby means of\b|"
    r"\bwhen you (?:fill|submit|visit|write)|\bways? (?:in|of|that)\b|\bhow we (?:handle|process|use|collect)\b",
    re.IGNORECASE,
)
# Which: a verb, and a kind by its name.
_HANDLES = re.compile(
    r"(?<![不未])(?<!不会)(?<!不得)(?<!从不)(?:收集|采集|记录|获取|处理|读取|使用|接收|提供|填写|发送|写入)|"
    r"\b(?<!not )(?<!never )(?:collect|handle|process|receive|record|store|log|keep|obtain|use)(?:s|d|ed|ing)?\b",
    re.IGNORECASE,
)
_NOT_HANDLED = re.compile(
    r"[^,]{0,40}(?:[不未]|不会|\bnot\b|\bnever\b) ?(?:收集|采集|处理|获取|记录|collect|handle|process)[^,]{0,40}"
)
_KINDS = re.compile(
    r"IP ?地址|IP|姓名|昵称|头像|手机号|电话|联系方式|邮箱|电子邮件|访问(?:时间|日志|记录)|浏览(?:记录|器)|日志|"
    r"设备|位置|地址|账号|"
    r"Cookie|身份证|留言|评论|性别|生日|网页地址|"
    r"\b(?:IP address|names?|e-?mail|telephone|phone|browser|devices?|logs?|location|cookies?|messages?|"
    r"comments?|account|address)\b",
    re.IGNORECASE,
)
# How long: a time, or what sets it.
_KEEPS = re.compile(
    r"保存|存储|储存|保留|留存|删除|存放|\b(?:kept?|keep|retain\w*|retention|stor(?:e[sd]?|age)|delet\w+|lifetime)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:[\d一二两三四五六七八九十百半]{1,6}|_{2,20}) ?(?:天|日|周|个?月|年|小时|分钟)|(?:最短|必要|必需|所需|合理|"
    r"法定|规定)[^,。]{0,8}?(?:期限|时间|期间|时限)|"
    r"期间|直至|直到|之前|届满|办结|注销(?:后|时)|关闭浏览器|会话|"
    r"\b(?:\d+|one|two|three|six|nine|ten|twelve|thirteen|eighteen|thirty|ninety)[ -](?:hour|day|week|month|"
    r"year)s?\b|"
    r"\b(?:as long as|no longer|until|for the (?:period|time)|browser closes|session)\b",
    re.IGNORECASE,
)
# Rights: two of them, as somebody's.
_RIGHTS = re.compile(
    r"查阅|查询|查看|复制|更正|修改|补充|转移|删除|注销|访问(?:和|、|或|您|你)|限制|拒绝|"
    r"\b(?:access|correct\w*|rectif\w+|delet\w+|eras\w+|cop(?:y|ies)|transfer|port\w*|restrict\w*|object)\b",
    re.IGNORECASE,
)
_SOMEBODYS = re.compile(
    r"您|你|用户|个人|读者|有权|权利|请求|申请|\b(?:you|your|readers?|users?|individuals?|rights?|requests?)\b",
    re.IGNORECASE,
)
_NOT_TO = re.compile(
    r"(?:我们|本网站|本站|本平台|管理员)(?:有权|可以?|将|会|保留)[^,。]{0,16}(?:删除|修改|注销|限制|拒绝)"
)
_WITHDRAWS = re.compile(
    r"(?:撤回|撤销|取消|关闭|改变|变更|收回)[^,。]{0,14}(?:同意|授权|许可)|(?:同意|授权)[^,。]{0,8}(?:撤回|撤销|"
    r"收回)|"
    r"\b(?:withdraw\w*|revok\w+|tak(?:e|ing) back)\b[^.]{0,40}\b(?:consent|agreement|permission|choice)|"
    r"\bconsent\b[^.]{0,60}\b(?:withdrawn|revoked|withdraw|taken back|taking (?:it )?back)\b|\bopt[- ]?out\b",
    re.IGNORECASE,
)
_MINORS = re.compile(r"未成年|儿童|监护人|十四周岁|\bminors?\b|\bchild(?:ren)?\b|guardian", re.IGNORECASE)
# What a site does about them: news of them is none of it.
_OF_MINORS = re.compile(
    r"监护|同意|信息|資訊|数据|數據|资料|收集|处理|使用|账号|注册|陪同|满|以下|"
    r"\b(?:guardian|parent|consent|information|data|collect|process|account|under|younger|age[sd]?|use[sd]?)",
    re.IGNORECASE,
)
# The day of a law is not that of the policy.
_OF_A_LAW = re.compile(
    r"(?:《[^》]{1,60}》|法律|法规)[^,;]{0,30}?(?:生效|施行|实施|执行|发布|公布|修订|修正)|"
    r"\b(?:Law|Act|Regulations?|Directive|GDPR|PIPL)\b[^.,;]{0,60}?"
    r"\b(?:in force|effective|since|applie[sd])\b[^.,;]{0,40}"
)
_DAY = re.compile(
    r"(?:19|20)\d\d ?[-年/.]|(?:[A-Z][a-z]{2,8}|\d{1,2}),? (?:\d{1,2}, ?)?20\d\d|\b20\d\d-\d\d-\d\d\b", re.IGNORECASE
)
_SINCE = re.compile(
    r"生效|施行|实施|起执行|更新|修订|修改|发布|版本|日期|制定|"
    r"\b(?:effective|in force|updat\w+|version|revis\w+|since|as of|dated|published|applies)\b",
    re.IGNORECASE,
)


def missing(text: str) -> Iterator[str]:
    """Yield the rules that a policy with *text*, its own words alone, does not keep."""
    sentences = [
        one[start : start + _LONGEST] for one in _SENTENCE.split(text) for start in range(0, len(one), _LONGEST)
    ]
    for rule, says in _SAYS.items():
        if not says(sentences):
            yield rule


def _both(*patterns: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda sentence: all(pattern.search(sentence) for pattern in patterns)


def _any(*tests: Callable[[str], bool]) -> Callable[[list[str]], bool]:
    return lambda sentences: any(test(sentence) for sentence in sentences for test in tests)


def _names_handler(sentence: str) -> bool:
    if not _RUNS.search(sentence):
        return False
    if any(not _NOBODY.fullmatch(found[0]) for found in _ORGANISATION.finditer(sentence)):
        return True
    return any(
        set(re.findall(r"[\w']+", found[0])) - _NO_NAMES for found in _NAMED.finditer(sentence) if " " in found[0]
    )


def _says_purpose(sentence: str) -> bool:
    if _DEFINES.search(sentence):
        return False
    told = _PURPOSE.search(sentence) is not None and _INFORMATION.search(sentence) is not None
    return told or _PURPOSE_ALONE.search(sentence) is not None


def _says_rights(sentence: str) -> bool:
    named = {found[0][:4].lower() for found in _RIGHTS.finditer(sentence)}
    return len(named) > 1 and _SOMEBODYS.search(sentence) is not None and not _NOT_TO.search(sentence)


def _says_who(sentences: list[str]) -> bool:
    return _any(_names_handler)(sentences) and any(_CONTACT.search(one) for one in sentences)


def _says_why_and_how(sentences: list[str]) -> bool:
    return _any(_says_purpose)(sentences) and _any(_both(_WAY))(sentences)


def _says_which(sentences: list[str]) -> bool:
    handled = [_NOT_HANDLED.sub("", one) for one in sentences]
    # A table of kinds has no verbs.
    kinds = {found[0].lower() for one in handled for found in _KINDS.finditer(one)}
    return _any(_both(_HANDLES, _KINDS))(handled) or len(kinds) > 3


def _says_since(sentence: str) -> bool:
    own = _OF_A_LAW.sub("", sentence)
    return _DAY.search(own) is not None and _SINCE.search(own) is not None


_SAYS: dict[str, Callable[[list[str]], bool]] = {
    "C304": _says_who,
    "C305": _says_why_and_how,
    "C306": _says_which,
    "C307": _any(_both(_KEEPS, _TIME)),
    "C308": _any(_says_rights),
    "C309": _any(_both(_WITHDRAWS)),
    "C311": _any(_both(_MINORS, _OF_MINORS)),
    "C313": _any(_says_since),
}
