/**
 * Messages of nf_tables, as far as lvsd writes them: tables, base chains, maps with their elements, rules. Pure codec.
 *
 * What belongs together is one batch, which the kernel takes whole or not at all. Numbers stand in network order here, unlike
 * in the rest of netlink. Names and numbers: Linux include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h; the numbers
 * of data types are nft(8)'s, which the kernel keeps and shows to it (libnftables, datatype.h).
 */
import type { AddressFamily, IpAddress } from '../runtime/addresses.js';
import { familyOf, writeAddress } from '../runtime/addresses.js';
import { AttributeWriter } from './attribute.js';
import { NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST } from './message.js';

const SUBSYSTEM = 10;
const BATCH_BEGIN = 16;
const BATCH_END = 17;

const MESSAGE = {
  NEWTABLE: 0,
  DELTABLE: 2,
  NEWCHAIN: 3,
  NEWRULE: 6,
  NEWSET: 9,
  NEWSETELEM: 12,
} as const;

/** NFPROTO_IPV4, NFPROTO_IPV6. */
const PROTOCOL_FAMILY: Readonly<Record<AddressFamily, number>> = { inet: 2, inet6: 10 };

const TABLE_NAME = 1;
const CHAIN = { TABLE: 1, NAME: 3, HOOK: 4, POLICY: 5, TYPE: 7 } as const;
const HOOK = { NUMBER: 1, PRIORITY: 2 } as const;
const LOCAL_IN = 1;
const ACCEPT = 1;
const SET = {
  TABLE: 1,
  NAME: 2,
  FLAGS: 3,
  KEY_TYPE: 4,
  KEY_LENGTH: 5,
  DATA_TYPE: 6,
  DATA_LENGTH: 7,
  DESCRIPTION: 9,
  ID: 10,
  USER_DATA: 13,
  EXPRESSION: 17,
} as const;
const SET_INTERVAL = 0x04;
const SET_MAP = 0x08;
const SET_CONCATENATION = 0x80;
const DESCRIPTION_CONCATENATION = 2;
const FIELD_LENGTH = 1;
const ELEMENTS = { TABLE: 1, SET: 2, LIST: 3 } as const;
const ELEMENT = { KEY: 1, DATA: 2, KEY_END: 10 } as const;
const LIST_ELEMENT = 1;
const DATA_VALUE = 1;
const DATA_VERDICT = 2;
const VERDICT_CODE = 1;
const RETURN = -5;
const RULE = { TABLE: 1, CHAIN: 2, EXPRESSIONS: 4 } as const;
const EXPRESSION = { NAME: 1, DATA: 2 } as const;

/** nft's numbers of data types; six bits each in a concatenation. */
const TYPE: Readonly<Record<AddressFamily | 'port' | 'mark', number>> = { inet: 7, inet6: 8, port: 13, mark: 19 };
const TYPE_BITS = 6;

/**
 * What nft keeps beside a map to show it right (libnftnl, udata.h): type, length, value; the byte order of keys (0) is the
 * network's (2), that of data (1) the host's (1).
 */
const BYTE_ORDERS = Uint8Array.of(0, 4, 2, 0, 0, 0, 1, 4, 1, 0, 0, 0);

const META_MARK = 3;
const META_L4PROTO = 16;
const NETWORK_HEADER = 1;
const TRANSPORT_HEADER = 2;
/** Registers: 1 holds 16 bytes and is words 8 to 11; 2 follows it. */
const REGISTER_1 = 1;
const REGISTER_2 = 2;
const WORD_1 = 9;

/** Where a packet holds its destination, and where the port goes behind it in the registers. */
const DESTINATION: Readonly<
  Record<AddressFamily, { readonly offset: number; readonly length: number; readonly portRegister: number }>
> = {
  inet: { offset: 16, length: 4, portRegister: WORD_1 },
  inet6: { offset: 24, length: 16, portRegister: REGISTER_2 },
};
/** Of TCP, UDP and SCTP alike. */
const PORT_OFFSET = 2;
const PORT_LENGTH = 2;
/** Each part of a concatenation takes whole words. */
const PORT_ROOM = 4;

/** Elements of one message: a nest has a 16-bit length, and the longest element has 104 bytes. */
const ELEMENTS_PER_MESSAGE = 400;

export interface MarkElement {
  readonly first: IpAddress;
  readonly last: IpAddress;
  readonly firstPort: number;
  readonly lastPort: number;
  /** 32 bits. */
  readonly mark: number;
}

function swapped(value: number): number {
  const v = value >>> 0;
  return ((v & 0xff) << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
}

/** Writes one batch. */
export class NftablesBatch {
  readonly #to = new AttributeWriter(4096);
  #last = 0;

  constructor() {
    this.#batch(BATCH_BEGIN);
  }

  /** `add table` */
  addTable(family: AddressFamily, table: string): this {
    return this.#message(MESSAGE.NEWTABLE, NLM_F_CREATE, family, () => {
      this.#to.string(TABLE_NAME, table);
    });
  }

  /** `delete table`: an error if it is not there, so add it first. */
  deleteTable(family: AddressFamily, table: string): this {
    return this.#message(MESSAGE.DELTABLE, 0, family, () => {
      this.#to.string(TABLE_NAME, table);
    });
  }

  /** `add chain TABLE CHAIN { type filter hook input priority N; policy accept; }` */
  addInputChain(family: AddressFamily, table: string, chain: string, priority: number): this {
    return this.#message(MESSAGE.NEWCHAIN, NLM_F_CREATE, family, () => {
      const to = this.#to;
      to.string(CHAIN.TABLE, table).string(CHAIN.NAME, chain);
      const hook = to.beginNest(CHAIN.HOOK);
      this.#be32(HOOK.NUMBER, LOCAL_IN).#be32(HOOK.PRIORITY, priority);
      to.endNest(hook);
      this.#be32(CHAIN.POLICY, ACCEPT);
      to.string(CHAIN.TYPE, 'filter');
    });
  }

  /** `add map TABLE MAP { type ADDRESS . inet_service : mark; flags interval; [counter] }` */
  addMarkMap(family: AddressFamily, table: string, map: string, id: number, counters: boolean): this {
    return this.#message(MESSAGE.NEWSET, NLM_F_CREATE, family, () => {
      const to = this.#to;
      const { length } = DESTINATION[family];
      to.string(SET.TABLE, table).string(SET.NAME, map);
      this.#be32(SET.FLAGS, SET_MAP | SET_CONCATENATION | SET_INTERVAL)
        .#be32(SET.KEY_TYPE, (TYPE[family] << TYPE_BITS) | TYPE.port)
        .#be32(SET.KEY_LENGTH, length + PORT_ROOM)
        .#be32(SET.DATA_TYPE, TYPE.mark)
        .#be32(SET.DATA_LENGTH, 4)
        .#be32(SET.ID, id);
      const description = to.beginNest(SET.DESCRIPTION);
      const concatenation = to.beginNest(DESCRIPTION_CONCATENATION);
      for (const field of [length, PORT_LENGTH]) {
        const one = to.beginNest(LIST_ELEMENT);
        this.#be32(FIELD_LENGTH, field);
        to.endNest(one);
      }
      to.endNest(concatenation).endNest(description);
      to.bytes(SET.USER_DATA, BYTE_ORDERS);
      if (!counters) return;
      const expression = to.beginNest(SET.EXPRESSION);
      to.string(EXPRESSION.NAME, 'counter');
      to.endNest(expression);
    });
  }

  /** `add element TABLE MAP { FIRST-LAST . PORT-PORT : MARK, ... }`, in as many messages as it needs */
  addMarkElements(family: AddressFamily, table: string, map: string, elements: readonly MarkElement[]): this {
    for (let start = 0; start < elements.length; start += ELEMENTS_PER_MESSAGE) {
      const part = elements.slice(start, start + ELEMENTS_PER_MESSAGE);
      this.#message(MESSAGE.NEWSETELEM, NLM_F_CREATE, family, () => {
        this.#to.string(ELEMENTS.TABLE, table).string(ELEMENTS.SET, map);
        const list = this.#to.beginNest(ELEMENTS.LIST);
        for (const element of part) this.#element(element);
        this.#to.endNest(list);
      });
    }
    return this;
  }

  /** `add rule TABLE CHAIN meta mark set ip daddr . tcp dport map @MAP [counter] return`, for one protocol */
  addMarkRule(
    family: AddressFamily,
    table: string,
    chain: string,
    map: string,
    protocol: number,
    counters: boolean,
  ): this {
    return this.#message(MESSAGE.NEWRULE, NLM_F_CREATE | NLM_F_APPEND, family, () => {
      const to = this.#to;
      const { offset, length, portRegister } = DESTINATION[family];
      to.string(RULE.TABLE, table).string(RULE.CHAIN, chain);
      const list = to.beginNest(RULE.EXPRESSIONS);
      this.#expression('meta', () => this.#be32(1, REGISTER_1).#be32(2, META_L4PROTO));
      this.#expression('cmp', () => {
        this.#be32(1, REGISTER_1).#be32(2, 0);
        const data = to.beginNest(3);
        to.u8(DATA_VALUE, protocol);
        to.endNest(data);
      });
      this.#expression('payload', () =>
        this.#be32(1, REGISTER_1).#be32(2, NETWORK_HEADER).#be32(3, offset).#be32(4, length),
      );
      this.#expression('payload', () =>
        this.#be32(1, portRegister).#be32(2, TRANSPORT_HEADER).#be32(3, PORT_OFFSET).#be32(4, PORT_LENGTH),
      );
      this.#expression('lookup', () => {
        to.string(1, map);
        this.#be32(2, REGISTER_1).#be32(3, REGISTER_1);
      });
      this.#expression('meta', () => this.#be32(2, META_MARK).#be32(3, REGISTER_1));
      if (counters) this.#expression('counter', () => undefined);
      this.#expression('immediate', () => {
        this.#be32(1, 0);
        const data = to.beginNest(2);
        const verdict = to.beginNest(DATA_VERDICT);
        this.#be32(VERDICT_CODE, RETURN);
        to.endNest(verdict).endNest(data);
      });
      to.endNest(list);
    });
  }

  /**
   * The whole batch; nothing may be added after it. Sequence numbers count from 1, the begin included; only the last
   * message before the end asks for an acknowledgement.
   */
  end(): { readonly bytes: Buffer; readonly lastSequence: number } {
    const last = this.#last;
    this.#batch(BATCH_END);
    const bytes = this.#to.take();
    let sequence = 0;
    let lastSequence = 0;
    for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at)) {
      sequence++;
      bytes.writeUInt32LE(sequence, at + 8);
      if (at !== last) continue;
      lastSequence = sequence;
      bytes.writeUInt16LE(bytes.readUInt16LE(at + 6) | NLM_F_ACK, at + 6);
    }
    return { bytes, lastSequence };
  }

  #batch(type: number): void {
    const start = this.#to.beginMessage();
    // nfgenmsg: no family, version 0, the subsystem in network order.
    this.#to.word(SUBSYSTEM << 24);
    this.#to.endMessage(start, type, NLM_F_REQUEST);
  }

  #message(type: number, flags: number, family: AddressFamily, body: () => void): this {
    const start = this.#to.beginMessage();
    this.#to.word(PROTOCOL_FAMILY[family]);
    body();
    this.#to.endMessage(start, (SUBSYSTEM << 8) | type, NLM_F_REQUEST | flags);
    this.#last = start;
    return this;
  }

  #be32(type: number, value: number): this {
    this.#to.u32(type, swapped(value));
    return this;
  }

  #expression(name: string, body: () => unknown): void {
    const one = this.#to.beginNest(LIST_ELEMENT);
    this.#to.string(EXPRESSION.NAME, name);
    const data = this.#to.beginNest(EXPRESSION.DATA);
    body();
    this.#to.endNest(data).endNest(one);
  }

  #element(of: MarkElement): void {
    const to = this.#to;
    const one = to.beginNest(LIST_ELEMENT);
    this.#key(ELEMENT.KEY, of.first, of.firstPort);
    this.#key(ELEMENT.KEY_END, of.last, of.lastPort);
    const data = to.beginNest(ELEMENT.DATA);
    // A mark is a number of the host, and a register holds it as it is.
    const mark = Buffer.alloc(4);
    mark.writeUInt32LE(of.mark);
    to.bytes(DATA_VALUE, mark);
    to.endNest(data).endNest(one);
  }

  #key(type: number, address: IpAddress, portNumber: number): void {
    const { length } = DESTINATION[familyOf(address)];
    const value = Buffer.alloc(length + PORT_ROOM);
    writeAddress(address, value, 0);
    value.writeUInt16BE(portNumber, length);
    const nest = this.#to.beginNest(type);
    this.#to.bytes(DATA_VALUE, value);
    this.#to.endNest(nest);
  }
}
