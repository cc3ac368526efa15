#!/bin/sh
# Run in the test VM by boot.test.ts: makes the kernel panic.
echo c >/proc/sysrq-trigger
sleep 30
