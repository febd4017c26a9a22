"""The names by which services call the parts of a list in pages, without case, underscores and other signs."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"[^a-z0-9]+")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOKEN_PARAMETERS = _names(
    """
    cursor pagecursor startcursor startingcursor nextcursor aftercursor pagetoken nexttoken nextpagetoken
    startingtoken continuationtoken continue continuation marker nextmarker bookmark scrollid pagestate after
    pageafter startingafter afterid startafter startafterid exclusivestartkey paginationtoken paginationcursor
    """
)
"""Parameters that take the token of a page."""
NEXT_TOKENS = _names(
    """
    nextcursor nextpagecursor nexttoken nextpagetoken nextcontinuationtoken nextmarker nextbookmark nextafter
    nextscrollid nextpagestate nextkey nextpageoffset nextoffset nextstart nextskip nextpageid lastevaluatedkey
    """
)
"""Properties that hold the token of the next page, and nothing on the last page."""
LAST_TOKENS = _names("endcursor aftercursor cursorsafter")
"""Properties that hold the token of the page's end, which may stand on the last page as well."""
SAME_TOKENS = _names(
    """
    cursor continue continuation continuationtoken pagetoken nexttoken nextpagetoken nextcursor bookmark scrollid
    paginationtoken pagestate
    """
)
"""Names that a parameter and a property of the reply share, where the one takes what the other holds."""
AFTER = _names("after startingafter afterid startafter startafterid pageafter")
"""Parameters that take the id of the last item of the page before."""
PAGES = _names("page pagenumber pageno pagenum pageindex")
OFFSETS = _names("offset pageoffset skip startindex startat startoffset")
ASKING = TOKEN_PARAMETERS | SAME_TOKENS | PAGES | OFFSETS
"""Parameters that ask for a page."""
ONE_BASED = frozenset({"startindex"})
"""Offsets that begin at 1 where the schema says nothing (SCIM, RFC 7644, 3.4.2.4; OpenSearch 1.1)."""
LIMITS = _names(
    """
    limit pagelimit perpage pagesize size count maxresults top take rows maxitems itemsperpage maxpagesize
    resultsperpage
    """
)
NEXT_URLS = _names("nextlink nexturl nexturi nexthref nextpageurl nextpageuri nextpagelink odatanextlink")
"""Properties that hold the URL of the next page."""
MORE = _names(
    """
    hasmore hasnext hasnextpage hasmoreresults hasmoreitems hasmorepages moreavailable moreresults morepages
    istruncated more
    """
)
"""Flags that say whether there is another page."""
LAST = _names("islast islastpage lastpage")
"""Flags that say whether this page is the last."""
TOTALS = _names(
    """
    totalcount totalitems totalresults totalsize totalelements totalrecords totalrows totalentries totalhits
    resultcount countall
    """
)
"""Numbers of all items."""
PAGE_COUNTS = _names("totalpages numpages pagecount pagestotal pages lastpage pagetotal numberofpages")
CURRENT = _names("page currentpage pagenumber pageindex")
"""Numbers of the page that came."""
HOLDERS = _names(
    """
    meta metadata responsemetadata pagination paging page pageinfo pages links cursors cursor next info pager
    listmeta nextpage paginationinfo pagingmetadata pageinformation pagemeta paginationmeta
    """
)
"""Objects that hold such properties beside the items."""
LISTS = ("data", "items", "results", "records", "values", "value", "entries", "resources", "list", "rows", "elements")
"""Names of the list, where a page has several lists."""


def plain(name: str) -> str:
    """A name without case and signs: ``next_page_token`` and ``nextPageToken`` are the same."""
    return _SIGNS.sub("", name.lower())


def word_of(path: tuple[str, ...]) -> str:
    """The name of a property within its holder: ``next.after`` is ``nextafter``, ``cursors.after`` ``cursorsafter``."""
    word = plain(path[-1])
    holder = plain(path[-2]) if len(path) > 1 else ""
    if holder in ("next", "nextpage"):
        return f"next{word}"
    return f"cursors{word}" if holder == "cursors" and word == "after" else word
