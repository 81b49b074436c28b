"""Settings of the crawl, each with its reason.

This is a Scrapy settings module (named in `scrapy.cfg`); `archiver crawl` lays its own options over it. Where a
reason says "measured", the figure is in `docs/design.md`.
"""

from archiver import __version__

BOT_NAME = "blog-archiver"
SPIDER_MODULES = ["spiders"]

# -- who we are --------------------------------------------------------------------------------------------------------

# Where the owner of the site can reach whoever runs this: an address or a page. Set by $ARCHIVER_CONTACT.
ARCHIVER_CONTACT = ""
# An honest name. The contact is added when there is one.
USER_AGENT = f"blog-archiver/{__version__} (personal archive of one blog)"
# What a reader of the blog would ask for; the gate was seen to treat clients without it as robots.
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.7",
}

# -- politeness --------------------------------------------------------------------------------------------------------

# The site's wishes come first; our own middleware obeys them, as Scrapy's takes an error for permission (measured).
ROBOTSTXT_OBEY = False
# One request at a time, three seconds apart: the rate of the crawlers the site was seen to bear.
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 3.0
# The delay is a promise, not an average.
DOWNLOAD_DELAY_JITTER = 0.0
# Slow down further when the server does.
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 3.0
AUTOTHROTTLE_MAX_DELAY = 60.0
# Scrapy would read the source of each callback to warn of a mistake; the types say that there is none.
WARN_ON_GENERATOR_RETURN_VALUE = False
# A response has one outcome; Scrapy would start a hundred tasks to wait for more.
CONCURRENT_ITEMS = 1
# Each failed attempt costs the site a request; the rest is left to the next run.
RETRY_TIMES = 4
# The cookie that opens the gate has to come back.
COOKIES_ENABLED = True

# -- safety ------------------------------------------------------------------------------------------------------------

# Scrapy does not check certificates unless told to (measured on 2.19).
DOWNLOAD_VERIFY_CERTIFICATES = True
# No console and no remote control: both listen on a port and run code.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
# Only these two schemes: a redirect to file:, data:, ftp: or s3: finds no handler. HTTP/1.1, whose bytes can be kept.
DOWNLOAD_HANDLERS = {
    "file": None,
    "data": None,
    "ftp": None,
    "s3": None,
    "http": "archiver.crawl.turns.TurnDownloadHandler",
    "https": "archiver.crawl.turns.TurnDownloadHandler",
}
# A host name may resolve anywhere; addresses of this machine or network are refused.
TWISTED_DNS_RESOLVER = "archiver.crawl.boundaries.PublicResolver"
# The largest page known has 0.4 MiB, the largest picture 6; the cap also stops compressed bombs.
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024
DOWNLOAD_WARNSIZE = 16 * 1024 * 1024
# A page that takes longer than this is not coming.
DOWNLOAD_TIMEOUT = 60
# Redirects within the blog are one hop; a chain of five is a loop.
REDIRECT_MAX_TIMES = 5
# Our boundaries judge the length of addresses, and say so; Scrapy's middleware would drop them in silence.
URLLENGTH_LIMIT = 0
# Addresses come from the blog's own links, not from pages that say where they came from.
REFERER_ENABLED = False
# A meta refresh is content, not a redirect.
METAREFRESH_ENABLED = False

# -- the archive -------------------------------------------------------------------------------------------------------

# Folder of the archive, address of the database (SQLite in the folder if empty), and where the blog is fetched from
# (its own server if empty).
ARCHIVER_HOME = "data"
ARCHIVER_DB = ""
ARCHIVER_SITE = ""
# Says by these settings which blog that is, to a spider that Scrapy's own command line starts.
ARCHIVER_BLOG = "archiver.crawl.run.site_of"
# The frontier table is the queue: Scrapy's own JOBDIR lost 155 to 161 of 200 addresses after one kill (measured).
SCHEDULER = "archiver.crawl.scheduler.FrontierScheduler"
DOWNLOADER_MIDDLEWARES = {
    # First of all: what is out of bounds is not even asked of robots.txt. In place of Scrapy's, which looks at hosts.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "archiver.crawl.boundaries.BoundariesMiddleware": 50,
    "archiver.crawl.robots.RobotsMiddleware": 100,
    "archiver.crawl.middlewares.ValidatorMiddleware": 200,
    # In place of Scrapy's, which knows no Retry-After (measured).
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "archiver.crawl.manners.MannersMiddleware": 550,
    # Between content codings and manners: the gate is recognised by its text and asked again with the cookie.
    "archiver.crawl.middlewares.GateMiddleware": 560,
    # In place of Scrapy's, which warns that no Referer is set.
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "archiver.crawl.middlewares.RedirectsMiddleware": 600,
    # In place of Scrapy's, which takes a coding that was cut short for whole.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "archiver.crawl.middlewares.ContentCodingMiddleware": 590,
    # After the cookies (700), before the recorder.
    "archiver.crawl.middlewares.CookieLimitMiddleware": 750,
    # Nearest the downloader: it sees each exchange as it was, redirects and errors included, and a record that cannot
    # be written fails the request, so that no row is stored without one.
    "archiver.crawl.middlewares.WarcMiddleware": 1000,
}
ITEM_PIPELINES = {"archiver.crawl.pipelines.StorePipeline": 100}
SPIDER_MIDDLEWARES = {
    # Responses are recorded as they are, errors included; spiders say what each one came to.
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    # Nothing asks for what these note or look for, and each request and outcome would pass through all of them.
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
# One line a minute about pages and items is enough for a crawl of hours.
LOGSTATS_INTERVAL = 60.0
LOG_LEVEL = "INFO"
# Scrapy's own writes every item into the log, with the whole text of a post.
LOG_FORMATTER = "archiver.crawl.logs.EventFormatter"
