#!/usr/bin/env bash
# submit.sh PARTS [options of sbatch]: an array of PARTS tasks, and the merge once all of them have ended well.
# DUALBENCH_FLAGS="--grid default --engine cuda" ./submit.sh 8 --partition=gpu --gpus=1
set -euo pipefail

parts=${1:?submit.sh PARTS, e.g. submit.sh 8}
shift
here=$(cd "$(dirname "$0")" && pwd)
job=$(sbatch --parsable --array="1-$parts" "$@" "$here/bench.sbatch")
sbatch --parsable --dependency="afterok:${job%%;*}" "$@" "$here/merge.sbatch"
