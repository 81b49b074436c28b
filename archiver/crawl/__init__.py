"""The crawl: Scrapy's parts that keep the frontier, record exchanges and store pages. Scrapy objects stay in here."""
