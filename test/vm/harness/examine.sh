#!/bin/sh
# Run in the test VM by boot.test.ts: shows what the VM promises. $1 is the status to end with, $2 an argument to show.
cd "$PWD" || exit 1
echo "processors $(nproc)"
modprobe ip_vs && ipvsadm -Ln
echo "argument $2"
echo "variable $LVSD_EXAMPLE"
echo "folder $PWD"
echo "node $(node -p process.version)"
found=
for program in keepalived ipvsadm nginx ip modprobe; do
    command -v "$program" >/dev/null && found="$found $program"
done
echo "peers$found"
echo "from inside" >"$LVSD_VM_OUT/result"
echo nothing >written-by-the-vm
echo "on stderr" >&2
exit "$1"
