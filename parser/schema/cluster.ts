/**
 * cluster: what several directors share through Redis (architecture, section 6). Nothing of it acts yet.
 */
import type { ClusterConfig, RedisPlace } from '../../config/cluster.js';
import type { BindContext } from '../bind-context.js';
import type { Statement } from '../statement.js';
import type { AddedDraft } from './added-draft.js';
import { choiceWord, keyword, type Texts, textWord } from './forms.js';
import { argument, block } from './keyword.js';
import { bindSettings, reportedBy } from './settings.js';

type ClusterDraft = { -readonly [K in keyof ClusterConfig]: ClusterConfig[K] };

const inside = (name: string, doc: string, more: Partial<Texts> = {}): Texts => ({ name, since: 'lvsd', doc, ...more });

/** redis://[USER[:PASSWORD]@]HOST[:PORT][/DB], rediss:// for TLS. */
const url = /^rediss?:\/\/(?:[^\s@/]*@)?(?:\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?(?:\/\d{1,4})?$/;
/** HOST[:PORT] or [IPV6][:PORT]. */
const node = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+)(?::\d{1,5})?$/;

function readRedis(statement: Statement, context: BindContext): RedisPlace | undefined {
  const first = statement.words[1]?.text ?? '';
  const rest = statement.words.slice(2).map((_, i) => context.text(statement, i + 2));
  const wrong = (message: string, index: number): undefined => {
    context.report('unusable', 'LVSD_CONFIG_CLUSTER', message, statement, index, {
      expected: 'redis://HOST[:PORT][/DB], rediss://..., sentinel MASTER HOST[:PORT] ..., or cluster HOST[:PORT] ...',
    });
    return undefined;
  };
  if (first === 'sentinel' || first === 'cluster') {
    const [master, ...others] = rest;
    const nodes = first === 'sentinel' ? others : rest;
    if (nodes.length === 0) return wrong(`redis ${first} names no node`, 1);
    const bad = nodes.findIndex((each) => !node.test(each));
    if (bad >= 0) return wrong(`Invalid redis node '${nodes[bad]}'`, bad + (first === 'sentinel' ? 3 : 2));
    return first === 'sentinel' ? { kind: first, master: master ?? '', nodes } : { kind: first, nodes };
  }
  if (!url.test(first)) return wrong('Invalid redis place', 1);
  if (rest.length > 0) return wrong(`Unexpected '${rest[0]}' behind the place of redis`, 2);
  return { kind: 'single', url: context.text(statement, 1) };
}

export const clusterBlock = block<ClusterDraft>(
  'cluster',
  'cluster',
  'What several directors share through Redis.',
  reportedBy('cluster', [
    keyword<ClusterDraft>(
      inside('redis', 'Where Redis is.'),
      [
        argument.text('PLACE', 'redis://HOST[:PORT][/DB], rediss://..., sentinel MASTER, or cluster'),
        argument.optional(argument.repeated(argument.text('HOST[:PORT]'))),
      ],
      (draft, statement, context) => {
        draft.redis = readRedis(statement, context) ?? draft.redis;
      },
    ),
    textWord<ClusterDraft>(
      inside('password_file', 'File that holds the password of Redis.'),
      'PATH',
      (draft, value) => {
        draft.passwordFile = value;
      },
    ),
    textWord<ClusterDraft>(
      inside('node', 'Name of this director.', { default: 'host name' }),
      'NAME',
      (draft, value) => {
        draft.node = value;
      },
    ),
    choiceWord<ClusterDraft, ClusterConfig['verdict']>(
      inside('verdict', 'Whose verdict about a server counts.', { default: 'local' }),
      ['local', 'majority'],
      (draft, value) => {
        draft.verdict = value;
      },
    ),
  ]),
);

/** `cluster { ... }` */
export function bindCluster(added: AddedDraft, statement: Statement, context: BindContext): void {
  const draft: ClusterDraft = {
    redis: undefined,
    passwordFile: undefined,
    node: undefined,
    verdict: 'local',
    at: context.position(statement),
  };
  bindSettings(clusterBlock, draft, statement.body ?? [], context);
  const named = statement.body?.some((each) => each.words.some((word) => word.text === 'redis')) ?? false;
  if (!named) {
    context.report('unusable', 'LVSD_CONFIG_CLUSTER', 'cluster does not say where Redis is', statement, 0, {
      expected: 'redis redis://127.0.0.1:6379/0',
    });
  }
  if (added.cluster === undefined) added.cluster = draft;
  else {
    const message = 'cluster is defined twice';
    context.report('unusable', 'LVSD_CONFIG_CLUSTER', message, statement, 0, { expected: 'one cluster block' });
  }
}
