"""What peers.py measured: who counts, medians and ratios, and the section of docs/PERFORMANCE.md."""

import math
import os
import textwrap
from statistics import mean, median

# How far a peer's losses may be from ours, as a factor either way. On 5,120 images and 8 epochs four seeds of conv16
# stayed within 1.16 of each other; half the learning rate is 2.2 times off, no dropout, which is 5 %, only 0.78 times.
ALIKE = 1.5
# A peer may get twice as many test images wrong as ours, and these more, as a share of all.
MORE_ERRORS = 0.02

BEGIN, END = "<!-- peers: written by make bench-peers -->", "<!-- end of peers -->"


def unlike(losses, ours):
    """Why losses, one an epoch, do not fall as ours do; None where they do. The later half is compared, by its mean."""
    if not all(map(math.isfinite, losses)):
        return "its loss is not a number"
    if losses[-1] >= losses[0]:
        return f"its loss does not fall: {losses[0]:.3f} at first, {losses[-1]:.3f} at last"
    half = len(ours) // 2
    factor = mean(losses[half:]) / mean(ours[half:])
    if not 1 / ALIKE <= factor <= ALIKE:
        return f"its loss is {factor:.2f} times ours, and counts within a factor of {ALIKE}"
    return None


def judge(peers):
    """Gives each peer `invalid`, why it does not count, or None."""
    ours = next(p for p in peers if p["name"] == "mnist20k")
    for peer in peers:
        peer["invalid"] = unlike(peer["losses"], ours["losses"])
        if not peer["invalid"] and 1 - peer["accuracy"] > 2 * (1 - ours["accuracy"]) + MORE_ERRORS:
            peer["invalid"] = f"it gets {peer['accuracy']:.1%} of the test images right, ours {ours['accuracy']:.1%}"


def ratios(ours, its):
    """Ours over its, round by round."""
    return [a / b for a, b in zip(ours, its)]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread(values):
    return f"{number(median(values))} ({number(min(values))}..{number(max(values))})"


def times(values):
    return f"{median(values):.2f} ({min(values):.2f}..{max(values):.2f})"


def speeds(network):
    ours = network["peers"][0]
    lines = ["| | training, images/s | ours / it | inference, images/s | ours / it | peak memory | its / ours |",
             "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for peer in network["peers"]:
        if peer["invalid"]:
            continue
        cells = [peer["name"] + (" (extra)" if peer["extra"] else "")]
        for key in ("training", "inference"):
            cells += [spread(peer[key]), times(ratios(ours[key], peer[key])) if peer is not ours else "1"]
        memory, our_memory = peer["peakBytes"], ours["peakBytes"]
        cells += [f"{memory / 1e6:,.0f} MB", f"{memory / our_memory:.2f}"] if memory else ["not known"] * 2
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def best(network, key):
    """Ours against the fastest row of PyTorch that is no extra."""
    ours = network["peers"][0]
    rows = [p for p in network["peers"] if p["name"].startswith("PyTorch") and not p["extra"] and not p["invalid"]]
    if not rows or ours["invalid"]:
        return None
    fastest = max(rows, key=lambda p: median(p[key]))
    return f"{times(ratios(ours[key], fastest[key]))} times {fastest['name']}"


def section(result):
    machine, settings = result["machine"], result["settings"]
    lines = [
        wrapped(f"{machine['processor']}, {machine['cores']} cores ({', '.join(machine['vectors']) or 'no AVX2'}), "
                f"{machine['memoryBytes'] / 2**30:.0f} GiB, {machine['system']}; {result['date'][:10]}, "
                f"commit {result['commit']}."),
        "", "```", result["command"], "```", "",
        wrapped(f"Batches of {settings['batch']}, {settings['threads']} threads, {settings['images']:,} images an epoch "
                f"and {settings['testImages']:,} for inference, {settings['rounds']} rounds after {settings['warmUp']} "
                "turns that do not count; median, least and most of the rounds, ratios taken within a round.")]
    for network in result["networks"]:
        lines += ["", f"### {network['name']}: {network['parameters']:,} parameters, "
                      f"{network['multiplyAdds'] / 1e6:.2f} M multiply-adds an image", "", *speeds(network), ""]
        lines += [f"- {key.capitalize()}: {best(network, key)}, PyTorch's fastest row in single precision."
                  for key in ("training", "inference") if best(network, key)]
        lines += [*[""] * bool(lines[-1]), "Mean loss of each epoch, and accuracy on the test images after the last:", "",
                  "| | " + " | ".join(str(i + 1) for i in range(len(network["peers"][0]["losses"]))) + " | accuracy |",
                  "| --- |" + " ---: |" * (len(network["peers"][0]["losses"]) + 1)]
        for peer in network["peers"]:
            losses = " | ".join(f"{loss:.3f}" for loss in peer["losses"])
            lines.append(f"| {peer['name']} | {losses} | {peer['accuracy']:.1%} |")
        left_out = [f"- {p['name']} is not ranked: {p['invalid']}." for p in network["peers"] if p["invalid"]]
        left_out += [f"- {m['name']} is missing: {m['reason']}" for m in network["missing"]]
        if left_out:
            lines += ["", *left_out]
    known = dict.fromkeys(p["version"] for network in result["networks"] for p in network["peers"])
    return "\n".join([*lines, "", wrapped("Versions: " + "; ".join(known) + ".")])


def wrapped(text):
    return textwrap.fill(text, 124, break_on_hyphens=False)


def write_section(page, result):
    """Puts the section between its marks in a page that has them."""
    with open(page) as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{page} has no place for the section: put the lines {BEGIN} and {END} into it")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    with open(page + ".part", "w") as file:
        file.write(f"{before}{BEGIN}\n\n{section(result)}\n\n{END}{after}")
    os.replace(page + ".part", page)
