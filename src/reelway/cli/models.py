"""`reelway models`: the catalogue as this server would serve it."""

from reelway.catalogue.load import load
from reelway.cli.configured import routes_of
from reelway.cli.options import AsJson, Config, Data, Database, settings_of
from reelway.cli.output import print_listing
from reelway.domain.models import ModelCard
from reelway.domain.money import usd
from reelway.routing.routes import Upstream


def command(data: Data = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the models: what they make, what they cost, who serves them today."""
    settings = settings_of(data, config, database)
    catalogue = load(settings.catalogue, margin_percent=settings.margin_percent)
    routes = routes_of(settings, catalogue)
    print_listing(
        [_facts(card, routes.upstreams(card)) for card in catalogue.cards()],
        as_json=as_json,
        columns=("id", "makes", "seconds", "usd_per_s", "served_by", "life", "successor"),
        none="no models",
    )


def _facts(card: ModelCard, upstreams: list[Upstream]) -> dict[str, object]:
    first = next((u for u in upstreams if not u.route.free), upstreams[0] if upstreams else None)
    return {
        "id": card.id,
        "name": card.name,
        "vendor": card.vendor,
        "makes": " ".join(mode.removesuffix("-to-video")[0] + "2v" for mode in card.modes),
        "modes": list(card.modes),
        "seconds": ",".join(str(s) for s in sorted(card.durations_s)) if len(card.durations_s) < 8 else _span(card),
        "durations_s": list(card.durations_s),
        "sizes": [f"{w}x{h}" for w, h in card.sizes if (w, h) != (0, 0)],
        "usd_per_s": None if card.price is None else usd(card.price.microusd_per_s),
        "served_by": None if first is None else first.provider + (" (preview, free)" if first.route.free else ""),
        "routes": [f"{u.provider}/{u.route.upstream_model}" for u in upstreams],
        "life": card.life,
        "retired_on": None if card.retired_on is None else card.retired_on.isoformat(),
        "successor": card.successor,
        "aliases": list(card.aliases),
    }


def _span(card: ModelCard) -> str:
    return f"{min(card.durations_s)}-{max(card.durations_s)}"
