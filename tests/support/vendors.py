"""What sites put into their pages for others, as those write it in their instructions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """A snippet, where it stands, and the hosts that are asked once its *category* is agreed to."""

    name: str
    category: str
    hosts: tuple[str, ...]
    body: str = ""
    head: str = ""


VENDORS = (
    Vendor(
        name="Baidu Tongji",
        category="analytics",
        hosts=("hm.baidu.com",),
        head="""<script>
var _hmt = _hmt || [];
(function() {
  var hm = document.createElement("script");
  hm.src = "https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef";
  var s = document.getElementsByTagName("script")[0];
  s.parentNode.insertBefore(hm, s);
})();
</script>""",
    ),
    Vendor(
        name="CNZZ",
        category="analytics",
        hosts=("s4.cnzz.com", "c.cnzz.com"),
        body="""<script type="text/javascript">var cnzz_protocol = (("https:" == document.location.protocol) ? "https://" : "http://");document.write(unescape("%3Cspan id='cnzz_stat_icon_1234567'%3E%3C/span%3E%3Cscript src='" + cnzz_protocol + "s4.cnzz.com/z_stat.php%3Fid%3D1234567%26show%3Dpic' type='text/javascript'%3E%3C/script%3E"));</script>""",
    ),
    Vendor(
        name="51.la",
        category="analytics",
        hosts=("sdk.51.la",),
        body="""<script charset="UTF-8" id="LA_COLLECT" src="//sdk.51.la/js-sdk-pro.min.js"></script>
<script>LA.init({id:"KABCDEFGHIJKLMNO",ck:"KABCDEFGHIJKLMNO"})</script>""",
    ),
    Vendor(
        name="Google Analytics",
        category="analytics",
        hosts=("www.googletagmanager.com",),
        head="""<script async src="https://www.googletagmanager.com/gtag/js?id=G-ABCDEF1234"></script>
<script>
  window.dataLayer = window.dataLayer || [];
  function gtag(){dataLayer.push(arguments);}
  gtag('js', new Date());

  gtag('config', 'G-ABCDEF1234');
</script>""",
    ),
    Vendor(
        name="Google Tag Manager",
        category="analytics",
        hosts=("www.googletagmanager.com",),
        head="""<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':
new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src=
'https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
})(window,document,'script','dataLayer','GTM-ABC1234');</script>""",
        body="""<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-ABC1234"
height="0" width="0" style="display:none;visibility:hidden"></iframe></noscript>""",
    ),
    Vendor(
        name="Microsoft Clarity",
        category="analytics",
        hosts=("www.clarity.ms",),
        head="""<script type="text/javascript">
    (function(c,l,a,r,i,t,y){
        c[a]=c[a]||function(){(c[a].q=c[a].q||[]).push(arguments)};
        t=l.createElement(r);t.async=1;t.src="https://www.clarity.ms/tag/"+i;
        y=l.getElementsByTagName(r)[0];y.parentNode.insertBefore(t,y);
    })(window, document, "clarity", "script", "abcdefghij");
</script>""",
    ),
    Vendor(
        name="Meta pixel",
        category="advertising",
        hosts=("connect.facebook.net",),
        head="""<script>
!function(f,b,e,v,n,t,s)
{if(f.fbq)return;n=f.fbq=function(){n.callMethod?
n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';
n.queue=[];t=b.createElement(e);t.async=!0;
t.src=v;s=b.getElementsByTagName(e)[0];
s.parentNode.insertBefore(t,s)}(window, document,'script',
'https://connect.facebook.net/en_US/fbevents.js');
fbq('init', '123456789012345');
fbq('track', 'PageView');
</script>
<noscript><img height="1" width="1" style="display:none"
src="https://www.facebook.com/tr?id=123456789012345&ev=PageView&noscript=1"/></noscript>""",
    ),
    Vendor(
        name="Baidu Share",
        category="social",
        hosts=("bdimg.share.baidu.com",),
        body="""<div class="bdsharebuttonbox"><a href="#" class="bds_more" data-cmd="more"></a></div>
<script>window._bd_share_config={"common":{"bdSnsKey":{},"bdText":"","bdMini":"2","bdPic":"","bdStyle":"0","bdSize":"16"},"share":{}};with(document)0[(getElementsByTagName('head')[0]||body).appendChild(createElement('script')).src='http://bdimg.share.baidu.com/static/api/js/share.js?v=89860593.js?cdnversion='+~(-new Date()/36e5)];</script>""",
    ),
    Vendor(
        name="Baidu link push",
        category="analytics",
        hosts=("push.zhanzhang.baidu.com",),
        body="""<script>
(function(){
    var bp = document.createElement('script');
    var curProtocol = window.location.protocol.split(':')[0];
    if (curProtocol === 'https') {
        bp.src = 'https://zz.bdstatic.com/linksubmit/push.js';
    }
    else {
        bp.src = 'http://push.zhanzhang.baidu.com/push.js';
    }
    var s = document.getElementsByTagName("script")[0];
    s.parentNode.insertBefore(bp, s);
})();
</script>""",
    ),
    Vendor(
        name="Toutiao link push",
        category="analytics",
        hosts=("lf1-cdn-tos.bytegoofy.com",),
        body="""<script>
(function(){
var el = document.createElement("script");
el.src = "https://lf1-cdn-tos.bytegoofy.com/goofy/ttzz/push.js?0123456789abcdef";
el.id = "ttzz";
var s = document.getElementsByTagName("script")[0];
s.parentNode.insertBefore(el, s);
})(window)
</script>""",
    ),
    Vendor(
        name="Weibo widget",
        category="social",
        hosts=("tjs.sjs.sinajs.cn",),
        head="""<script src="http://tjs.sjs.sinajs.cn/open/api/js/wb.js" type="text/javascript" charset="utf-8"></script>""",
        body="""<wb:share-button appkey="1234567890" addition="simple" type="button"></wb:share-button>""",
    ),
    Vendor(
        name="YouTube",
        category="functional",
        hosts=("www.youtube.com",),
        body="""<iframe width="560" height="315" src="https://www.youtube.com/embed/abcdefghijk" title="YouTube video player" frameborder="0" allow="accelerometer; autoplay; clipboard-write; encrypted-media" allowfullscreen></iframe>""",
    ),
    Vendor(
        name="Baidu Map",
        category="functional",
        hosts=("api.map.baidu.com",),
        body="""<iframe width="504" height="731" frameborder="0" scrolling="no" marginheight="0" marginwidth="0" src="https://api.map.baidu.com/marker?location=29.56,106.55&title=Chongqing&content=Chongqing&output=html&src=news"></iframe>""",
    ),
    Vendor(
        name="Matomo of the site",
        category="analytics",
        hosts=("stats.news.test",),
        body="""<script>
  var _paq = window._paq = window._paq || [];
  _paq.push(['trackPageView']);
  _paq.push(['enableLinkTracking']);
  (function() {
    var u="//stats.news.test/";
    _paq.push(['setTrackerUrl', u+'matomo.php']);
    _paq.push(['setSiteId', '1']);
    var d=document, g=d.createElement('script'), s=d.getElementsByTagName('script')[0];
    g.async=true; g.src=u+'matomo.js'; s.parentNode.insertBefore(g,s);
  })();
</script>""",
    ),
)

#: What the loaded scripts do in their turn.
SCRIPTS = {
    "hm.baidu.com/hm.js": "new Image().src = 'https://hm.baidu.com/hm.gif?et=0'",
    "s4.cnzz.com/z_stat.php": (
        "document.getElementById('cnzz_stat_icon_1234567').innerHTML = '<i>CNZZ</i>';"
        "document.write(unescape(\"%3Cscript src='//c.cnzz.com/core.php%3Fweb_id%3D1234567' charset='utf-8'"
        " type='text/javascript'%3E%3C/script%3E\"));"
    ),
    "sdk.51.la/js-sdk-pro.min.js": "window.LA = { init(given) { window.la = (window.la || 0) + 1 } }",
    "www.googletagmanager.com/gtag/js": "window.before = dataLayer.map(entry => entry[0] + ' ' + entry[1])",
}


def page(vendors: tuple[Vendor, ...] = VENDORS) -> str:
    """A news page that carries them all."""
    head = "\n".join(vendor.head for vendor in vendors)
    body = "\n".join(vendor.body for vendor in vendors)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>News</title>{head}</head>'
        f"<body><h1>News</h1>{body}<p id=end>End</p></body></html>"
    )
