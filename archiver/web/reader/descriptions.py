"""What tables, views and columns mean, in Chinese; the models and views say it in English themselves."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]*)`")


def described(about: str, language: str) -> Markup:
    """Return a description in a language, text between backticks as code."""
    text = CHINESE.get(about, about) if language == "zh" else about
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


CHINESE = {
    "How much was written each year?": "每年写了多少文章？",
    "Which posts do other posts link to most?": "哪些文章被其他文章链接最多？",
    "Which posts mention a word?": "哪些文章提到某个词？",
    "Which posts use a TeX command?": "哪些文章用到某个 TeX 命令？",
    "What does the curated index list, and what is missing?": "人工索引列了什么，其中缺什么？",
    "What has the blog's author answered lately?": "博主最近回复了什么？",
    "How did the discussion of a post go?": "一篇文章的讨论是怎样进行的？",
    "What was rewritten?": "哪些内容改写过？",
    "Which papers are cited most?": "哪些论文被引用最多？",
    "Where are the bytes of a page?": "一个页面的原始字节存在哪里？",
    "What is missing, and why?": "缺什么，为什么？",
    "Every version of a post the archive has seen, oldest first by id, each with its text.": (
        "存档见过的每篇文章的每个版本，按编号从旧到新，附全文。"
    ),
    "Number, in the order in which they were first seen.": "按首次见到的次序编号。",
    "The post.": "所属文章。",
    "The exchange it was read from.": "是从哪次请求中读到的。",
    "When that exchange took place.": "该次请求的时间。",
    "SHA-256 of the body's markup and the metadata as served, without counters.": (
        "服务器所给正文标记与元数据的 SHA-256，不含各种计数。"
    ),
    "Title in this version.": "这个版本的标题。",
    "Full text as Markdown in this version.": "这个版本的 Markdown 全文。",
    "Full text without markup in this version.": "这个版本的纯文本全文。",
    "Version of the code that read it.": "读取它的程序版本。",
    "What found the body: `site`, `trafilatura` or `readability`.": (
        "正文由什么找到：`site`、`trafilatura` 或 `readability`。"
    ),
    "`good`, or `review` if it could not be verified against the page.": "`good`；与页面核对未通过时为 `review`。",
    "JSON list of reasons not to trust it; `[]` if there are none.": ("JSON 列表：不可信的理由；没有则为 `[]`。"),
    "JSON list of oddities of the page itself, and of facts from one witness only.": (
        "JSON 列表：页面本身的异常，或只有一处佐证的内容。"
    ),
    "Every post without its text: what it is, how long, and what is in it.": (
        "每篇文章的概况，不含正文：是什么、多长、包含什么。"
    ),
    "The blog's own number of the post.": "博客自己的文章编号。",
    "Title as the blog shows it.": "博客显示的标题。",
    "Canonical address.": "规范地址。",
    "Date of publication, YYYY-MM-DD.": "发布日期，YYYY-MM-DD。",
    "Year of publication.": "发布年份。",
    "Author as the page names them.": "页面所写的作者。",
    "Names of its categories, separated by a comma and a space; empty if it has none.": (
        "各分类的名称，以逗号和空格分隔；没有则为空。"
    ),
    "Its tags, separated by a comma and a space; empty if it has none.": "各标签，以逗号和空格分隔；没有则为空。",
    "Characters of its text.": "正文字数。",
    "Number of formulas.": "公式数。",
    "Number of pictures.": "图片数。",
    "Number of code blocks.": "代码段数。",
    "Comments the archive holds and the blog still shows.": "存档中有、博客上也仍在的评论数。",
    "Comments the page claimed when last seen.": "最近一次抓取时页面标明的评论数。",
    "Readers the page counted when last seen.": "最近一次抓取时页面标明的阅读数。",
    "`live`, or `gone` if the blog no longer has it.": "`live`；博客上已没有时为 `gone`。",
    "1 if its current revision could not be verified against the page, else 0.": (
        "当前版本与页面核对未通过为 1，否则为 0。"
    ),
    "Versions the archive has seen, including those held for review.": "存档见过的版本数，包括待复核的。",
    "When the archive first fetched it.": "存档首次抓取它的时间。",
    "When the archive last fetched it.": "存档最近一次抓取它的时间。",
    "When the archive first saw its current revision.": "存档首次见到当前版本的时间。",
    "Which post links to which other post: one row per pair.": "哪篇文章链接到哪篇文章，每对文章一行。",
    "The post that links.": "发出链接的文章。",
    "Its title.": "它的标题。",
    "The post it links to.": "所链接的文章。",
    "Title of that post; empty if the archive does not hold it.": "该文章的标题；存档没有时为空。",
    "How many times it links there.": "链接到那里的次数。",
    "Which other posts link to a post of the archive: citations seen from the other end.": (
        "存档中的某篇文章被哪些文章链接，即从被引的一方看引用。"
    ),
    "The post that is linked to.": "被链接的文章。",
    "A post that links to it.": "链接到它的文章。",
    "Title of that post.": "该文章的标题。",
    "When that post was published, YYYY-MM-DD.": "该文章的发布日期，YYYY-MM-DD。",
    "How many times it links here.": "链接到这里的次数。",
    "Every comment with its place in the discussion; ordered by post and path, they read as on the page.": (
        "每条评论及其在讨论中的位置；按文章和路径排序，次序便与页面相同。"
    ),
    "The blog's own number of the comment, or one derived from its id.": "博客自己的评论编号，或由其标识生成的编号。",
    "The post it is under.": "所在的文章。",
    "The comment it answers; empty at the top level.": "所回复的评论；顶层为空。",
    "The comment at the top level it descends from, or its own number.": "所属的顶层评论，或它自己的编号。",
    "0 at the top level, 1 for an answer, 2 for an answer to that.": "顶层为 0，回复为 1，对回复的回复为 2。",
    "Numbers of the comments above it and its own, padded: answers sort after what they answer.": (
        "各级上级评论与自己的编号，补齐位数，使回复排在所回复的评论之后。"
    ),
    "Name as shown.": "显示的名字。",
    "1 if the blog's author wrote it.": "博主所写为 1。",
    "Date, YYYY-MM-DD.": "日期，YYYY-MM-DD。",
    "Text without markup.": "纯文本。",
    "When the archive found it gone.": "存档发现它已被删除的时间。",
    "The curated index in its order, with what the archive holds of it.": "人工索引的各项（按原次序），及存档中有无。",
    "Place of the section in the index, from 0.": "小节在索引中的位置，从 0 起。",
    "Heading of the section.": "小节的标题。",
    "Place in the section, from 0.": "在小节中的位置，从 0 起。",
    "Number of the post.": "文章编号。",
    "Title as the index words it.": "索引所写的标题。",
    "Title as the blog shows it; empty if the post is missing.": "博客显示的标题；文章缺失时为空。",
    "`have` or `missing`.": "`have`（有）或 `missing`（缺）。",
    "Links of the curated index whose posts the archive does not hold, and why.": (
        "人工索引里指向存档中没有的文章的链接，及其原因。"
    ),
    "Number the index names.": "索引所写的编号。",
    "State of its address, as in the frontier; empty if it was never asked for.": (
        "该地址的状态，同 `frontier`；从未请求过则为空。"
    ),
    "Why it failed or was skipped; 404 if the blog has no such post.": ("失败或跳过的原因；博客没有这篇文章时为 404。"),
    "Every series in its order, with the titles.": "每个系列的文章，按次序排列，附标题。",
    "The series: number of its first post.": "系列：其首篇文章的编号。",
    "What the titles of its posts have in common.": "各篇标题的共同部分。",
    "Place in the series, from 0.": "在系列中的位置，从 0 起。",
    "Its number as the title writes it; empty without one.": "标题所写的序号；没有则为空。",
    "Papers and code elsewhere that the posts link to, once each.": "文章所链接的外部论文与代码，每项一次。",
    "`arxiv`, `doi` or `github`.": "`arxiv`、`doi` 或 `github`。",
    "1706.03762, math/0211159, 10.1038/nature14539 or owner/name.": (
        "1706.03762、`math/0211159`、10.1038/nature14539 或 `owner/name`。"
    ),
    "The one address of the work.": "该著作的唯一地址。",
    "Number of posts that link to it.": "链接到它的文章数。",
    "Number of links.": "链接数。",
    "When the earliest of those posts was published, YYYY-MM-DD.": "其中最早一篇的发布日期，YYYY-MM-DD。",
    "Every version of a post with the one seen before it.": "每篇文章的每个版本，及其前一个版本。",
    "The version.": "版本。",
    "When it was first seen.": "首次见到它的时间。",
    "The version before; empty for the first.": "前一版本；首个版本为空。",
    "When that one was first seen.": "首次见到前一版本的时间。",
    "Title in the version before.": "前一版本的标题。",
    "Characters of the text before.": "前一版本的字数。",
    "Difference in characters from before; negative if fewer.": "与前一版本相比的字数之差，变少则为负。",
    "1 if the title differs from before, else 0.": "标题与前一版本不同为 1，否则为 0。",
    "Every independent page without its text: what it is, how long, and what is in it.": (
        "每个独立页面的概况，不含正文：是什么、多长、包含什么。"
    ),
    "Its heading.": "它的标题。",
    "Wordings the archive has seen, including the present one.": "存档见过的版本数，包括现在的。",
    "When the archive first saw its present wording.": "存档首次见到现在版本的时间。",
    "Which post links which file: one row per link; a file linked only from pages and lists has none.": (
        "哪篇文章链接了哪个文件，每个链接一行；只被页面和列表链接的文件不在其中。"
    ),
    "Address of the file.": "文件的地址。",
    "Media type the server named.": "服务器给出的媒体类型。",
    "Bytes.": "字节数。",
    "The post that links it.": "链接它的文章。",
    "Place of the link in the post, as in links.": "链接在文章中的位置，同 `links`。",
    "What the link says.": "链接的文字。",
    "Every address that the archive knows but does not hold, or could not fetch again, and why.": (
        "存档已知但没有内容、或未能再次抓取的每个地址，以及原因。"
    ),
    "catalogue, list, category, index, post, comments, image, requisite, front, tag, page, feed, file.": (
        "`catalogue` 目录、`list` 列表、`category` 分类、`index` 索引、`post` 文章、`comments` "
        "评论、`image` 图片、`requisite` 页面资源、`front` 首页、`tag` 标签、`page` 页面、`feed` "
        "订阅源、`file` 文件。"
    ),
    "pending, leased, failed, or skipped (never to be asked for).": (
        "`pending` 待抓取、`leased` 正在抓取、`failed` 失败、`skipped` 跳过（不再请求）。"
    ),
    "Why it failed or was skipped.": "失败或跳过的原因。",
    "1 if there is no point in asking again soon (404, 410).": "近期没有必要再请求（404、410）为 1。",
    "Unsuccessful requests since it was last opened.": "自上次列入待抓取以来失败的请求次数。",
    "Runs in a row that asked for it without success; after 3 it makes no run incomplete.": (
        "连续多少次运行未能取得它；满 3 次后，运行不再因它而算作未完成。"
    ),
    "When the first of these runs asked for it.": "其中第一次运行请求它的时间。",
    "When it was first found.": "首次发现它的时间。",
    "When it was last archived; empty if the archive holds no capture of it.": (
        "最近一次存档的时间；存档没有任何内容时为空。"
    ),
    "When the server last answered at all.": "服务器最近一次对它作出响应的时间。",
    "Time before which it is not asked for again; empty if the next run will ask.": (
        "在此时间之前不再请求；若下次运行就会请求则为空。"
    ),
    "Posts with comments that the archive may be missing: what the blog counts, and what was read.": (
        "评论可能没有存全的文章：博客标明的评论数，与实际读到的。"
    ),
    "Comments the page counts, or else the catalogue; the blog's counter drifts by a few.": (
        "页面标明的评论数，页面没有则取目录中的；博客的计数会有少许偏差。"
    ),
    "Comments counted but not archived; negative if the archive holds more.": (
        "已计入而存档中没有的评论数；存档中更多时为负。"
    ),
    "Comments that were seen on pages but could not be read.": "在页面上见到但未能读取的评论数。",
    "Pages of comments that were read.": "已读取的评论页数。",
    "Issues of the pages of comments, as JSON lists one after the other; empty if there are none.": (
        "各评论页的问题，依次为一个个 JSON 列表；没有则为空。"
    ),
    "Every run, with the most useful counts in columns of their own.": "每次运行，常用的计数各成一列。",
    "Number of the run.": "运行的编号。",
    "When it began.": "开始时间。",
    "When it ended; empty while it runs or if it was killed.": "结束时间；运行中或被终止时为空。",
    "What was asked for.": "要求做什么。",
    "Version of the program.": "程序的版本。",
    "complete, incomplete, interrupted, ... ; empty while running.": (
        "`complete` 完成、`incomplete` 未完成、`interrupted` 中断等；运行中为空。"
    ),
    "Exit code of the command.": "命令的退出码。",
    "Requests answered.": "得到响应的请求数。",
    "Bytes received.": "收到的字节数。",
    "Posts seen for the first time.": "首次见到的文章数。",
    "Posts that got a new revision.": "有了新版本的文章数。",
    "Posts fetched and found unchanged.": "抓取后发现没有变化的文章数。",
    "Changed posts held for review: not verified against the page.": "有修改、但与页面核对未通过而待复核的文章数。",
    "Posts the blog no longer has.": "博客上已没有的文章数。",
    "Comments seen for the first time.": "首次见到的评论数。",
    "Addresses that could not be fetched.": "未能抓取的地址数。",
    "Pages that arrived but were not what their addresses promise.": "抓到的页面中，内容与地址不相符的页数。",
    "JSON object of all counts.": "全部计数的 JSON 对象。",
    "For each address its latest exchange with a page (status 200), and where its record is.": (
        "每个地址最近一次成功取得页面（状态码 200）的请求，及其记录的位置。"
    ),
    "Number of the exchange in captures.": "该请求在 `captures` 中的编号。",
    "When the request was sent.": "发出请求的时间。",
    "SHA-256 of the entity as sent.": "所收到的实体的 SHA-256。",
    "File in the archive's warc folder.": "存档 `warc` 目录中的文件。",
    "First byte of the response record's gzip member.": "响应记录的 gzip 成员的首字节位置。",
    "Length of that member in bytes.": "该成员的字节数。",
    "WARC-Record-ID of the response record.": "响应记录的 WARC-Record-ID。",
    "Record that holds the same payload, for a revisit.": "`revisit` 记录所指的、载荷相同的记录。",
    "Every category with how many posts it has, and since when.": "每个分类有多少文章，始于何时。",
    "Name in addresses.": "地址中的名称。",
    "Posts in it.": "其中的文章数。",
    "When the first of them was published, YYYY-MM-DD.": "其中第一篇的发布日期，YYYY-MM-DD。",
    "When the latest was.": "最近一篇的发布日期。",
    "Every tag with how many posts have it, and since when.": "每个标签有多少文章，始于何时。",
    "The tag.": "标签。",
    "Posts with it.": "带有它的文章数。",
    "Everybody who commented, by the name shown, with how much and where.": (
        "每位评论者（按显示的名字）评论了多少、在哪些文章下。"
    ),
    "Name as shown; different people may share one.": "显示的名字；不同的人可能同名。",
    "1 for the blog's author.": "博主为 1。",
    "Comments, including deleted ones.": "评论数，包括已删除的。",
    "Posts they are under.": "所评论的文章数。",
    "Date of the first, YYYY-MM-DD.": "第一条的日期，YYYY-MM-DD。",
    "Date of the latest.": "最近一条的日期。",
    "Every post of the blog, with the text of its current revision.": "博客的每篇文章，附当前版本的正文。",
    "Date of publication, YYYY-MM-DD; the blog shows no time.": "发布日期，YYYY-MM-DD；博客不显示时刻。",
    "Full text as Markdown, formulas byte for byte.": "Markdown 全文，公式逐字节保留。",
    "Full text without markup, as trafilatura reads it.": "纯文本全文，由 trafilatura 读取。",
    "Licence as the page words it.": "页面所写的许可。",
    "Address of the licence the page links.": "页面链接的许可的地址。",
    "Comments the page claimed when last seen; it drifts.": "最近一次抓取时页面标明的评论数；会有偏差。",
    "The revision the other columns show.": "其他各列所示的版本。",
    "Complete runs in a row that found it missing; 3 make it gone.": (
        "连续多少次完整运行发现它缺失；满 3 次即视为已删除。"
    ),
    "Change of the blog's count of comments that the archive has not explained yet; negative if it fell.": (
        "博客评论数的变化中，存档尚未找到原因的部分；减少则为负。"
    ),
    (
        "Every version of a post; the text of the current one is in posts. The view post_revisions has all."
    ): "存档见过的每篇文章的每个版本，不含 `posts` 已有的正文：参见视图 `post_revisions`。",
    "Full text as Markdown; empty while this version is current.": "Markdown 全文；此版本为当前版本时为空。",
    "Full text without markup; empty while this version is current.": "纯文本全文；此版本为当前版本时为空。",
    "Sections of the blog, as its menu names them.": "博客的栏目，名称依其菜单。",
    "Name as shown, for example 数学研究.": "显示的名称，例如 数学研究。",
    "Name in addresses, for example Mathematics.": "地址中的名称，例如 `Mathematics`。",
    "Categories of each post; a post may have several.": "每篇文章的分类；一篇文章可有多个。",
    "The category.": "分类。",
    "Keywords the author gave to posts.": "作者给文章加的关键词。",
    "The keyword.": "关键词。",
    "Tags of each post, in the order the page names them.": "每篇文章的标签，按页面所列的次序。",
    "Place on the page, from 0.": "在页面上的位置，从 0 起。",
    "Sections of the curated index, in its order.": "人工索引的小节，按其次序。",
    "Number of the section.": "小节的编号。",
    "Place in the index, from 0.": "在索引中的位置，从 0 起。",
    "Links of the curated index; the post may be missing from the blog.": (
        "人工索引的链接；所指的文章可能不在博客上。"
    ),
    "The section.": "小节。",
    "Number of the post; not every one exists.": "文章编号；未必都存在。",
    "Address of the post.": "文章的地址。",
    "Every comment, threaded by parent, with the wording it had when last seen.": (
        "每条评论，按回复关系相连，内容以最近一次所见为准。"
    ),
    "Page of the post's comments it was last seen on.": "最近见到它的评论页。",
    "Homepage the name links to.": "名字所链接的主页。",
    "Date, YYYY-MM-DD; the blog shows no time.": "日期，YYYY-MM-DD；博客不显示时刻。",
    "1 if it is another page's notice of a link: its kind is not `comment`.": (
        "若是其他页面的链接通知（种类不是 `comment`）则为 1。"
    ),
    "Text as Markdown, formulas byte for byte.": "Markdown 文本，公式逐字节保留。",
    "When the archive first saw it.": "存档首次见到它的时间。",
    "When the archive last saw it.": "存档最近见到它的时间。",
    "When the archive found it gone; the last text stays.": "存档发现它已被删除的时间；最后的文本会保留。",
    "The first comment its text links, of this post or another; not every one exists.": (
        "文本中链接的第一条评论，可能在本文，也可能在别的文章下；未必都存在。"
    ),
    "`comment`, or `pingback` or `trackback`: a notice of a link.": (
        "`comment`；链接通知为 `pingback` 或 `trackback`。"
    ),
    "SHA-256 of author and markup as served; empty if it was last seen by a version that stored none.": (
        "服务器所给作者与标记的 SHA-256；最近见到它的程序版本还不保存此值时为空。"
    ),
    "The exchange its present wording was first read from.": "现在的内容最早是从哪次请求中读到的。",
    "JSON list of oddities; `[]` if there are none.": "JSON 列表：异常之处；没有则为 `[]`。",
    "Wordings that comments had before they were edited; the present one is in comments.": (
        "评论被改动之前的内容；现在的内容在 `comments` 中。"
    ),
    "The comment.": "评论。",
    "When the archive found another wording.": "存档发现内容已变的时间。",
    "When the archive first saw this one.": "存档首次见到这一内容的时间。",
    "The exchange it was first read from, where that is known.": "最早是从哪次请求中读到的（若已知）。",
    "Name as shown then.": "当时显示的名字。",
    "Homepage the name linked to then.": "当时名字所链接的主页。",
    "Every page of comments that was read, and whether all comments on it were.": (
        "读过的每个评论页，以及其上的评论是否齐全。"
    ),
    "Number of the page; the last one is the post's own.": "页码；最后一页即文章自己的页面。",
    "When it was last read.": "最近一次读取的时间。",
    "Comments that were read on it.": "从中读到的评论数。",
    "Comments on it that could not be read, as far as the page tells.": (
        "页面上有、但未能读取的评论数，以页面所显示的为准。"
    ),
    "JSON list of reasons to think that some are missing.": "JSON 列表：评论可能不全的理由。",
    "Every formula of the current revisions, in page order.": "各当前版本的每个公式，按页面次序。",
    "Row number.": "行号。",
    "Place in the post, from 0.": "在文章中的位置，从 0 起。",
    "1 for a formula on its own line, 0 for one within the text.": "独占一行的公式为 1，文中的为 0。",
    "Outermost environment, for example equation.": "最外层环境，例如 `equation`。",
    "Its first label.": "它的第一个标签。",
    "Its first explicit number.": "它的第一个显式编号。",
    "Exact source with delimiters or environment.": "原始源码，含定界符或环境。",
    (
        "Where the source is from: `served` in the page's text, the `annotation` a renderer left, "
        "an `attribute`, or `converted` from MathML, AsciiMath or a picture's address, which shows "
        "the same but is not known to be exact."
    ): (
        "源码的来源：`served` 在页面文本中，`annotation` 由渲染器留下，`attribute` 在属性中，或 "
        "`converted` 由 MathML、AsciiMath 或图片地址转换而来，显示相同，但未必与原始源码逐字一致。"
    ),
    "Name and version of what converted it; empty if it was not converted.": "转换程序的名称与版本；未经转换则为空。",
    "Every code block of the current revisions.": "各当前版本的每段代码。",
    "Language as the page names it; empty if it does not.": "页面所写的语言；没写则为空。",
    "Exact source.": "原始源码。",
    (
        "Every picture of the current revisions; the bytes are in the capture of its address, or in embedded_pictures."
    ): "各当前版本的每幅图片；其字节在该地址的存档记录中，或在 `embedded_pictures` 中。",
    "Canonical address; ni:///sha-256;... if it is embedded in the page.": (
        "规范地址；图片内嵌在页面中时为 `ni:///sha-256;...`。"
    ),
    "Alternative text.": "替代文字。",
    "Caption below the picture.": "图片下的说明。",
    "Every picture embedded in a page, as a drawing or a data: address, once each; see images.": (
        "内嵌在页面中的每幅图片（绘图或 `data:` 地址），每幅一次；参见 `images`。"
    ),
    "Address, made of its digest: ni:///sha-256;... (RFC 6920).": "由摘要构成的地址：`ni:///sha-256;...`（RFC 6920）。",
    "Media type, recognised by its bytes.": "媒体类型，由字节判断。",
    "SHA-256 of the bytes.": "字节的 SHA-256。",
    "The bytes; for a drawing, those of its SVG file.": "图片的字节；绘图则为其 SVG 文件的字节。",
    "Every link in the text of the current revisions.": "各当前版本正文中的每个链接。",
    "The post it is in.": "所在的文章。",
    "Where it leads; canonical if on the blog, as written if it is not a URL.": (
        "所指的地址；博客内的为规范地址，不是合法 URL 的照原样。"
    ),
    "What it says.": "链接的文字。",
    "`post`, `site` (other page of the blog), `external` or `other`.": (
        "`post` 文章、`site` 博客的其他页面、`external` 外部或 `other` 其他。"
    ),
    "The post it leads to; not every one exists.": "所指的文章；未必都存在。",
    (
        "Every page of the blog that is neither a post nor a list, such as one about the author or of an attachment."
    ): "博客中既非文章也非列表的每个页面，例如关于作者的页面，以及附件页面。",
    "Its heading, or the title of the document where it has none.": "它的标题；没有则为文档的标题。",
    "Full text without markup.": "纯文本全文。",
    "What found the text: `site`, `trafilatura`, `readability`; `none` if the page is read as it is.": (
        "正文由什么找到：`site`、`trafilatura`、`readability`；整页照读则为 `none`。"
    ),
    "JSON list of reasons not to trust it, or to think that comments are missing, when last seen.": (
        "JSON 列表：最近见到时不宜采信、或评论可能不全的理由。"
    ),
    "SHA-256 of the title and of the text's markup as served.": "服务器所给标题与正文标记的 SHA-256。",
    "Wordings that pages had before they were changed; the present one is in pages.": (
        "页面改动之前的内容；现在的内容在 `pages` 中。"
    ),
    "The page.": "页面。",
    "The exchange it was first read from.": "最早是从哪次请求中读到的。",
    "Title in this wording.": "这一内容的标题。",
    "Every formula of the pages, in page order, as in formulas for posts.": (
        "各页面的每个公式，按页面次序；同文章的 `formulas`。"
    ),
    "Where the source is from, as in formulas.": "源码的来源，同 `formulas`。",
    (
        "Every comment on a page, as in comments for posts; former wordings are in the WARC files only."
    ): "页面下的每条评论，同文章的 `comments`；以前的内容只在 WARC 文件中。",
    "The page it is under.": "所在的页面。",
    "Page of the comments it was last seen on.": "最近见到它的页面评论页。",
    "The first comment its text links; not every one exists.": "文本中链接的第一条评论；未必都存在。",
    "SHA-256 of author and markup as served.": "服务器所给作者与标记的 SHA-256。",
    "Every linked file that is not a picture, such as a paper or an archive; the bytes are in its capture.": (
        "每个被链接的非图片文件，例如论文或压缩包；其字节在存档记录中。"
    ),
    "Media type the server named; empty if it named none.": "服务器给出的媒体类型；没给则为空。",
    "The exchange in which these bytes arrived.": "取得这些字节的请求。",
    "Links to papers and code elsewhere, each work under one name however it is linked.": (
        "指向外部论文与代码的链接；同一著作无论链接怎样写，都用同一个名称。"
    ),
    "Version of a paper on arXiv, when the link names one.": "arXiv 论文的版本（链接写明时）。",
    "The one address of the work, without its version.": "该著作的唯一地址，不含版本。",
    "Series of posts, derived from their titles and links at the end of each crawl.": (
        "文章的系列，每次抓取结束时由标题与链接判断。"
    ),
    "Number of its first post.": "其首篇文章的编号。",
    "Posts of each series, in order; a post is in one series at most.": (
        "每个系列的文章，按次序；一篇文章至多属于一个系列。"
    ),
    "The series.": "系列。",
    "Its number as the title writes it, for example 二十一; empty without one.": (
        "标题所写的序号，例如 二十一；没有则为空。"
    ),
    "Every exchange with the server and where its record is.": "与服务器的每次往来，及其记录的位置。",
    "Number in the order of recording.": "按记录次序的编号。",
    "Address as asked for, as in the WARC.": "所请求的地址，与 WARC 中相同。",
    "The run that fetched it.": "取得它的运行。",
    "When the request was sent, as in the WARC.": "发出请求的时间，与 WARC 中相同。",
    "HTTP status.": "HTTP 状态码。",
    "SHA-256 of the entity as sent, coding kept; of a revisit, of the one it refers to.": (
        "所收到的实体的 SHA-256，保留内容编码；`revisit` 则为所指记录的值。"
    ),
    "Validator that the server sent, for conditional requests.": "服务器给出的校验标记，用于询问是否变化。",
    "Date that the server sent, for conditional requests.": "服务器给出的日期，用于询问是否变化。",
    "Why the record holds less than the whole response, if it does.": "记录中没有完整响应时的原因。",
    "WARC files: where each is, its size and digest when it was closed, and which were lost.": (
        "WARC 文件：各在何处，关闭时的大小与摘要，哪些已丢失。"
    ),
    "Name of the file, as in captures.": "文件名，同 `captures`。",
    (
        "Place in object storage where it is or will be, without its name; empty if all files stay in the home."
    ): "在对象存储中的位置（或将要存放的位置），不含文件名；文件都留在本地目录时为空。",
    "Machine and folder that have a copy; empty once it is only in object storage.": (
        "存有一份副本的机器与目录；只在对象存储中有时为空。"
    ),
    "Bytes; empty while it is written.": "字节数；写入期间为空。",
    "SHA-256 of all of it; empty while it is written.": "整个文件的 SHA-256；写入期间为空。",
    "When it was last written to; empty while it is written.": "最后一次写入的时间；写入期间为空。",
    "When it was found to be whole in object storage.": "确认它在对象存储中完好的时间。",
    "When it was found neither in object storage nor in the home of the run that looked.": (
        "发现它既不在对象存储、也不在执行检查的那次运行的目录中的时间。"
    ),
    "Counters, whose changes are not revisions: at most one row per post and day.": (
        "各种计数，其变化不算新版本；每篇文章每天至多一行。"
    ),
    "When.": "时间。",
    "Readers the page counted.": "页面标明的阅读数。",
    "Comments the page claimed.": "页面标明的评论数。",
    "Where each post was listed, the last time each list was read.": "每篇文章列在哪些列表中，以各列表最近一次为准。",
    "Number; not every one exists.": "编号；未必都存在。",
    "`catalogue`, `index`, or kind and path of another list.": "`catalogue`、`index`；其他列表则为种类与路径。",
    "Title as listed.": "列表所写的标题。",
    "Date as listed, YYYY-MM-DD.": "列表所写的日期，YYYY-MM-DD。",
    "Comments as listed.": "列表所写的评论数。",
    "The run that last saw it there.": "最近在那里见到它的运行。",
    "When it was last changed, as listed, in ISO 8601.": "列表所写的最近修改时间，ISO 8601。",
    "Every address ever seen, and its state.": "见过的每个地址及其状态。",
    "catalogue, category, index, post, comments, image, requisite, front, tag, page, feed or file.": (
        "`catalogue` 目录、`category` 分类、`index` 索引、`post` 文章、`comments` 评论、`image` "
        "图片、`requisite` 页面资源、`front` 首页、`tag` 标签、`page` 页面、`feed` 订阅源或 `file` "
        "文件。"
    ),
    "pending, leased, done, failed, or skipped (never to be asked for).": (
        "`pending` 待抓取、`leased` 正在抓取、`done` 已抓取、`failed` 失败、`skipped` 跳过（不再请求）。"
    ),
    "Lower is fetched first.": "数值小的先抓取。",
    "Order of discovery.": "发现的次序。",
    "Time before which it must not be asked for again.": "在此之前不得再请求。",
    "When it was last archived.": "最近一次存档的时间。",
    "The run that last opened it.": "最近一次将它列入待抓取的运行。",
    "How pages of each kind end, learned from those stored: a page that ends otherwise was cut short.": (
        "各类页面以什么结尾，从已存的页面得知：结尾不同的页面即视为被截断。"
    ),
    "catalogue, category, comments, page or post.": (
        "`catalogue` 目录、`category` 分类、`comments` 评论、`page` 页面或 `post` 文章。"
    ),
    "`</html>`, or the last one or two tags.": "`</html>`，或最后一两个标签。",
    "Stored pages that ended like this, counted until there are enough.": "以此结尾的已存页面数，计到足够为止。",
    "What the blog shows but the archive does not believe yet: nothing is concluded from it.": (
        "博客上显示、但存档尚未采信的内容：不据此得出任何结论。"
    ),
    "Address of a list; or the kind of page, or part of a page, that is not as expected.": (
        "列表的地址；或与预期不符的页面种类、页面部分。"
    ),
    "`list` (may be accepted), `pages` or `part` (needs a newer program).": (
        "`list`（可以采信），`pages` 或 `part`（需要更新的程序）。"
    ),
    "What is not as expected, as last seen.": "与预期不符之处，以最近所见为准。",
    "When this was first seen.": "首次出现这种情况的时间。",
    "When this was last seen.": "最近一次出现这种情况的时间。",
    "The run that last saw this.": "最近一次见到这种情况的运行。",
    "Runs in a row that saw this.": "连续见到这种情况的运行次数。",
    "Days of these runs; a list is believed after 3 runs on 3 days.": (
        "这些运行所在的天数；列表在 3 天中满 3 次运行即予采信。"
    ),
    "1 if the owner accepted it: the next run believes it.": "所有者确认无误为 1：下次运行即采信。",
    "Every run, what it was asked for and how it ended.": "每次运行：要求做什么，结果如何。",
    "Number.": "编号。",
    "Origin of the blog's canonical addresses, for example https://example.org.": (
        "博客规范地址的源，例如 `https://example.org`。"
    ),
    "Origin the blog was fetched from; empty for runs that fetch nothing.": "实际抓取的源；不抓取的运行为空。",
    "First of the runs that belong together; its own number if alone.": "同组运行中的第一次；单独一次则为自己的编号。",
    "Time before which the site wants no further requests.": "网站要求在此之前不再请求。",
    "JSON object of what happened: requests, new, changed, ...": (
        "各项计数的 JSON 对象：`requests`、`new`、`changed` 等。"
    ),
    "Every formula of posts, pages and comments, whatever its spelling: "
    "`\\dfrac ab` and `\\frac{a}{b}` have the same shape.": (
        "文章、页面和评论中的每个公式，不论写法：`\\dfrac ab` 与 `\\frac{a}{b}` 的形状相同。"
    ),
    "Every formula of the comments of posts, in order.": "文章评论中的每个公式，按次序。",
    "Its shape, as in formulas.": "公式的形状，同 `formulas`。",
    "Its shape; empty if it consists of nothing but styling.": "公式的形状；只含外观命令时为空。",
    "Number, derived from the tokens.": "由各记号算出的编号。",
    "Of the title, as a question, then of each section: of norm 1, as 16-bit floats (little-endian).": (
        "先是作为问题的标题，然后是每一节：长度为 1，16 位浮点数（小端序）。"
    ),
    "Place in the comment, from 0.": "在评论中的位置，从 0 开始。",
    "Posts as vectors, for search by meaning (extra `meaning`): made by `archiver search --vectors`.": (
        "文章的向量，用于按意思搜索（附加组件 `meaning`），由 `archiver search --vectors` 生成。"
    ),
    "The formula in one spelling, with spaces between its tokens and the macros of its text expanded.": (
        "统一写法的公式：记号以空格隔开，所在文本定义的宏已展开。"
    ),
    "The revision they were made from.": "生成时所依据的版本。",
    "The model that made them; only vectors of one model compare.": "生成所用的模型；只有同一模型的向量可以比较。",
}
"""Each description, and each question of the examples."""
