#!/usr/bin/env bash
# The tables of docs/RESULTS.md. `table.sh make NAME [OPTION…]` trains what its runs lack, in runs/tables/NAME, keeps a
# line a run in docs/results/NAME.jsonl, and writes the table; `table.sh write NAME…` writes it from those lines alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
page=docs/RESULTS.md
results=docs/results

die() {
    echo "table.sh: $*" >&2
    exit 1
}

sweep() {
    ./mnist20k sweep --out "$runs" --json "$@" >/dev/null
}

# A table a recipe: each seed has a process and the machine to itself, so that its seconds are those of a single run.
recipe() {
    local seed
    for seed in {1..20}; do
        sweep --recipe "$1" --seeds "$seed" "${@:2}"
    done
}

ablation() {
    sweep --recipe default --ablation --holdout --seeds 1..10 "$@"
}

generality() {
    local fashion=${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}
    [[ -d $fashion ]] || die "$fashion is not there: install Debian's package dataset-fashion-mnist, or say with" \
        "FASHION_MNIST=DIR where the four IDX files of Fashion-MNIST are"
    sweep --recipe default --redraw --seeds 1..10 "$@"
    sweep --recipe default --data "$fashion" --seeds 1..10 "$@"
}

make_lines() {
    runs=runs/tables/$1
    case $1 in
        ablation | generality) "$@" ;;
        *) recipe "$@" ;;
    esac
    mkdir -p "$results"
    ./mnist20k sweep merge "$runs" >/dev/null
    cp "$runs/runs.jsonl" "$results/$1.jsonl"
}

# Between the lines "<!-- table: NAME -->" and "<!-- end -->" of the page.
write_table() {
    local name=$1 lines=$results/$1.jsonl table
    [[ -f $lines ]] || die "$lines is not there: make table-$name trains and writes it"
    grep -q "^<!-- table: $name -->$" "$page" || die "$page has no line \"<!-- table: $name -->\" to write after"
    case $name in
        ablation) table=$(./mnist20k sweep table "$lines" --plot "$results/ablation.svg") ;;
        # Beside MNIST's own split.
        generality) table=$(./mnist20k sweep table "$lines" $(ls "$results/default.jsonl" 2>/dev/null)) ;;
        *) table=$(./mnist20k sweep table "$lines" && echo && ./mnist20k sweep table "$lines" --each) ;;
    esac
    TABLE=$table awk -v "begin=<!-- table: $name -->" '
        !within { print }
        $0 == begin { within = 1; print ""; print ENVIRON["TABLE"]; print "" }
        within && $0 == "<!-- end -->" { within = 0; print }
    ' "$page" >"$page.new"
    mv "$page.new" "$page"
}

case ${1-} in
    make)
        make_lines "${@:2}"
        write_table "$2"
        ;;
    write)
        for name in "${@:2}"; do write_table "$name"; done
        ;;
    *) die "usage: table.sh make NAME [OPTION…] | write NAME…" ;;
esac
