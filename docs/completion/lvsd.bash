# Completion of lvsd for bash, made from the table of options (cmd/lvsd/generated.ts). Do not edit it by hand.
_lvsd() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    case $before in
    -f | --use-file | -p | --pid | -r | --vrrp_pid | -c | --checkers_pid | -b | --bfd_pid | -A | --snmp-agent-socket)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --signum)
        mapfile -t COMPREPLY < <(compgen -W 'STOP RELOAD DATA STATS STATS_CLEAR JSON' -- "$word")
        return
        ;;
    -S | --log-facility | -u | --umask | -s | --namespace | -i | --config-id)
        COMPREPLY=()
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W '-f --use-file -P --vrrp -C --check -B --no_bfd --all -l --log-console -D --log-detail -S --log-facility -g --log-file --flush-log-file -G --no-syslog -u --umask -X --release-vips -V --dont-release-vrrp -I --dont-release-ipvs -R --dont-respawn -n --dont-fork -d --dump-conf -p --pid -r --vrrp_pid -c --checkers_pid -b --bfd_pid -T --genhash -a --address-monitoring -x --snmp -A --snmp-agent-socket -s --namespace -m --core-dump -M --core-dump-pattern -e --all-config -i --config-id --signum -t --config-test --ignore-unbuilt --json --print-config -v --version -h --help' -- "$word")
}
complete -F _lvsd lvsd
