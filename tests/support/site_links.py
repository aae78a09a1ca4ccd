"""The built site: every link and every asset is there, and nothing is loaded from elsewhere.

`python -m support.site_links FOLDER` ends with 1 and says what is wrong.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser loads by itself; an <a> is followed by a person.
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_STYLE_URL = re.compile(r"url\(\s*['\"]?((?:https?:)?//[^)'\"]+)|@import\s+['\"]((?:https?:)?//[^'\"]+)")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("id", "name"):
            if given.get(name) and (name == "id" or tag == "a"):
                self.ids.add(str(given[name]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        # A canonical address is read by search engines and loaded by nobody.
        if (
            tag in _LOADED
            and given.get(_LOADED[tag])
            and given.get("rel") not in ("canonical", "prev", "next")
        ):
            self.loaded.append(str(given[_LOADED[tag]]))


def problems(site: Path) -> list[str]:
    """What is wrong with a site, a line each."""
    pages: dict[Path, _Page] = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in pages.items():
        where = path.relative_to(site)
        for target in [*page.links, *page.loaded]:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                if target in page.loaded and parts.scheme != "data":
                    found.append(f"{where} loads {target} from elsewhere")
                continue
            base = site if parts.path.startswith("/") else path.parent
            place = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            place = place / "index.html" if place.is_dir() else place
            # Of the page for what is not found, addresses are absolute; it stands at the root.
            if not place.exists():
                found.append(f"{where}: {target} is not there")
            elif parts.fragment and place in pages and unquote(parts.fragment) not in pages[place].ids:
                found.append(f"{where}: {target} has no such place")
    for style in sorted(site.rglob("*.css")):
        for match in _STYLE_URL.finditer(style.read_text(encoding="utf-8")):
            found.append(f"{style.relative_to(site)} loads {match[1] or match[2]} from elsewhere")
    return found


def main() -> int:
    """Say what is wrong with the site in the folder that is given."""
    found = problems(Path(sys.argv[1]).resolve())
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
