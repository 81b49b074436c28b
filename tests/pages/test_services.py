"""Services that load comments by a script: each by its documented embed code, and as themes write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.pages.document import parse
from archiver.pages.services import Service, sentence, services

URL = "https://chalk.example/notes/on-lines.html"

GISCUS = """<script src="https://giscus.app/client.js" data-repo="chalk/talk" data-repo-id="R_1" data-category="Notes"
 data-category-id="DIC_1" data-mapping="{}" data-strict="0" crossorigin="anonymous" async></script>"""
UTTERANCES = '<script src="https://utteranc.es/client.js" repo="chalk/talk" {} theme="github-light" async></script>'
ISSO = '<script data-isso="//talk.example/isso/" src="//talk.example/isso/js/embed.min.js"></script>'


def loading(address: str) -> str:
    """A script that adds another one, as most embed codes end."""
    return f"""(function() {{ var d = document, s = d.createElement('script'); s.src = '{address}';
    s.setAttribute('data-timestamp', +new Date()); (d.head || d.body).appendChild(s); }})();"""


EMBEDDED = {
    "disqus": (
        '<div id="disqus_thread"></div><script>var disqus_config = function () {'
        "this.page.url = 'https://chalk.example/lines'; // the canonical one\n"
        "this.page.identifier = 'lines-7'; };" + loading("https://chalk.disqus.com/embed.js") + "</script>",
        ("Disqus", "shortname chalk, identifier lines-7"),
    ),
    "disqus as it comes": (
        '<div id="disqus_thread"></div><script>/* var disqus_config = function () {'
        "this.page.identifier = PAGE_IDENTIFIER; }; */" + loading("//chalk.disqus.com/embed.js") + "</script>",
        ("Disqus", f"shortname chalk, address {URL}"),
    ),
    "disqus by variables": (
        (
            '<div id="disqus_thread"></div><script>var disqus_shortname = "chalk"; var disqus_identifier = "";'
            "var disqus_url = 'https://chalk.example/lines';"
            "dsq.src = '//' + disqus_shortname + '.disqus.com/embed.js';</script>"
        ),
        ("Disqus", "shortname chalk, address https://chalk.example/lines"),
    ),
    "disqus in a file of the theme": (
        '<div id="disqus_thread"></div><script src="/js/disqus.js"></script>',
        ("Disqus", ""),
    ),
    "disqusjs": (
        (
            '<div id="wrap"></div><script>var it = new DisqusJS(Object.assign({shortname: "chalk",'
            ' identifier: "/lines/", apikey: "secret"}, null)); it.render("wrap")</script>'
        ),
        ("Disqus", "shortname chalk, identifier /lines/"),
    ),
    "giscus": (GISCUS.format("pathname"), ("giscus", "repository chalk/talk, thread by pathname notes/on-lines")),
    "giscus by title": (GISCUS.format("title"), ("giscus", "repository chalk/talk, thread by title On Lines")),
    "giscus by number": (
        GISCUS.format('number" data-term="12'),
        ("giscus", "repository chalk/talk, thread by number 12"),
    ),
    "giscus by a script": (
        (
            "<main></main><script>const told = {'src': 'https://giscus.app/client.js', 'data-repo': 'chalk/talk',"
            "'data-mapping': 'og:title'}; const made = document.createElement('script');</script>"
        ),
        ("giscus", "repository chalk/talk, thread by og:title Lines, again"),
    ),
    "giscus as an element": (
        '<giscus-widget repo="chalk/talk" mapping="specific" term="Lines"></giscus-widget>',
        ("giscus", "repository chalk/talk, thread by specific Lines"),
    ),
    "utterances": (
        UTTERANCES.format('issue-term="pathname"'),
        ("utterances", "repository chalk/talk, thread by pathname notes/on-lines"),
    ),
    "utterances by number": (
        UTTERANCES.format('issue-number="31"'),
        ("utterances", "repository chalk/talk, thread by number 31"),
    ),
    "utterances by a script": (
        (
            "<div id='talk'></div><script>var s = document.createElement('script');"
            "s.src = 'https://utteranc.es/client.js'; s.setAttribute('repo', 'chalk/talk');"
            "s.setAttribute('issue-term', 'url'); document.getElementById('talk').appendChild(s);</script>"
        ),
        ("utterances", f"repository chalk/talk, thread by url {URL}"),
    ),
    "utterances in NexT": (
        (
            '<div class="comments utterances-container"></div><script class="next-config" data-name="utterances"'
            ' type="application/json">{"enable":true,"repo":"chalk/talk","issue_term":"pathname"}</script>'
        ),
        ("utterances", "repository chalk/talk, thread by pathname notes/on-lines"),
    ),
    "gitment": (
        (
            "<div id='box'></div><script>new Gitment({id: location.href, owner: 'chalk', repo: 'talk',"
            "oauth: {client_id: '1', client_secret: '2'}}).render('box')</script>"
        ),
        ("Gitment", f"repository chalk/talk, id {URL}"),
    ),
    "gitalk": (
        (
            "<div id='gitalk-container'></div><script>const gitalk = new Gitalk({clientID: '1', clientSecret: '2',"
            "repo: 'talk', owner: 'chalk', admin: ['chalk'], id: decodeURI(location.pathname),"
            "distractionFreeMode: false}); gitalk.render('gitalk-container')</script>"
        ),
        ("Gitalk", "repository chalk/talk, id /notes/on-lines.html"),
    ),
    "gitalk with an id that is worked out": (
        (
            "<div id='gitalk-container'></div><script>var it = new Gitalk({repo: 'talk', owner: 'chalk',"
            "id: md5(location.pathname)}); it.render('gitalk-container')</script>"
        ),
        ("Gitalk", "repository chalk/talk, id as a script makes it"),
    ),
    "valine": (
        "<div id='vcomments'></div><script>new Valine({el: '#vcomments', appId: 'app-1', appKey: 'key'})</script>",
        ("Valine", "application app-1, path /notes/on-lines.html"),
    ),
    "valine anywhere": (
        "<p id='c'></p><script>new Valine({el:'#c',appId:'app-1',path:window.location.pathname})</script>",
        ("Valine", "application app-1, path /notes/on-lines.html"),
    ),
    "waline": (
        (
            "<div id='waline'></div><script type='module'>import { init } from 'https://cdn.example/waline.js';"
            "init({ el: '#waline', serverURL: 'https://talk.example', });</script>"
        ),
        ("Waline", "server https://talk.example, path /notes/on-lines.html"),
    ),
    "waline of before": (
        "<div id='talk'></div><script>new Waline({el: '#talk', path: '/lines', serverURL: 'https://talk.example'})</script>",
        ("Waline", "server https://talk.example, path /lines"),
    ),
    "twikoo": (
        "<div id='tcomment'></div><script>twikoo.init({envId: 'https://talk.example', el: '#tcomment'})</script>",
        ("Twikoo", "environment https://talk.example, path /notes/on-lines.html"),
    ),
    "artalk": (
        (
            "<div id='Comments'></div><script>Artalk.init({el: '#Comments', pageKey: '/lines', pageTitle: 'On Lines',"
            "server: 'https://talk.example', site: 'Chalk'})</script>"
        ),
        ("Artalk", "server https://talk.example, site Chalk, page /lines"),
    ),
    "isso": (
        f'{ISSO}<section id="isso-thread" data-title="Lines" data-isso-id="/lines/"></section>',
        ("Isso", "server //talk.example/isso/, path /lines/"),
    ),
    "remark42": (
        (
            "<div id='remark42'></div><script>var remark_config = {host: 'https://talk.example', site_id: 'chalk',"
            "components: ['embed']}</script>"
        ),
        ("Remark42", f"server https://talk.example, site chalk, address {URL}"),
    ),
    "commento": (
        '<script defer src="https://cdn.commento.io/js/commento.js"></script><div id="commento"></div>',
        ("Commento", "server https://cdn.commento.io, path /notes/on-lines.html"),
    ),
    "comentario": (
        '<script defer src="https://talk.example/comentario.js"></script><comentario-comments></comentario-comments>',
        ("Comentario", "server https://talk.example, path /notes/on-lines.html"),
    ),
    "cusdis": (
        (
            '<div id="cusdis_thread" data-host="https://cusdis.com" data-app-id="a-1" data-page-id="7"'
            ' data-page-url="/7"></div><script async src="https://cusdis.com/js/cusdis.es.js"></script>'
        ),
        ("Cusdis", "server https://cusdis.com, application a-1, page 7"),
    ),
    "hyvor talk": (
        (
            '<script async src="https://talk.hyvor.com/embed/embed.js" type="module"></script>'
            '<hyvor-talk-comments website-id="31" page-id="lines"></hyvor-talk-comments>'
        ),
        ("Hyvor Talk", "website 31, page lines"),
    ),
    "hyvor talk of before": (
        (
            '<div id="hyvor-talk-view"></div><script>var HYVOR_TALK_WEBSITE = 31; var HYVOR_TALK_CONFIG = {url: false,'
            'id: "lines"};</script>'
        ),
        ("Hyvor Talk", "website 31, page lines"),
    ),
    "facebook": (
        '<div class="fb-comments" data-href="https://chalk.example/lines" data-numposts="5"></div>',
        ("Facebook", "address https://chalk.example/lines"),
    ),
    "discourse": (
        (
            "<div id='discourse-comments'></div><script>DiscourseEmbed = { discourseUrl: 'https://forum.example/',"
            "discourseEmbedUrl: 'https://chalk.example/lines' };</script>"
        ),
        ("Discourse", "server https://forum.example/, address https://chalk.example/lines"),
    ),
    "livere": (
        '<div id="lv-container" data-id="city" data-uid="MTAy"></div>',
        ("LiveRe", f"site MTAy, address {URL}"),
    ),
    "changyan": (
        (
            '<div id="SOHUCS" sid="7"></div><script src="https://changyan.sohu.com/upload/changyan.js"></script>'
            "<script>window.changyan.api.config({appid: 'cy1', conf: 'prod_1'});</script>"
        ),
        ("Changyan", "application cy1, id 7"),
    ),
    "duoshuo": (
        '<div class="ds-thread" data-thread-key="7"></div><script>var duoshuoQuery = {short_name: "chalk"};</script>',
        ("Duoshuo", "site chalk, id 7"),
    ),
    "cnblogs": (
        (
            "<script>var cb_entryId = 123, cb_entryCreatedDate = '2024/3/3 17:12', cb_blogApp = 'chalk';</script>"
            '<div id="blog-comments-placeholder"></div><div id="comment_form" class="commentform"></div>'
        ),
        ("cnblogs", "blog chalk, post 123"),
    ),
    "webmention.io": (
        f'<div id="webmentions"></div><script src="/js/webmention.min.js" data-page-url="{URL}" async></script>',
        ("webmention.io", f"address {URL}"),
    ),
}
"""Markup of each service, and its name and thread."""


def found(markup: str) -> tuple[Service, ...]:
    page = f"""<!DOCTYPE html><html><head><title>On Lines</title><meta property="og:title" content="Lines, again">
<link rel="webmention" href="https://webmention.io/chalk.example/webmention"></head>
<body><article id="post" class="post"><p>Words.</p></article>{markup}</body></html>"""
    return services(parse(URL, page.encode()), URL)


@pytest.mark.parametrize("case", EMBEDDED)
def test_a_service_is_known_with_its_thread_by_its_embed_code(case: str) -> None:
    markup, expected = EMBEDDED[case]
    assert found(markup) == (Service(*expected),)


COUNTING = {
    "count.js": '<script id="dsq-count-scr" src="//chalk.disqus.com/count.js" async></script>',
    "the number at a link": '<span class="disqus-comment-count" data-disqus-identifier="7"></span>'
    "<script>var disqus_shortname = 'chalk'; document.getElementById('post').focus();</script>",
    "a reader counter": "<span class='leancloud_visitors'></span><script>new Valine({el: '#vcomments', appId: 'a',"
    "visitor: true})</script>",
    "a page counter": "<script>Waline.init({el: null, serverURL: 'https://talk.example', pageview: true})</script>",
    "facebook's number": '<span class="fb-comments-count" data-href="https://chalk.example/lines"></span>',
    "a theme's settings": '<script class="next-config" data-name="giscus" type="application/json">{"repo":"chalk/talk",'
    '"js":"https://giscus.app/client.js"}</script>',
    "a script for a place that is not there": "<script>const to = document.getElementById('giscus_place'); if (to) {"
    "to.dataset.src = 'https://giscus.app/client.js'; to.setAttribute('data-repo', 'chalk/talk'); }</script>",
    "an embed that is commented out": "<!-- <div id='disqus_thread'></div> -->",
    "an embed that is shown": f"<pre><code>{GISCUS.format('url').replace('<', '&lt;')}</code></pre>",
    "where mentions are sent": '<link rel="webmention" href="https://webmention.io/chalk.example/webmention">',
    "mentions that stand in the page": '<section class="webmentions"><p>Ida Rook liked this.</p></section>',
    "the form of Jetpack": '<div id="respond"><iframe id="jetpack_remote_comment" class="jetpack_remote_comment"'
    ' src="https://jetpack.wordpress.com/jetpack-comment/?blogid=1&amp;postid=2"></iframe></div>',
}
"""What has to do with a service, and loads no comments into the page."""


@pytest.mark.parametrize("case", COUNTING)
def test_what_loads_no_comments_is_no_service(case: str) -> None:
    assert found(COUNTING[case]) == ()


def test_two_services_are_two() -> None:
    both = found(EMBEDDED["livere"][0] + EMBEDDED["utterances"][0])
    assert [each.name for each in both] == ["utterances", "LiveRe"]


def test_a_sentence_names_service_and_thread_and_no_secret() -> None:
    (service,) = found(EMBEDDED["gitalk"][0].replace("'2'", "'very secret'"))
    assert sentence(service) == (
        "comments are at Gitalk (repository chalk/talk, id /notes/on-lines.html), which loads them by a script: "
        "none of them is archived"
    )
    (service,) = found(EMBEDDED["disqus in a file of the theme"][0])
    assert "(the page does not say which discussion)" in sentence(service)


@given(st.sampled_from(sorted(EMBEDDED)), st.data())
def test_no_embed_code_that_is_cut_or_damaged_is_an_error(case: str, data: st.DataObject) -> None:
    markup = EMBEDDED[case][0]
    begin, end = sorted((data.draw(st.integers(0, len(markup))), data.draw(st.integers(0, len(markup)))))
    found(markup[:begin] + data.draw(st.text(max_size=3)) + markup[end:])
