/**
 * The words of global_defs about processes, reloads and dumps (print-global.ts).
 */
import type { GlobalConfig } from '../config/global.js';
import type { ProcessScheduling } from '../config/global-process.js';
import { type ConfigWriter, quotedWord } from './print-writer.js';

export function printProcesses(to: ConfigWriter, global: GlobalConfig): void {
  const { processNames, autoPriority, reloadControl, dumps } = global;
  to.value('process_name', processNames.parent);
  to.value('checker_process_name', processNames.checker);
  to.value('vrrp_process_name', processNames.vrrp);
  to.value('bfd_process_name', processNames.bfd);
  printScheduling(to, 'checker', global.checkerScheduling);
  printScheduling(to, 'vrrp', global.vrrpScheduling);
  printScheduling(to, 'bfd', global.bfdScheduling);
  to.value('max_auto_priority', autoPriority.max);
  to.value('min_auto_priority_delay', autoPriority.minDelay);
  if (global.reloadCheckConfig !== undefined) optional(to, 'reload_check_config', global.reloadCheckConfig.logFile);
  to.value('reload_time_file', reloadControl.timeFile);
  to.flag('reload_repeat', reloadControl.repeat);
  const { holdFile } = reloadControl;
  if (holdFile !== undefined) optional(to, 'reload_file', holdFile === true ? undefined : holdFile);
  to.value('config_save_dir', reloadControl.saveDirectory);
  to.value('tmp_config_directory', reloadControl.snapshotDirectory);
  to.value('state_dump_file', dumps.stateFile);
  to.value('stats_dump_file', dumps.statsFile);
  to.value('json_dump_file', dumps.jsonFile);
  to.value('json_version', dumps.jsonVersion);
  if (dumps.useInstance) to.line('data_use_instance', 'true');
  to.value('iproute_usr_dir', global.iprouteUsrDirectory);
  to.value('iproute_etc_dir', global.iprouteEtcDirectory);
}

function printScheduling(to: ConfigWriter, prefix: string, of: ProcessScheduling): void {
  to.value(`${prefix}_priority`, of.priority);
  to.flag(`${prefix}_no_swap`, of.noSwap);
  to.value(`${prefix}_rt_priority`, of.rtPriority);
  if (of.cpuAffinity !== undefined) to.line(`${prefix}_cpu_affinity`, ...of.cpuAffinity);
  to.value(`${prefix}_rlimit_rttime`, of.rlimitRttime);
}

/** A word whose value may be left out. */
function optional(to: ConfigWriter, word: string, value: string | undefined): void {
  to.line(word, ...(value === undefined ? [] : [quotedWord(value)]));
}
