#!/bin/sh
# /init of the test VM's initramfs: reaches the host's root and hands over to init.sh, which lies in the checkout.
#
# The host's files are seen read-only, through 9p in QEMU and hostfs in user-mode Linux; a tmpfs lies over them, so
# whatever a script writes is gone with the VM. The peers' tree (keepalived, ipvsadm, ...) lies between the two, as if it
# were installed. The kernel's command line names the way (lvsd.share) and the job's folder on the host (lvsd.job); boot.sh
# there says where the rest is: modules, harness, out, and with hostfs peers.
# It ends in switch_root, not chroot: the kernel runs /sbin/modprobe in the first process's root.

b=/bin/busybox
fail() {
    echo "LVSD-BOOT-FAILED: $*"
    $b dmesg | $b tail -n 25
    echo o >/proc/sysrq-trigger
    $b sleep 60
}

# share TAG HOSTPATH TARGET ro|rw
share() {
    if [ "$way" = hostfs ]; then
        $b mount -t hostfs -o "$2" -o "$4" "$1" "$3"
    elif [ "$4" = ro ]; then
        $b mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro" "$1" "$3"
    else
        # What is written here has to be on the host when the script ends.
        $b mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,cache=none" "$1" "$3"
    fi
}

$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
for word in $($b cat /proc/cmdline); do
    case $word in
    lvsd.job=*) job=${word#*=} ;;
    lvsd.share=*) way=${word#*=} ;;
    esac
done
for module in $($b cat /modules/order); do
    $b insmod "/modules/$module" || fail "the module $module of this kernel does not load"
done

share root / /lower ro || fail "the host's root does not mount by $way"
[ -f "/lower$job/boot.sh" ] || fail "the job's folder $job is not on the host's root"
. "/lower$job/boot.sh"
# Of its own, though the root has it too: overlayfs refuses one lower folder inside another.
share peers "$peers" /peers ro || fail "the unpacked peers do not mount by $way"
$b mount -t tmpfs -o size=75%,mode=755 upper /upper || fail "no tmpfs for what the script writes"
$b mkdir /upper/data /upper/work
$b mount -t overlay -o "lowerdir=/peers:/lower,upperdir=/upper/data,workdir=/upper/work" root /root ||
    fail "the overlay does not mount"
$b mkdir -p /root/usr/lib/modules
$b mount -t tmpfs -o mode=755 modules /root/usr/lib/modules || fail "no tmpfs for the modules"
version=$($b uname -r)
$b mkdir "/root/usr/lib/modules/$version"
[ -d "/lower$modules" ] || fail "the unpacked modules of $version are not at $modules"
$b mount -o bind "/lower$modules" "/root/usr/lib/modules/$version" || fail "the modules of $version do not mount"
if [ -n "$out" ]; then
    $b mkdir -p "/root$out"
    share out "$out" "/root$out" rw || fail "the folder for results does not mount by $way"
fi
[ -f "/root$harness" ] || fail "$harness is not on the host's root"

$b mount -o move /dev /root/dev
$b mount -o move /sys /root/sys
$b mount -o move /proc /root/proc
exec $b switch_root /root /bin/sh "$harness" "$job"
