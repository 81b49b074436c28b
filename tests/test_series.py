"""Which posts are parts of one series, told from titles as the blog writes them."""

from __future__ import annotations

import random

import pytest

from archiver.series import Titled, detect

SERIES = {
    "变分自编码器": ["变分自编码器（一）：原来是这么一回事", "变分自编码器（二）：从贝叶斯观点出发"],
    "Transformer升级之路": [
        "Transformer升级之路：9、一种全局长度外推的新思路",
        "Transformer升级之路：10、RoPE是一种β进制编码",
        "Transformer升级之路：20、MLA好在哪里?（上）",
        "Transformer升级之路：21、MLA好在哪里?（下）",
    ],
    "流形上的最速下降": ["流形上的最速下降：1.  SGD + 超球面", "流形上的最速下降：2. Muon + 正交"],
    "OCR技术浅探": [
        "OCR技术浅探：1. 全文简述",
        "OCR技术浅探：3. 特征提取(1)",
        "OCR技术浅探：3. 特征提取(2)",
        "OCR技术浅探：9. 代码共享(完)",
    ],
    "不可思议的Word2Vec": ["【不可思议的Word2Vec】 1.数学原理", "【不可思议的Word2Vec】5. Tensorflow版的Word2Vec"],
    "中文分词": ["【中文分词系列】 1. 基于AC自动机的快速分词", "【中文分词系列】 8. 更好的新词发现算法"],
    "搜出来的文本": ["【搜出来的文本】⋅（一）从文本生成到搜索采样", "【搜出来的文本】⋅（三）基于BERT的文本采样"],
    "新理解矩阵": ["《新理解矩阵1》：矩阵是什么？", "《新理解矩阵6》：为什么只有方阵有行列式？"],
    "方程与宇宙": ["《方程与宇宙》：二体问题的来龙去脉(一)", "《方程与宇宙》:活力积分和开普勒方程(二)"],
    "通过msign来计算奇异值裁剪mclip": ["通过msign来计算奇异值裁剪mclip（上）", "通过msign来计算奇异值裁剪mclip（下）"],
    "对齐全量微调！这是我看过最精彩的LoRA改进": [
        "对齐全量微调！这是我看过最精彩的LoRA改进（一）",
        "对齐全量微调！这是我看过最精彩的LoRA改进（二）",
    ],
    "从费马大定理谈起": [
        "从费马大定理谈起（五）：n=4",
        "从费马大定理谈起（六）：n=4（2）",
        "从费马大定理谈起（十）：x^3+y^3=z^3+w^3",
        "从费马大定理谈起（十二）：再谈谈切线法",
    ],
    "费曼积分法": ["费曼积分法(5)：欧拉数学的传承", "费曼积分法(6)：教科书上的两道练习题"],
    "旅途": ["旅途之一：出发", "旅途之二", "旅途之十一：归来"],
    "纠缠的时空": ["纠缠的时空（一）：洛仑兹变换的矩阵", "纠缠的时空（二）：洛仑兹变换的矩阵(续)"],
}

ALONE = [
    "2020年全年天象",
    "第1000篇文章",
    "bert4keras在手，baseline我有：百度LIC2020",
    "bert4keras在手，baseline我有：CLUE基准代码",
    "Mitchell近似：乘法变为加法，误差不超过1/9",
    "从“0.999...等于1”说开来",
    "AdaFactor优化器浅析（附开源实现）",
    "果壳中的条件随机场(CRF In A Nutshell)",
    "变分自编码器 = 最小化先验分布 + 最大化互信息",
    "时空之章：将Attention视为平方复杂度的RNN",
    "现在可以用Keras玩中文GPT2了（GPT2_ML）",
    "高阶MuP：更简明但更高明的谱条件缩放",
    "MuP之上：1. 好模型的三个特征",
]


def titled(titles: list[str]) -> list[Titled]:
    return [Titled(id=1000 + number, title=title) for number, title in enumerate(titles)]


def parts(posts: list[Titled]) -> dict[str, list[str]]:
    titles = {post.id: post.title for post in posts}
    return {one.name: [titles[part.post_id] for part in one.parts] for one in detect(posts)}


def test_every_way_of_numbering_is_understood_among_all_others() -> None:
    posts = titled([title for titles in SERIES.values() for title in titles] + ALONE)
    random.Random(7).shuffle(posts)
    assert parts(posts) == SERIES


def test_labels_are_as_the_title_has_them() -> None:
    (series,) = detect(titled(["漫谈（二十一）：甲", "漫谈（三）：乙", "漫谈（下）"]))
    assert [part.label for part in series.parts] == ["三", "下", "二十一"]


def test_names_are_one_whatever_their_width_and_spaces() -> None:
    found = parts(titled(["【漫谈】 1. 甲", "漫 谈（二）：乙", "漫谈(3)：丙"]))
    assert found == {"漫谈": ["【漫谈】 1. 甲", "漫 谈（二）：乙", "漫谈(3)：丙"]}


def test_one_number_twice_is_no_series() -> None:
    assert detect(titled(["漫谈（一）：甲", "漫谈（一）：乙"])) == []


FLOWS = ["细水长flow之NICE：流模型的基本概念", "细水长flow之RealNVP与Glow：传承与升华", "细水长flow之f-VAEs：联姻"]


@pytest.mark.parametrize(("cites", "expected"), [({1: [0], 2: [1]}, FLOWS), ({2: [0, 1]}, FLOWS), ({1: [0]}, None)])
def test_without_numbers_only_links_make_a_series(cites: dict[int, list[int]], expected: list[str] | None) -> None:
    posts = [
        Titled(id=number, title=title, published_on=f"2018-0{number + 1}-01", cites=cites.get(number, ()))
        for number, title in enumerate(FLOWS)
    ]
    assert parts(posts) == ({"细水长flow": expected} if expected else {})
