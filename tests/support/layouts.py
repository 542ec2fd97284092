"""Ordinary and odd layouts of pages, each small: what stands in their `<head>`, and their body."""

from __future__ import annotations

from support.frameworks import FILES, PACKAGES

#: Stylesheets of frameworks, by the path that the pages ask them of.
SHEETS = {f"/{name}.css": (PACKAGES / file).read_text(encoding="utf-8") for name, file in FILES.items()}

_P = "<p>The city opened a bridge, and <a href='#w'>everybody</a> came to walk over it in the evening. "
_TEXT = _P * 4
_LONG = _P * 40
_FORM = "<form id=own><label>Name <input name=n></label> <button>Send</button></form>"
_NAV = "<nav><a href='#1'>News</a> <a href='#2'>Photos</a> <a href='#3'>Video</a></nav>"
_ROWS = "".join(f"<tr><td>{row}<td><a href='#r{row}'>Row {row}</a><td>{row * 7}" for row in range(40))
_CARDS = "".join(f"<div class=card><h3>Card {card}</h3>{_P}</div>" for card in range(9))
_ITEMS = "<li><a href='#'>大桥今日开通</a>" * 30
_CHAT = "".join(f"<div class=said>Message {number}</div>" for number in range(60))


def _framework(name: str, style: str, body: str, attributes: str = "") -> tuple[str, str, str]:
    return f"<link rel=stylesheet href=/{name}.css><style>{style}</style>", body, attributes


def _styled(style: str, body: str, attributes: str = "") -> tuple[str, str, str]:
    return f"<style>{style}</style>", body, attributes


_PAGES = {
    # Bodies that are no plain block
    "plain": _styled("", f"{_NAV}<main>{_TEXT}</main>"),
    "short": _styled("body{margin:0}", "<h1>Soon</h1>"),
    "flex row": _styled("body{display:flex}nav{width:12em}main{flex:1}", f"{_NAV}<main>{_TEXT}{_FORM}</main>"),
    "flex row, wrapped": _styled("body{display:flex;flex-wrap:wrap}.card{flex:1 1 20em}", _CARDS),
    "flex column": _styled("body{display:flex;flex-direction:column;gap:2em}", f"{_NAV}<main>{_TEXT}</main>{_FORM}"),
    "flex column reversed": _styled("body{display:flex;flex-direction:column-reverse}", f"{_NAV}<main>{_TEXT}</main>"),
    "flex, spread over the window": _styled(
        "body{display:flex;flex-direction:column;justify-content:space-between;min-height:100vh;margin:0}",
        f"{_NAV}<main>{_P}</main><footer>{_P}</footer>",
    ),
    "centred card": _styled(
        "body{display:flex;align-items:center;justify-content:center;min-height:100vh;margin:0}",
        f"<main>{_FORM}</main>",
    ),
    "grid, placed in the middle": _styled("body{display:grid;place-items:center;min-height:100vh}", _FORM),
    "grid with named areas": _styled(
        "body{display:grid;grid:'h h' auto 'n m' 1fr 'f f' auto/12em 1fr;min-height:100vh;margin:0}"
        "header{grid-area:h}nav{grid-area:n}main{grid-area:m}footer{grid-area:f}",
        f"<header>{_P}</header>{_NAV}<main>{_TEXT}</main><footer>{_P}</footer>",
    ),
    "grid of columns": _styled(
        "body{display:grid;grid-template-columns:12em 1fr 8em}", f"{_NAV}<main>{_TEXT}</main><aside>{_P}</aside>"
    ),
    "grid of rows as high as the window": _styled(
        "body{display:grid;grid-auto-rows:1fr;min-height:100vh;margin:0}", f"{_NAV}<main>{_TEXT}</main>"
    ),
    "grid of cards": _styled(
        "body{display:grid;grid-template-columns:repeat(auto-fit,minmax(15em,1fr));gap:1em}", _CARDS
    ),
    "inline grid": _styled("body{display:inline-grid;grid-auto-flow:column}", f"{_NAV}<main>{_P}</main>"),
    "inline block": _styled("body{display:inline-block}", f"<main>{_P}</main>"),
    "columns": _styled("body{column-count:3}", _TEXT * 3),
    "columns of a width": _styled("body{columns:20em;column-rule:1px solid}", _TEXT * 3),
    "table": _styled("body{display:table;width:100%}body>*{display:table-cell}", f"{_NAV}<main>{_TEXT}</main>"),
    "table of the window": _styled(
        "html,body{height:100%;margin:0}body{display:table;width:100%}main{display:table-cell;vertical-align:middle}",
        f"<main>{_P}</main>",
    ),
    "floats that nothing clears": _styled(
        ".n{float:left;width:30%}.m{float:right;width:60%}", f"<div class=n>{_TEXT}</div><div class=m>{_TEXT * 3}</div>"
    ),
    "floated body": _styled("body{float:left;width:70%}", _TEXT),
    "absolute boxes": _styled(
        ".a,.b{position:absolute;top:0;left:0;width:40%}.b{left:50%;top:300px}",
        f"<div class=a>{_TEXT * 3}</div><div class=b>{_TEXT}</div>",
    ),
    "absolute body": _styled("body{position:absolute;inset:0 10% auto}", _TEXT),
    "relative body": _styled("body{position:relative;top:2em;left:1em}", _TEXT),
    "transform": _styled("body{transform:translateX(10px);margin:0}", f"<main>{_LONG}</main>"),
    "filter": _styled("body{filter:sepia(.4)}", f"<main>{_LONG}</main>"),
    "contained": _styled("body{contain:layout;container-type:inline-size}", f"<main>{_TEXT}</main>"),
    "zoomed": _styled("body{zoom:.8}", f"<main>{_TEXT}</main>"),
    "narrow": _styled("body{max-width:40em;margin:2em auto;padding:0 1em}", f"<h1>News</h1>{_TEXT}"),
    "narrow root": _styled("html{max-width:50em;margin:auto;padding:1em}", f"<h1>News</h1>{_TEXT}"),
    "padding and border": _styled("body{margin:40px;padding:30px;border:5px solid}", _TEXT),
    "negative margins": _styled("body{margin:0 0 -50px}main{margin:-20px -10px}", f"<main>{_TEXT}</main>"),
    "every child a step from the last": _styled(
        "*{margin:0}body>*+*{margin-top:3em}", f"{_NAV}<main>{_P}</main>{_FORM}"
    ),
    "first and last child": _styled(
        "body>:first-child{margin-top:50px}body>p:last-child{margin-bottom:90px;padding:2em}"
        "body>:nth-child(2){padding-left:3em}body>:only-of-type{border:3px solid}",
        f"<h1>News</h1>{_P}</p>{_P}</p>",
    ),
    "first form": _styled(
        "form:first-of-type{border:9px solid}footer:last-of-type,section{padding:2em}", f"{_FORM}{_P}"
    ),
    "empty": _styled("", ""),
    "grid root": _styled("html{display:grid;place-items:center;height:100%}", f"<main>{_FORM}</main>"),
    "flex root": _styled("html{display:flex}body{flex:1}", f"<main>{_TEXT}</main>"),
    # Heights
    "100 % and longer content": _styled(
        "html,body,#wrapper{height:100%;margin:0}", f"<div id=wrapper>{_NAV}<main>{_LONG}</main>{_FORM}</div>"
    ),
    "100 % and floats": _styled(
        "html,body,#wrapper{height:100%}.m{float:left;width:70%}", f"<div id=wrapper><div class=m>{_LONG}</div></div>"
    ),
    "100 % and short content": _styled("html,body,#wrapper{height:100%;margin:0}", f"<div id=wrapper>{_P}</div>"),
    "fixed height and longer content": _styled("body{height:400px;margin:0}", _LONG),
    "sticky footer": _styled(
        "body{display:flex;flex-direction:column;min-height:100vh;margin:0}main{flex:1}",
        f"<header>{_NAV}</header><main>{_P}</main><footer>{_P}</footer>",
    ),
    "sticky footer of old": _styled(
        "html{position:relative;min-height:100%}body{margin:0 0 60px}footer{position:absolute;bottom:0;height:60px}",
        f"<main>{_TEXT}</main><footer>{_P}</footer>",
    ),
    "sticky footer by a negative margin": _styled(
        "html,body{height:100%;margin:0}#wrap{min-height:100%;margin-bottom:-50px}#push{height:50px}",
        f"<div id=wrap>{_P}<div id=push></div></div><footer>{_P}</footer>",
    ),
    "sticky header and sidebar": _styled(
        "body{margin:0}header{position:sticky;top:0}aside{position:sticky;top:4em;float:left;width:20%}",
        f"<header>{_NAV}</header><aside>{_P}</aside><main>{_LONG}</main>",
    ),
    "fixed header": _styled(
        "body{padding-top:80px}header{position:fixed;inset:0 0 auto;height:60px}", f"<header>{_NAV}</header>{_LONG}"
    ),
    "body as a window": _styled("html{overflow:hidden}html,body{height:100%;margin:0}body{overflow:auto}", _LONG),
    # What is fixed at an edge of the window
    "fixed sidebar": _styled(
        "html{height:100%}body{display:flex;flex-direction:column;height:100%;margin:0}"
        "@media(min-width:768px){aside{position:fixed;width:25%;height:100%}main{margin-left:25%}}",
        f"<aside>{_NAV}<p>Ada <b>3</b></p></aside><main>{_TEXT}{_FORM}</main>",
    ),
    "fixed sidebar of a long page": _styled(
        "body{margin:0 0 0 60px}aside{position:fixed;inset:0 auto 0 0;width:60px;background:#abe128}",
        f"<aside><a href='#1'>N</a></aside><main>{_LONG}</main>",
    ),
    "fixed sidebars left and right": _styled(
        "body{margin:0 15% 0 20%}aside{position:fixed;top:50px;bottom:0}.l{left:0;width:20%}.r{right:0;width:15%}"
        "header{position:fixed;inset:0 0 auto;height:50px}main{padding-top:50px}",
        f"<header>{_NAV}</header><aside class=l>{_P}</aside><aside class=r>{_P}</aside><main>{_LONG}</main>",
    ),
    "fixed sidebar, right to left": _styled(
        "aside{position:fixed;inset-block:0;inset-inline-start:0;inline-size:30%}main{margin-inline-start:30%}",
        f"<aside>{_NAV}</aside><main>{_LONG}</main>",
        "dir=rtl",
    ),
    "tab bar": _styled(
        "body{margin:0;padding-bottom:56px}nav{position:fixed;inset:auto 0 0;height:56px;display:flex;background:#eee}",
        f"<main>{_LONG}</main>{_NAV}",
    ),
    "tab bar of a short page": _styled(
        "body{margin:0}nav{position:fixed;bottom:0;left:0;width:100%;height:50px;background:#fff}", f"{_P}{_NAV}"
    ),
    "sidebar and tab bar": _styled(
        "body{margin:0 0 56px 25%}aside{position:fixed;inset:0 auto 56px 0;width:25%}"
        "nav{position:fixed;inset:auto 0 0;height:56px;background:#eee}",
        f"<aside>{_P}</aside><main>{_LONG}</main>{_NAV}",
    ),
    "every box absolute": _styled(
        "body>*{position:absolute}header{inset:0 0 auto;height:36px}ul{top:36px;left:0;bottom:0;width:17em;margin:0}"
        ".d{top:60px;left:20em;width:50%}",
        f"<header>{_NAV}</header><ul><li>River<li>Ferry</ul><div class=d>{_TEXT}</div>",
    ),
    # Markup that is left open
    **{
        f"{name} left open": _styled("small,font,b,a{color:#333}", body)
        for name, body in {
            "small": f"{_NAV}<main>{_P}</main><div class=n><small>Made with care</div>",
            "font": f"<center>{_NAV}</center><font size=5 color=#cc0000>{_P}",
            "b": f"{_NAV}<p>{_P}</p><p><b>News",
            "i and u": f"{_NAV}<main><i><u>{_P}</main>",
            "a": f"{_NAV}<main>{_P}</main><a href='#top'>Top",
            "small, badly nested": f"{_NAV}<div><small><div>{_P}</small></div><b><i>Copyright</b></div>",
        }.items()
    },
    # Directions and modes
    "right to left": _styled("body{display:flex}main{flex:1}", f"{_NAV}<main>{_TEXT}</main>", "dir=rtl"),
    "vertical": _styled("body{writing-mode:vertical-rl;height:300px}", _P),
    # Frameworks
    "bootstrap sign-in": _framework(
        "bootstrap",
        "html,body{height:100%}.form-signin{max-width:330px;padding:1rem}",
        f"<main class='form-signin w-100 m-auto'>{_FORM}</main>",
        "class='d-flex align-items-center py-4 bg-body-tertiary'",
    ),
    "bootstrap cover": _framework(
        "bootstrap",
        "",
        "<div class='cover-container d-flex w-100 h-100 p-3 mx-auto flex-column'><header class=mb-auto>"
        f"{_NAV}</header><main>{_P}</main><footer class=mt-auto>{_P}</footer></div>",
        "class='d-flex h-100 text-center text-bg-dark'",
    ),
    "bootstrap dashboard": _framework(
        "bootstrap",
        "",
        f"<div class=container-fluid><div class=row><div class='sidebar col-md-3 col-lg-2'>{_NAV}</div>"
        f"<main class='col-md-9 ms-sm-auto col-lg-10'><table class=table>{_ROWS}</table></main></div></div>",
    ),
    "bootstrap sticky footer": _framework(
        "bootstrap",
        "",
        f"<main class=flex-shrink-0>{_P}</main><footer class='footer mt-auto py-3'>{_P}</footer>",
        "class='d-flex flex-column min-vh-100'",
    ),
    "bulma hero": _framework(
        "bulma", "", f"<section class='hero is-fullheight'><div class=hero-body>{_P}</div></section>"
    ),
    "bulma columns": _framework("bulma", "", f"<div class=columns><div class=column>{_TEXT}</div>{_CARDS}</div>"),
    "pico": _framework(
        "pico", "", f"<header class=container>{_NAV}</header><main class=container>{_TEXT}{_FORM}</main>"
    ),
    "tailwind": _framework(
        "tailwind",
        "body{display:grid;grid-template-rows:auto 1fr auto;min-height:100dvh}",
        f"<header>{_NAV}</header><main>{_TEXT}</main><footer>{_P}</footer>",
    ),
    # Portals of old
    "portal of columns": _styled(
        "*{margin:0;padding:0}body{font:12px/1.8 SimSun,serif;background:#f5f5f5}"
        ".l{float:left;width:640px;background:#fff}.w{width:980px;margin:0 auto;overflow:hidden;zoom:1}"
        ".r{float:right;width:320px}li{list-style:none;float:left;width:50%}"
        ".b{position:fixed;right:20px;bottom:80px;width:40px;height:80px;background:#c00}",
        f"<div class=w>{_NAV}</div><div class=w><div class=l><h2>要闻</h2><ul>{_ITEMS}</ul></div>"
        f"<div class=r><h2>图片</h2>{_TEXT}</div></div><div class=w><center>版权所有</center></div>"
        "<div class=b>顶部</div>",
    ),
    "portal of couplets": _styled(
        "body{margin:0;text-align:center}.duilian{position:absolute;top:100px;width:100px;height:300px;background:#c00}"
        "#page{width:760px;margin:0 auto;text-align:left}",
        f"<div class=duilian style=left:6px></div><div class=duilian style=right:6px></div><div id=page>{_LONG}</div>",
        "leftmargin=0 topmargin=0",
    ),
    "portal of floats": _styled(
        "body{width:960px;margin:0 auto;font:12px/1.5 SimSun}.l{float:left;width:200px}.c{float:left;width:520px}"
        ".r{float:right;width:220px}",
        f"<div>{_NAV}</div><div class=l>{_TEXT}</div><div class=c>{_TEXT * 3}</div><div class=r>{_TEXT}</div>",
    ),
    "portal of tables": _styled(
        "td{vertical-align:top}",
        f"<center><table width=950><tr><td colspan=2>{_NAV}<tr><td width=200>{_TEXT}<td>{_LONG}</table></center>",
        "topmargin=0 bgcolor=#ffffe0 link=#cc0000",
    ),
    "admin of old": _styled(
        "html,body{height:100%}#container{position:relative;min-width:980px;height:100%}#content{float:left;width:70%}",
        f"<div id=container><div id=header>{_NAV}</div><div id=content><table>{_ROWS}</table></div></div>",
    ),
}
_SHELLS = {
    "shell: every box fixed": _styled(
        "header{position:fixed;inset:0 0 auto;height:36px}ul{position:fixed;inset:36px auto 0 0;width:17em;margin:0}",
        f"<header>{_NAV}</header><ul><li>River<li>Ferry</ul><div></div>",
    ),
    "shell: every box fixed, in one": _styled(
        "#app>*{position:fixed}header{inset:0 0 auto}aside{inset:40px auto 0 0;width:20%}main{inset:40px 0 0 20%}",
        f"<div id=app><header>{_NAV}</header><aside>{_P}</aside><main>{_FORM}</main></div>",
    ),
    "shell: column of the window": _styled(
        "body{display:flex;flex-direction:column;height:100vh;margin:0}main{flex:1;overflow:auto;min-height:0}",
        f"<header>{_NAV}</header><main>{_LONG}</main>",
    ),
    "shell: nothing scrolls": _styled(
        "html,body{height:100%;overflow:hidden;margin:0}main{height:100%;overflow:auto}", f"<main>{_LONG}</main>"
    ),
    "shell: fixed": _styled(
        "#app{position:fixed;inset:0;overflow:auto;background:#fff}", f"<div id=app>{_NAV}{_LONG}</div>"
    ),
    "shell: dashboard": _styled(
        "body{margin:0}#app{display:grid;grid:auto 1fr/14em 1fr;height:100vh}header{grid-column:1/-1}"
        "aside,main{overflow:auto}",
        f"<div id=app><header>{_NAV}</header><aside>{_TEXT}</aside><main><table>{_ROWS}</table></main></div>",
    ),
    "shell: chat": _styled(
        "html,body{height:100%;margin:0}#chat{display:flex;flex-direction:column;height:100%}"
        "#log{flex:1;overflow-y:auto}form{display:flex}input{flex:1}",
        f"<div id=chat><div id=log>{_CHAT}</div>{_FORM}</div>",
    ),
    "shell: map": _styled(
        "html,body{height:100%;margin:0;overflow:hidden}#map{position:absolute;inset:0;background:#cde}"
        "#tools{position:absolute;top:1em;right:1em}",
        f"<div id=map></div><div id=tools>{_FORM}</div>",
    ),
    "shell: slides": _styled(
        "body{margin:0;overflow:hidden;height:100vh;background:#111;color:#fff}section.s{position:absolute;inset:0}",
        f"<section class=s>{_P}</section>",
    ),
    "shell: snapping slides": _styled(
        "body{margin:0}main{height:100vh;overflow-y:scroll;scroll-snap-type:y mandatory}"
        ".s{height:100vh;scroll-snap-align:start}",
        f"<main>{'<div class=s><p>Slide</div>' * 4}</main>",
    ),
    "shell: flex row": _styled(
        "html,body{height:100%;margin:0}body{display:flex;overflow:hidden}nav{width:8em}main{flex:1;overflow:auto}",
        f"{_NAV}<main>{_LONG}</main>",
    ),
}


def _page(head: str, body: str, attributes: str) -> str:
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>News</title>{head}</head><body {attributes}>{body}</body></html>"
    )


#: Pages with an end below which the footer stands.
PAGES = {name: _page(*page) for name, page in _PAGES.items()}
#: Applications that fill the window: there is nothing below them.
SHELLS = {name: _page(*page) for name, page in _SHELLS.items()}
