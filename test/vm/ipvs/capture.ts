/**
 * Records what ipvsadm and the kernel say to each other: the source of fixtures/netlink/ipvs-6.1.json.
 *
 * Runs inside the test VM, as root; writes JSON to stdout. Frames are taken from an nlmon device, so the requests are
 * ipvsadm's own and the answers the kernel's: neither was made by the code under test. To record anew:
 *
 *     npm run build && npm run vm -- build/test/vm/ipvs/capture.js > fixtures/netlink/ipvs-6.1.json
 */
import { spawnSync } from 'node:child_process';
import { interfaceIndex } from '../../../native/process.js';
import { bind, openSocket, receive, setOption } from '../../../native/socket.js';
import { packetAddress } from '../../../native/socket-address.js';
import { AF, SO, SOCK, SOL } from '../../../native/socket-options.js';
import { errno } from '../../../native/system-call-error.js';

const NETLINK_GENERIC = 16;
const ETH_P_ALL = 3;

function run(command: string): string {
  const result = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  if (result.status !== 0 && !command.startsWith('!')) throw new Error(`${command}: ${result.stderr}`);
  return result.stdout;
}

const commands: readonly string[] = [
  '-A -t 192.0.2.1:80 -s wlc',
  '-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3 -x 1000 -y 500',
  '-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1',
  '-a -t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 2147483647',
  '-a -t 192.0.2.1:80 -r 10.0.0.4:80 -i --tun-type gue --tun-port 6080 --tun-nocsum',
  '-a -t 192.0.2.1:80 -r 10.0.0.5:80 -i --tun-type gue --tun-port 6081 --tun-csum',
  '-a -t 192.0.2.1:80 -r 10.0.0.6:80 -i --tun-type gue --tun-port 6082 --tun-remcsum',
  '-a -t 192.0.2.1:80 -r 10.0.0.7:80 -i --tun-type gre --tun-nocsum',
  '-a -t 192.0.2.1:80 -r 10.0.0.8:80 -i --tun-type gre --tun-csum',
  '-a -t 192.0.2.1:80 -r [2001:db8::9]:80 -i',
  '-e -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0',
  '-A -u 192.0.2.1:53 -s rr -o',
  '-A -u 192.0.2.2:5060 -s sh -b sh-port,sh-fallback -p 1800 -M 255.255.255.0 --pe sip',
  '-A --sctp-service 192.0.2.3:9999 -s mh -b mh-port',
  '-A -t [2001:db8::1]:443 -s wrr -p 360 -M 64',
  '-a -t [2001:db8::1]:443 -r [2001:db8::2]:443 -m',
  '-A -f 77 -s dh',
  '-A -f 77 -6 -s lc -p 600',
  '-a -f 77 -r 10.0.0.1:0 -g',
  '-E -t 192.0.2.1:80 -s rr -p 300',
  '! -A -t 192.0.2.1:80 -s wlc',
  '! -A -t 192.0.2.9:80 -s nosuch',
  '! -a -t 192.0.2.99:80 -r 10.0.0.1:80',
  '! -d -t 192.0.2.1:80 -r 10.9.9.9:80',
  '--set 900 120 300',
  '-L --timeout',
  '-Ln',
  '-Ln --stats --exact',
  '-d -t 192.0.2.1:80 -r [2001:db8::9]:80',
  '--start-daemon master --mcast-interface lo --syncid 7 --sync-maxlen 1400 --mcast-port 9000 --mcast-ttl 4',
  '--start-daemon backup --mcast-interface lo --syncid 8 --mcast-group ff02::81',
  '-L --daemon',
  '--stop-daemon master',
  '--stop-daemon backup',
  '-Z -t 192.0.2.1:80',
  '-Z',
  '-D -t 192.0.2.1:80',
  '-C',
];

run('modprobe nlmon && ip link add nlmon0 type nlmon && ip link set nlmon0 up');
run('modprobe dummy && ip link add d0 type dummy && ip link set d0 up && ip addr add 10.0.0.254/24 dev d0');
run('ip link set lo multicast on; ip -6 addr add 2001:db8::fe/64 dev d0 nodad; ip route add default dev d0');
const socket = openSocket(AF.PACKET, SOCK.RAW, 0);
// A dump's frames weigh 32 KiB each, whatever is in them.
setOption(socket, SOL.SOCKET, SO.RCVBUFFORCE, 32 << 20);
bind(socket, packetAddress(ETH_P_ALL, interfaceIndex('nlmon0') ?? 0));

const room = Buffer.alloc(65536);
const sender = Buffer.alloc(128);
/** ipvsadm asks these questions again and again: kept once. */
const GENL_ID_CTRL = 16;
const IPVS_CMD_SET_INFO = 14;
const IPVS_CMD_GET_INFO = 15;
const NLMSG_ERROR = 2;

function drain(): Buffer[] {
  const frames: Buffer[] = [];
  for (;;) {
    const { bytes } = receive(socket, room, sender);
    if (bytes === -errno.EAGAIN) return frames;
    if (bytes < 0) throw new Error(`receiving from nlmon: errno ${-bytes}`);
    if (sender.readUInt16BE(2) === NETLINK_GENERIC) frames.push(Buffer.from(room.subarray(0, bytes)));
  }
}

/** The conversation without the questions for the family and for info, and without their acknowledgements. */
function withoutGreetings(frames: readonly Buffer[]): Buffer[] {
  let afterInfo = false;
  return frames.filter((frame) => {
    const acknowledges = frame.readUInt16LE(4) === NLMSG_ERROR;
    if (acknowledges && (afterInfo || frame.readUInt16LE(24) === GENL_ID_CTRL)) {
      afterInfo = false;
      return false;
    }
    if (acknowledges) return true;
    if (frame[16] === IPVS_CMD_SET_INFO) afterInfo = true;
    return frame.readUInt16LE(4) !== GENL_ID_CTRL && frame[16] !== IPVS_CMD_GET_INFO && frame[16] !== IPVS_CMD_SET_INFO;
  });
}

drain();
const recorded = commands.map((line, i) => {
  const command = line.replace(/^! /, '');
  run(`${line.startsWith('!') ? '! ' : ''}ipvsadm ${command}`);
  const frames = drain();
  return { command, frames: (i === 0 ? frames : withoutGreetings(frames)).map((frame) => frame.toString('hex')) };
});
process.stdout.write(
  `${JSON.stringify({ kernel: run('uname -r').trim(), ipvsadm: run('ipvsadm --version').trim(), recorded }, null, 1)}\n`,
);
