"""Article pages of a given size, with what the pages of news sites carry.

Their proportions are the medians of 308 saved pages of news sites, blogs and shops: a tag every 56 bytes, 1.3
attributes to a start tag, a fifth of the bytes in scripts and styles.
"""

from __future__ import annotations

import random

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Two sessions open in Chongqing &amp; consuls speak | City News</title>
<link rel="stylesheet" href="/static/site.css?v=20230114">
<link rel="alternate" type="application/rss+xml" href="/feed.xml">
<meta property="og:title" content="Consuls on cooperation">
<meta property="og:image" content="https://news.example/photos/1.jpg">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Consuls on
cooperation", "author": [{"@type": "Person", "name": "Staff"}], "articleBody": "<p>As told <b>here</b></p>"}</script>
<script>window.site = window.site || []; if (site.length < 1 && document.body === null) { site.push(["page", "</b>"]); }
</script>
<style>body > main { max-width: 60rem } .lead::before { content: "<" }</style>
<!--[if lt IE 9]><script src="/static/html5shiv.js"></script><![endif]-->
</head>
<body class="article">
<header><a class="logo" href="/"><svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
<title>City News</title><path d="M4 4h16v16H4z"/></svg></a>
<nav><ul>
"""
_FOOT = """</article></main>
<form action="/search" method="get"><label>Search <input type="search" name="q"></label><select name="in">
<option value="all">Everything<option value="news" selected>News</select><button>Go</button></form>
<noscript><img src="https://stat.example/pixel.gif?js=0" alt="" height="1" width="1"></noscript>
<script>(function (d) { var s = d.createElement("script"); s.async = true; s.src = "/static/site.js";
d.getElementsByTagName("head")[0].appendChild(s); d.write("<p>Loaded<\\/p>"); })(document);</script>
</body>
</html>
"""
_SECTIONS = ("World", "City", "Economy", "Culture", "Travel", "Sport", "Opinion", "Photos")
_SENTENCES = (
    "The consul general said that trade between both cities grew last year.",
    "While flights resumed, new companies looked for partners in energy, tourism and medicine.",
    "A report on the work of the government was read to the congress on Friday morning.",
    "Observers from many countries took part &ndash; &ldquo;growth&rdquo; was the word of the day.",
    "重庆两会开幕，多国总领事列席。",
)


def article(size: int) -> bytes:
    """Write an article page of about *size* bytes; the same size gives the same page."""
    chance = random.Random(size)
    links = "".join(f'<li class="nav-item"><a href="/{name.lower()}/">{name}</a></li>\n' for name in _SECTIONS)
    parts = [_HEAD, links, "</ul></nav></header>\n<main><article>\n<h1>Consuls on cooperation</h1>\n"]
    written = sum(map(len, parts)) + len(_FOOT)
    while written < size:
        part = chance.choices((_paragraph, _photo, _teaser, _script), (6, 2, 4, 2))[0](chance)
        parts.append(part)
        written += len(part.encode())
    return "".join((*parts, _FOOT)).encode()


def _paragraph(chance: random.Random) -> str:
    first, second, third, fourth = chance.choices(_SENTENCES, k=4)
    link = f'<a href="/news/2023/01/{chance.randrange(10**5)}.html" class="tag" rel="tag">partners</a>'
    return f"<p>{first} {second} <em>{third}</em> {link} {fourth}</p>\n"


def _photo(chance: random.Random) -> str:
    number = chance.randrange(10**5)
    return (
        f'<figure><img src="https://img.news.example/2023/01/{number}.jpg" srcset="/photos/2023/01/{number}@2x.jpg 2x" '
        f'width="800" height="450" alt="Delegates in the hall" loading="lazy"><figcaption>Delegates, no. {number}. '
        "(Photo/Staff)</figcaption></figure>\n"
    )


def _teaser(chance: random.Random) -> str:
    number = chance.randrange(10**5)
    return (
        f'<div class="card card--small" data-id="{number}"><a class="card__link" href="/news/2023/01/{number}.html" '
        f'title="{chance.choice(_SENTENCES)}"><img class="card__photo lazy" src="/static/blank.gif" '
        f'data-src="https://img.news.example/2023/01/{number}-s.jpg" alt="" width="160" height="90"></a>\n'
        f'<h3 class="card__title"><a href="/news/2023/01/{number}.html">{chance.choice(_SENTENCES)}</a></h3>\n'
        f'<span class="card__meta"><time datetime="2023-01-14">Jan 14, 2023</time> <b>{number}</b></span>\n'
        '<ul><li><a href="/tag/two-sessions">Two Sessions</a></li></ul></div>\n'
    )


def _script(chance: random.Random) -> str:
    slots = ", ".join(
        f'{{"slot": {chance.randrange(10**5)}, "sizes": [[300, 250]], "html": "<div id=\\"slot\\"><\\/div>"}}'
        for _ in range(7)
    )
    return (
        f"<script>window.slots = window.slots || []; slots.push({slots}); if (slots.length > 2 && slots[0].slot < 9) "
        '{ document.getElementById("slots").hidden = false; }</script>\n'
    )
