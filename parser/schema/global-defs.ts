/**
 * global_defs: who lvsd is and how it runs programs, and the whole block, put together from its halves (keepalived.md 7).
 */
import { seconds } from '../../runtime/units.js';
import { readScriptUser } from '../bind-script.js';
import { booleanWord, flagWord, keyword, numberWord, scriptWord, textWord } from './forms.js';
import { fifoWords } from './global-defs-fifo.js';
import { lvsWords } from './global-defs-lvs.js';
import { notificationWords } from './global-defs-notification.js';
import { ownWords } from './global-defs-own.js';
import { processWords } from './global-defs-process.js';
import { vrrpWords } from './global-defs-vrrp.js';
import type { GlobalDraft } from './global-draft.js';
import { includeCheckWord } from './include-check.js';
import { argument, block, type Keyword } from './keyword.js';
import { MAX_UNSIGNED } from './limits.js';
import { readUmask } from './umask.js';

function scriptTimeoutWord(which: 'startup' | 'shutdown'): Keyword<GlobalDraft> {
  return numberWord<GlobalDraft>(
    {
      name: `${which}_script_timeout`,
      default: '10',
      whenMissing: `${which}_script_timeout requires value`,
      doc: `Longest run of ${which}_script.`,
    },
    argument.number('SECS', 1, 1000, 'seconds'),
    (global, value) => {
      if (which === 'startup') global.startupScriptTimeout = seconds(value);
      else global.shutdownScriptTimeout = seconds(value);
    },
  );
}

function identityWords(): readonly Keyword<GlobalDraft>[] {
  return [
    textWord<GlobalDraft>(
      {
        name: 'router_id',
        default: 'host name',
        whenMissing: 'routerid name missing - ignoring',
        doc: 'Name of this host in dumps and mails.',
      },
      'NAME',
      (global, value) => {
        global.routerId = value;
      },
    ),
    keyword<GlobalDraft>(
      {
        name: 'script_user',
        default: 'keepalived_script, else the user that lvsd runs as',
        whenMissing: 'No script username specified',
        doc: 'User and group of scripts that name none.',
      },
      [argument.text('USER'), argument.optional(argument.text('GROUP'))],
      (global, statement, context) => {
        global.scriptUser = readScriptUser(statement, 1, context);
      },
    ),
    flagWord<GlobalDraft>(
      { name: 'enable_script_security', doc: 'Runs no script as root whose path others may write to.' },
      (global) => {
        global.enableScriptSecurity = true;
      },
    ),
    booleanWord<GlobalDraft>(
      { name: 'use_symlink_paths', default: 'off', since: 'after 2.2.7', doc: 'Keeps symbolic links in script paths.' },
      (global, value) => {
        global.useSymlinkPaths = value;
      },
    ),
    scriptWord<GlobalDraft>(
      {
        name: 'startup_script',
        whenMissing: 'startup script missing',
        doc: 'Program that runs before anything starts.',
      },
      (global, script, context) => {
        if (global.startupScript === undefined) global.startupScript = script;
        else context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', 'startup script already specified', script.at);
      },
    ),
    scriptWord<GlobalDraft>(
      {
        name: 'shutdown_script',
        whenMissing: 'shutdown script missing',
        doc: 'Program that runs after everything stopped.',
      },
      (global, script, context) => {
        if (global.shutdownScript === undefined) global.shutdownScript = script;
        else context.reportAt('assumed', 'LVSD_CONFIG_DUPLICATE', 'shutdown script already specified', script.at);
      },
    ),
    scriptTimeoutWord('startup'),
    scriptTimeoutWord('shutdown'),
    keyword<GlobalDraft>(
      { name: 'umask', default: 'S_IXUSR | S_IRWXG | S_IRWXO', doc: 'Mask of the files that lvsd creates.' },
      [argument.repeated(argument.text('MASK', 'a number, or IRUSR | IWUSR | ...'))],
      readUmask,
    ),
    numberWord<GlobalDraft>(
      {
        name: 'random_seed',
        default: 'from the time',
        doc: 'Seed of _RANDOM in the file and of the spread of checks.',
      },
      argument.number('N', 0, MAX_UNSIGNED),
      (global, value) => {
        global.randomSeed = value;
      },
    ),
    flagWord<GlobalDraft>(
      {
        name: 'set_supplementary_groups',
        since: 'after 2.2.7',
        doc: 'Scripts get the supplementary groups of their user.',
        unbuilt: { decides: 'none', cure: 'lvsd does not give scripts further groups yet; they run without them.' },
      },
      (global) => {
        global.setSupplementaryGroups = true;
      },
    ),
    includeCheckWord,
  ];
}

export const globalDefsBlock = block<GlobalDraft>('global_defs', 'global_defs', 'What holds for all of lvsd.', [
  ...identityWords(),
  ...processWords(),
  ...notificationWords(),
  ...lvsWords(),
  ...fifoWords(),
  ...vrrpWords(),
  ...ownWords(),
]);
