"""The control endpoint /_sandbox: what a test or an admin's rehearsal switches on and asks."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sales_consultant.sandbox.clock import iso
from sales_consultant.sandbox.world import LIMITS, ControlError, Side, World

Body = dict[str, Any]
Action = Callable[[Body], Any]


def routes(world: World, sides: Mapping[str, Side]) -> list[Route]:
    """GET /_sandbox tells the state; POST /_sandbox/{action} acts; DELETE /_sandbox/faults clears."""
    actions = _actions(world)

    async def state(request: Request) -> Response:
        return _json(_state(world, sides))

    async def act(request: Request) -> Response:
        name = request.path_params["action"]
        try:
            body = orjson.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise ControlError("send a JSON object")
            own = actions.get(name)
            return _json(own(body) if own else _by_side(sides, world, name, body))
        except orjson.JSONDecodeError as e:
            return _json({"error": f"the body is not JSON: {e}"}, 400)
        except (ControlError, KeyError, TypeError, ValueError) as e:
            return _json({"error": f"missing {e}" if isinstance(e, KeyError) else str(e)}, 400)

    async def clear(request: Request) -> Response:
        world.faults.clear()
        return _json({"faults": []})

    return [
        Route("/_sandbox", state, methods=["GET"]),
        Route("/_sandbox/faults", clear, methods=["DELETE"]),
        Route("/_sandbox/{action}", act, methods=["POST"]),
    ]


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _state(world: World, sides: Mapping[str, Side]) -> Body:
    return {
        "clock": iso(world.clock.now_ms()),
        "limits": world.limits,
        "lag": world.lag,
        "records": {name: world.store.totals(name) for name in sides},
        "calls": world.counted(),
        "faults": [f.described() for f in world.faults.rules],
    }


def _actions(world: World) -> dict[str, Action]:
    def clock(body: Body) -> Body:
        return {"clock": iso(world.clock.advance(float(body["advance"])))}

    def limits(body: Body) -> Body:
        if body["limits"] not in LIMITS:
            raise ControlError(f"limits is one of {', '.join(LIMITS)}")
        world.limits = body["limits"]
        return {"limits": world.limits}

    def lag(body: Body) -> Body:
        world.lag = float(body["seconds"])
        return {"lag": world.lag}

    def links(body: Body) -> Body:
        to = str(body.get("to") or "").rstrip("/")
        if to and not to.startswith(("http://", "https://")):
            raise ControlError("to is an address as http://127.0.0.1:9, or empty for the sandbox's own")
        world.foreign = to
        return {"links": to}

    def reset(body: Body) -> Body:
        world.calls.clear()
        return {"calls": {}}

    return {
        "faults": lambda body: world.faults.add(body).described(),
        "clock": clock,
        "limits": limits,
        "lag": lag,
        "links": links,
        "reset": reset,
    }


def _by_side(sides: Mapping[str, Side], world: World, name: str, body: Body) -> Any:
    """An action of one vendor; `crm` says whose, and is not needed where only one side has the action."""
    having = {n: s.controls(world) for n, s in sides.items()}
    able = [n for n, c in having.items() if name in c]
    if not able:
        known = sorted({a for c in having.values() for a in c} | set(_actions(world)))
        raise ControlError(f"unknown action {name!r}; one of {', '.join(known)}")
    crm = body.pop("crm", None) or (able[0] if len(able) == 1 else None)
    if crm not in able:
        raise ControlError(f"crm is one of {', '.join(able)}")
    return having[crm][name](body)
