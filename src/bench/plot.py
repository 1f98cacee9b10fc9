"""Panels of curves side by side as one SVG file, which brings its own background and so reads well on any page."""

import dataclasses
import math
from html import escape

WIDTH, HEIGHT = 320, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 24, 46, 46
STYLE = """
  .back { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #57606a } .title { fill: #1f2328; font-weight: 600 }
  .grid { stroke: #d8dee4; fill: none } .c0 { stroke: #0969da; fill: #0969da } .c1 { stroke: #bc4c00; fill: #bc4c00 }
  .line { fill: none; stroke-width: 2 } text.c0, text.c1 { stroke: none; font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d }
    .c0 { stroke: #4493f8; fill: #4493f8 } .c1 { stroke: #f0883e; fill: #f0883e } .line { fill: none }
  }
"""


@dataclasses.dataclass
class Panel:
    """Curves over a logarithmic axis; each is a list of (x, middle, least, most)."""

    title: str
    unit: str
    lines: dict
    log_y: bool = False


def short(value):
    if value < 10_000:
        return f"{value:,.4g}" if value != int(value) else f"{value:,.0f}"
    return f"{value / 1e6:.3g}M" if value >= 1e6 else f"{value / 1e3:.3g}k"


def ticks(low, high, logarithmic):
    if logarithmic:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 2)
        all_ticks = [f * 10.0**p for p in powers for f in (1, 2, 5)]
        first = max(i for i, t in enumerate(all_ticks) if t <= low)
        last = min(i for i, t in enumerate(all_ticks) if t >= high and i > first)
        return all_ticks[first:last + 1]
    raw = high / 5
    power = 10 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw)
    return [i * step for i in range(math.ceil(high / step) + 1)]


def panel_svg(panel, left):
    values = [v for line in panel.lines.values() for point in line for v in point[1:]]
    y_ticks = ticks(min(values), max(values), panel.log_y)
    x_ticks = sorted({point[0] for line in panel.lines.values() for point in line})
    span = math.log(x_ticks[-1] / x_ticks[0]) or 1

    def x(value):
        return left + LEFT + 10 + math.log(value / x_ticks[0]) / span * (WIDTH - LEFT - RIGHT - 20)

    def y(value):
        low, high = y_ticks[0], y_ticks[-1]
        share = math.log(value / low) / math.log(high / low) if panel.log_y else (value - low) / (high - low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    out = [f'<text x="{left + LEFT}" y="20"><tspan class="title">images/s</tspan><tspan dx="6">{escape(panel.unit)}</tspan></text>',
           f'<text x="{left + (LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(panel.title)}</text>']
    for tick in y_ticks:
        out.append(f'<path class="grid" d="M{left + LEFT} {y(tick):.1f}H{left + WIDTH - RIGHT}"/>'
                   f'<text x="{left + LEFT - 7}" y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for tick in x_ticks:
        out.append(f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle">{short(tick)}</text>')
    for i, (name, points) in enumerate(panel.lines.items()):
        path = "L".join(f"{x(p[0]):.1f} {y(p[1]):.1f}" for p in points)
        out.append(f'<path class="line c{i}" d="M{path}"/>')
        for at, middle, least, most in points:
            out.append(f'<path class="line c{i}" d="M{x(at):.1f} {y(least):.1f}V{y(most):.1f}"/>'
                       f'<circle class="c{i}" cx="{x(at):.1f}" cy="{y(middle):.1f}" r="3">'
                       f'<title>{escape(name)} at {at:,}: {middle:,.0f} images/s</title></circle>')
        out.append(f'<text class="c{i}" x="{left + LEFT + 90 * i}" y="38">{escape(name)}</text>')
    return "\n".join(out)


def svg(title, panels):
    width = WIDTH * len(panels)
    inside = "\n".join(panel_svg(panel, WIDTH * i) for i, panel in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
            f'role="img" aria-label="{escape(title)}">\n<style>{STYLE}</style>\n'
            f'<rect class="back" width="{width}" height="{HEIGHT}"/>\n{inside}\n</svg>\n')
