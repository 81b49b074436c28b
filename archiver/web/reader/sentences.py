"""The program's own sentences, such as reasons and errors, in Chinese, by the forms that they have.

Rows hold these in English, as they were worded when something happened.
"""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup, escape

from archiver.errors import FAILURES
from archiver.items import CUT, ELSEWHERE, EMPTY, FORBIDDEN, GATE, LEFT_OUT, OUT_OF_BOUNDS, TOO_MANY


def said(sentence: object, language: str) -> Markup:
    """Return a sentence of the program in a language; one that has no Chinese form is marked as English."""
    text = str(sentence or "")
    chinese = in_chinese(text) if language == "zh" else None
    if language != "zh" or chinese is not None or not re.search("[a-z]{2}", text):
        return Markup(escape(chinese or text))  # noqa: S704 - escaped
    return Markup('<span lang="en">{}</span>').format(text)


def in_chinese(sentence: str) -> str | None:
    """Return a sentence in Chinese; None for one of an unknown form."""
    for form, chinese in _forms():
        if found := form.fullmatch(sentence):
            return chinese.format(*(in_chinese(part) or part for part in found.groups()))
    return None


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    gap = re.escape("{}")
    return [
        (re.compile(re.escape(form).replace(gap, "(.+?)"), re.DOTALL), chinese) for form, chinese in _CHINESE.items()
    ]


_CHINESE = {
    CUT: "响应不完整：提前结束，而传输格式未见异常",
    EMPTY: "响应内容为空",
    GATE: "带上 cookie 后仍被访问验证页拦住",
    FORBIDDEN: "robots.txt 禁止访问",
    LEFT_OUT: "已按 --without 略去",
    TOO_MANY: "超出这类列表的页数上限",
    f"{ELSEWHERE}{{}}": "评论在 {}",
    f"{OUT_OF_BOUNDS}{{}}": "超出博客范围{}",
    FAILURES["CannotResolveHostError"]: "找不到主机名",
    FAILURES["CertificateRefused"]: "服务器证书被拒绝",
    FAILURES["DownloadCancelledError"]: "响应超过大小上限",
    FAILURES["DownloadConnectionRefusedError"]: "连接被拒绝",
    FAILURES["DownloadFailedError"]: "连接失败",
    FAILURES["DownloadTimeoutError"]: "未在时限内得到完整响应",
    FAILURES["ResponseDataLossError"]: "响应中途断开",
    "HTTP {} to {}": "HTTP {}，转至 {}",
    "HTTP {}": "HTTP {}",
    "the blog has {} in its place": "博客上现在是 {}",
    "max redirections reached": "重定向次数过多",
    "the post of these comments could not be archived": "这些评论所属的文章未能存档",
    "kept as it was: {}": "保持原样：{}",
    "a fault of the archiver, please report it: {}": "存档程序出错，请报告：{}",
    "{}: the page only leads on to {}": "{}：该页面只是转往 {}",
    "1 comment could not be read; {}": "1 条评论未能读取；{}",
    "{} comments could not be read; {}": "{} 条评论未能读取；{}",
    "unknown counted on the page, {} archived; {}": "页面未显示评论数，已存档 {} 条；{}",
    "{} counted on the page, {} archived; {}": "页面计有 {} 条，已存档 {} 条；{}",
    "unknown counted on the page, {} archived": "页面未显示评论数，已存档 {} 条",
    "{} counted on the page, {} archived": "页面计有 {} 条，已存档 {} 条",
    "the catalogue says {} posts for {}, {} were recognised": "目录称 {1} 年有 {0} 篇文章，识别出 {2} 篇",
    "the catalogue lists {} posts, {} were in it before": "目录列有 {} 篇文章，此前有 {} 篇",
    "category {} lists no post, {} were in it before": "分类 {} 没有列出文章，此前有 {} 篇",
    "{} lists {} posts, {} were in it before": "{} 列有 {} 篇文章，此前有 {} 篇",
    "{} of {} {} pages are not as expected; the last one: {}": "{1} 个 {2} 页面中有 {0} 个与预期不符，最近一个：{3}",
    "none of {} pages has it": "{} 个页面都没有它",
    "all {} tags are gone": "{} 个标签全部不见了",
    "{} formulas became {}": "公式由 {} 个变为 {} 个",
    "{} pictures became {}": "图片由 {} 幅变为 {} 幅",
    "{} code blocks became {}": "代码由 {} 段变为 {} 段",
    "{} characters of text became {}": "正文由 {} 字变为 {} 字",
    "the licence is gone, {}": "许可不见了：{}",
    "{}: expected at most {} characters, found {}": "{}：应不超过 {} 个字符，实为 {} 个",
    "{}: expected one of {}, found {}": "{}：应为 {} 之一，实为 {}",
    "{}: expected a number from {} to {}, found {}": "{}：应为 {} 到 {} 的数，实为 {}",
    "expected something to search for, found no word: for example {}": "没有可搜索的词，例如 {}",
    "{}: expected something right after the colon, found nothing": "{}：冒号后应紧跟内容",
    "{}: expected a word, a title, a tag or an author after the minus sign, found {}": (
        "{}：减号后应为词语、标题、标签或作者，实为 {}"
    ),
    "{}: expected a year, month or day such as {}, found {}": "{}：应为年、月或日，例如 {}，实为 {}",
    "{}: expected a year such as {}, found {}": "{}：应为年份，例如 {}，实为 {}",
    "expected a date such as {} or 4 to 14 digits from year to second, found {}": (
        "应为日期，例如 {}，或从年到秒的 4 至 14 位数字，实为 {}"
    ),
    "{}: expected 1 or 0, found {}": "{}：应为 1 或 0，实为 {}",
    "expected a query that only reads, found {}: nothing was changed": "只能查询，不能执行 {}：没有任何改动",
    "expected a query, found nothing that asks for rows": "没有可执行的查询",
    "expected one statement, found a `;` within; in a text write it as chr(59)": (
        "只能有一条语句；文本中的分号请写作 chr(59)"
    ),
    "stopped after the time it may take: ask for less, or allow more time": "超过时限即停止：请缩小查询",
    "{}: expected {}, found {}": "{}：应为 {}，实为 {}",
    "expected a query of at most {} characters, found {}: ask for a part of it": "搜索应不超过 {} 个字符，实为 {} 个",
    "expected at most {} words, found {}: put a phrase in quotes": "词语应不超过 {} 个，实为 {} 个：短语请放在引号内",
    "stopped after {} seconds: ask for less, or allow more time": "超过 {} 秒即停止：请缩小查询",
    "expected {}, found {}": "应为 {}，实为 {}",
    "{}, {} or {}": "{}、{} 或 {}",
    "{} or {}": "{} 或 {}",
    "nothing": "空",
    "an address of the blog": "博客的一个地址",
    "the address of a picture": "图片的地址",
    "equation {} of post {}": "文章 {1} 的公式 {0}",
    "version {} of post {}": "文章 {1} 的版本 {0}",
    "macro {}": "宏 {}",
    "post {}": "文章 {}",
    "page {}": "页面 {}",
    "topic {}": "专题 {}",
    "series {}": "系列 {}",
    "post": "文章",
    "page": "页面",
    "picture": "图片",
    "file": "文件",
}
"""Sentences and their parts, the more specific first; what is in `{}` is translated as well."""
