#!/bin/sh
# The first process of the test VM after the initramfs: mounts what programs expect, runs the job, reports its status.
#
# $1 is the job's folder; job.sh in it sets the environment and becomes the script. Three channels lead out: the script's
# stdout, its stderr, and one for us: "ready" when the script is about to start, "exit N" when it has ended and all its
# output is out. The kernel's own log goes elsewhere, to the console. The host ends the VM when it has read "exit".

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
job=$1

mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/netns
ln -sfn /proc/self/fd /dev/fd
ln -sfn fd/0 /dev/stdin
ln -sfn fd/1 /dev/stdout
ln -sfn fd/2 /dev/stderr
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
mount -t bpf bpf /sys/fs/bpf 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
hostname lvsd-vm
ip link set lo up
ulimit -n 65536

. "$job/channels.sh"

exec 5>"$control"
echo ready >&5
# The script writes to pipes, not to the channels: a channel can be opened once only, and programs open /dev/stdout again.
mkfifo /run/lvsd-out /run/lvsd-err
cat /run/lvsd-out >"$out_channel" 5>&- &
out_copy=$!
cat /run/lvsd-err >"$err_channel" 5>&- &
err_copy=$!
setsid -w sh "$job/job.sh" </dev/null >/run/lvsd-out 2>/run/lvsd-err 5>&-
status=$?
# What the script left running may still hold its stdout: it gets a moment, not for ever.
(sleep 2 && kill $out_copy $err_copy) 2>/dev/null 5>&- &
wait $out_copy
wait $err_copy
echo "exit $status" >&5
sync
sleep 5
echo o >/proc/sysrq-trigger
sleep 60
