#!/bin/sh
# The steps that make the image. The Dockerfile runs them, and so do the tests, in a plain folder:
#
#   build.sh wheel SOURCE WHEELS          build Reelway's wheel
#   build.sh install WHEELS ENVIRONMENT   install it with what it needs into a new virtual environment
#   build.sh warm ENVIRONMENT CACHE       compile the previz kernels for this processor into CACHE
#
# PYTHON is the interpreter (python3); pip's own variables (PIP_INDEX_URL, PIP_CONSTRAINT, …) work as ever.
set -eu

python=${PYTHON:-python3}

wheel() {
    "$python" -m pip wheel --quiet --no-deps --wheel-dir "$2" "$1"
}

install() {
    # Without pip inside: the image has no use for an installer. Without compilers: everything we need comes as a wheel.
    "$python" -m venv --without-pip "$2"
    "$python" -m pip --python "$2/bin/python" install --quiet --only-binary :all: "$1"/reelway-*.whl
    # An image keeps whole seconds of a file's time, and compiled kernels belong to files of exactly one time.
    for kernels in "$2"/lib/python*/site-packages/reelway/previz; do
        find "$kernels" -name '*.py' -exec touch -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" {} +
        "$2/bin/python" -m compileall -q "$kernels"
    done
}

warm() {
    REELWAY_PREVIZ_CACHE=$2 "$1/bin/reelway" warm
}

step=${1:-none}
case $step in
wheel | install | warm)
    shift
    "$step" "$@"
    ;;
*)
    echo "no step $step; there are wheel, install and warm" >&2
    exit 2
    ;;
esac
