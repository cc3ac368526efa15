/**
 * What virtual routers and checks look at, as text: track_file, vrrp_script, vrrp_track_process, bfd_instance, and the
 * track_* blocks that name them (print.ts).
 */
import type { BfdInstance } from '../config/bfd.js';
import type { Config } from '../config/config.js';
import type { TrackedReference, TrackFile, Tracking, TrackProcess, VrrpScript } from '../config/tracking.js';
import { type ConfigWriter, quotedWord } from './print-writer.js';

const direction = (reverse: boolean): readonly string[] => (reverse ? ['reverse'] : []);

/** Everything that may be named below it. */
export function printTrackers(to: ConfigWriter, config: Config): void {
  for (const file of config.trackFiles.values()) printTrackFile(to, file);
  for (const bfd of config.bfd.values()) printBfd(to, bfd);
  printStubs(to, config);
  for (const script of config.vrrp.scripts.values()) printVrrpScript(to, script);
  for (const process of config.vrrp.trackProcesses.values()) printTrackProcess(to, process);
}

/** Sessions that cannot run are known by name all the same, to those that watch them. */
function printStubs(to: ConfigWriter, config: Config): void {
  const needed = new Set<string>();
  for (const virtual of config.virtualServers) {
    for (const server of virtual.realServers) {
      for (const checker of server.checkers) {
        if (checker.kind !== 'BFD_CHECK') continue;
        const setting = checker.settings.findLast((each) => /^name\s/.test(each));
        if (setting !== undefined) needed.add(setting.slice('name'.length).trim());
      }
    }
  }
  const trackers = [...config.vrrp.instances.values(), ...config.vrrp.syncGroups.values()];
  for (const { tracking } of trackers) for (const { name } of tracking.bfd) needed.add(quotedWord(name));
  for (const name of config.bfd.keys()) needed.delete(quotedWord(name));
  for (const name of needed) to.block(`bfd_instance ${name}`, () => undefined);
}

function printTrackFile(to: ConfigWriter, file: TrackFile): void {
  to.block(`track_file ${quotedWord(file.name)}`, () => {
    to.value('file', file.path);
    to.line('weight', file.weight, ...direction(file.reverse));
    const { initialize } = file;
    if (initialize !== undefined) {
      to.line('init_file', initialize.value, ...(initialize.overwrite ? ['overwrite'] : []));
    }
  });
}

function printBfd(to: ConfigWriter, bfd: BfdInstance): void {
  to.block(`bfd_instance ${quotedWord(bfd.name)}`, () => {
    to.value('neighbor_ip', bfd.neighbor);
    to.value('source_ip', bfd.source);
    to.line('min_rx', bfd.minRx);
    to.line('min_tx', bfd.minTx);
    to.line('idle_tx', bfd.idleTx);
    to.line('multiplier', bfd.multiplier);
    to.flag('passive', bfd.passive);
    to.line('ttl', bfd.ttl);
    to.line('max_hops', bfd.maxHops);
    to.boolean('multihop', bfd.multihop);
    to.line('weight', bfd.weight, ...direction(bfd.reverse));
    to.flag('vrrp', bfd.forVrrp);
    to.flag('checker', bfd.forChecker);
  });
}

function printVrrpScript(to: ConfigWriter, script: VrrpScript): void {
  to.block(`vrrp_script ${quotedWord(script.name)}`, () => {
    to.script('script', script.script);
    to.line('interval', script.interval);
    to.line('timeout', script.timeout);
    to.line('weight', script.weight, ...direction(script.reverse));
    to.line('rise', script.rise);
    to.line('fall', script.fall);
    to.flag('init_fail', script.initFail);
  });
}

function printTrackProcess(to: ConfigWriter, process: TrackProcess): void {
  to.block(`vrrp_track_process ${quotedWord(process.name)}`, () => {
    to.line('process', quotedWord(process.process), ...process.parameters.map(quotedWord));
    if (process.match === 'exact') {
      if (process.parameters.length === 0) to.line('param_match');
    } else to.value('param_match', process.match);
    to.flag('full_command', process.fullCommand);
    to.line('weight', process.weight, ...direction(process.reverse));
    to.value('quorum_max', process.quorumMax);
    if (process.quorum > 0) to.line('quorum', process.quorum);
    to.value('terminate_delay', process.terminateDelay);
    to.value('fork_delay', process.forkDelay);
  });
}

/** The track_* blocks of an instance or a sync group. */
export function printTracking(to: ConfigWriter, tracking: Tracking): void {
  if (tracking.interfaces.length > 0) {
    to.block('track_interface', () => {
      for (const { interface: name, weight, reverse } of tracking.interfaces) {
        to.line(quotedWord(name), 'weight', weight, ...direction(reverse));
      }
    });
  }
  const references = (word: string, list: readonly TrackedReference[]): void => {
    if (list.length === 0) return;
    to.block(word, () => {
      for (const { name, weight, reverse } of list) {
        to.line(quotedWord(name), 'weight', weight, reverse ? 'reverse' : 'noreverse');
      }
    });
  };
  references('track_script', tracking.scripts);
  references('track_file', tracking.files);
  references('track_process', tracking.processes);
  references('track_bfd', tracking.bfd);
}
