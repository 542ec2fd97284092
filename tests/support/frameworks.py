"""The CSS frameworks that readers' pages are made with, as npm has them, and a page that uses what they style."""

from __future__ import annotations

from pathlib import Path

import pytest

PACKAGES = Path(__file__).resolve().parents[2] / "node_modules"
FILES = {
    "bootstrap": "bootstrap/dist/css/bootstrap.css",
    "bulma": "bulma/css/bulma.css",
    "pico": "@picocss/pico/css/pico.css",
    "tailwind": "tailwindcss/preflight.css",
}
if not (PACKAGES / ".package-lock.json").exists():
    pytest.skip("the packages of package.json are not installed (npm ci)", allow_module_level=True)

#: Stylesheets by name: four frameworks, and two habits that are as bad as their names say.
FRAMEWORKS = {
    "bare": "",
    **{name: (PACKAGES / file).read_text(encoding="utf-8") for name, file in FILES.items()},
    # Pico's root grows with the window, and our text with the root; what is compared is all the rest.
    "pico": (PACKAGES / FILES["pico"]).read_text(encoding="utf-8") + ":root{--pico-font-size:100%}",
    "unset": "*{all:unset}html,body,header,main,article,p,h1,h2,footer{display:block}head,head *,script{display:none}",
    "62.5%": "html{font-size:62.5%}body{font-size:1.6rem;line-height:1.2}",
}
ARTICLES = "".join(
    f"<article class=card><h2><a href='#a{number}'>Article {number}</a></h2><p>The river rose by a hand's breadth on "
    f"the day that the bridge was opened, <a href='#b{number}'>says the port</a>.</p></article>"
    for number in range(1, 20)
)
#: 43 links, and one of everything else that stylesheets speak of.
PAGE = f"""<!doctype html><html lang="{{lang}}"><head><meta name=viewport content="width=device-width">
<title>News</title><link rel=stylesheet href=/site.css></head><body>
<header class=navbar><nav class=container><ul><li><a id=skip href="#news">Skip</a></li>
<li><a class=button href="#1">News</a></li><li><a class="btn btn-primary" href="#2">Photos</a></li></ul></nav></header>
<main id=news class=container><h1>News</h1>{ARTICLES}
<form class=form><fieldset><legend>Search</legend><label>Words <input name=q class="input form-control"></label>
<label><input type=checkbox> Titles only</label><select class=form-select><option>All</option></select>
<textarea rows=2></textarea><button class="button btn">Search</button> <input type=submit value=Go></fieldset></form>
<table class=table><caption>Levels</caption><tr><th>Day<td>Level</table><blockquote>Said.</blockquote>
<pre><code>1</code></pre><details open><summary>More</summary><p>Less.</p></details><dialog><p>Closed.</p></dialog><hr>
<img alt="" width=8 height=8></main>
<footer class=footer><p><a href="#3">Contact</a> <a href="#4">About</a></p></footer></body></html>"""
