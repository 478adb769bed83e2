"""The pages: static, self-contained HTML from what stands in the warehouse. Nothing is computed here; every number says where it stands.

`traced` reads and writes numbers, `naming` makes file names, `site` puts the pages together; then one module a page.
"""

from python_stats.report.site import FRONT_PAGE, render_site, write_site
from python_stats.report.traced import Traced, formats

__all__ = ["FRONT_PAGE", "Traced", "formats", "render_site", "write_site"]
