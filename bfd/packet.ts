/**
 * BFD control packets: bytes and back (RFC 5880 section 4.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *     |                       My Discriminator                        |
 *     |                      Your Discriminator                       |
 *     |                    Desired Min TX Interval                    |
 *     |                   Required Min RX Interval                    |
 *     |                 Required Min Echo RX Interval                 |
 *
 * The decoder is total: any bytes give a packet or a reject with a name, by the rules of RFC 5880 section 6.8.6 that need no
 * session. No authentication (keepalived has none), no echo. Intervals are microseconds, as on the wire. No I/O.
 */

export const BFD_PORT = 3784;
/** RFC 5883. */
export const BFD_MULTIHOP_PORT = 4784;
export const BFD_LENGTH = 24;

/** In the order of their numbers on the wire. */
export const BFD_STATES = ['admin-down', 'down', 'init', 'up'] as const;
export type BfdSessionState = (typeof BFD_STATES)[number];

export const DIAGNOSTIC = {
  none: 0,
  detectionTimeExpired: 1,
  echoFailed: 2,
  neighborSignaledDown: 3,
  forwardingPlaneReset: 4,
  pathDown: 5,
  concatenatedPathDown: 6,
  administrativelyDown: 7,
  reverseConcatenatedPathDown: 8,
} as const;

const DIAGNOSTIC_TEXTS = [
  'No Diagnostic',
  'Control Detection Time Expired',
  'Echo Function Failed',
  'Neighbor Signaled Session Down',
  'Forwarding Plane Reset',
  'Path Down',
  'Concatenated Path Down',
  'Administratively Down',
  'Reverse Concatenated Path Down',
] as const;

/** The words of a diagnostic; numbers from 9 to 31 are reserved. */
export function diagnosticText(diagnostic: number): string {
  return DIAGNOSTIC_TEXTS[diagnostic] ?? `Diagnostic ${diagnostic}`;
}

export interface BfdPacket {
  /** 0..31. */
  readonly diagnostic: number;
  readonly state: BfdSessionState;
  readonly poll: boolean;
  readonly final: boolean;
  readonly controlPlaneIndependent: boolean;
  readonly demand: boolean;
  /** 1..255. */
  readonly detectMultiplier: number;
  /** Not 0. */
  readonly myDiscriminator: number;
  /** 0: the sender does not know ours yet. */
  readonly yourDiscriminator: number;
  /** Microseconds; 0 in received packets means "not at all" for the two that are required. */
  readonly desiredMinTx: number;
  readonly requiredMinRx: number;
  readonly requiredMinEchoRx: number;
}

export type BfdReject =
  | 'short'
  | 'version'
  | 'length'
  | 'multiplier'
  | 'multipoint'
  | 'my-discriminator'
  | 'your-discriminator'
  | 'authentication'
  | 'poll-and-final'
  | 'ttl'
  | 'no-session';

export type BfdDecoded =
  | { readonly ok: true; readonly packet: BfdPacket }
  | { readonly ok: false; readonly reject: BfdReject; readonly detail: string };

const refuse = (reject: BfdReject, detail: string): BfdDecoded => ({ ok: false, reject, detail });

/** Reads the payload of a UDP datagram, by the first rules of RFC 5880 section 6.8.6, in its order. Never throws. */
export function decodeBfd(bytes: Uint8Array): BfdDecoded {
  if (bytes.length < BFD_LENGTH) return refuse('short', `Packet is too small: ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  const flags = view.getUint8(1);
  const length = view.getUint8(3);
  if (first >> 5 !== 1) return refuse('version', `Packet is of unsupported version: ${first >> 5}`);
  const authenticated = (flags & 4) !== 0;
  if (length < (authenticated ? 26 : BFD_LENGTH) || length > bytes.length) {
    return refuse('length', `Packet size mismatch: length field: ${length} bytes, buffer size: ${bytes.length} bytes`);
  }
  if (view.getUint8(2) === 0) return refuse('multiplier', "Packet 'detection multiplier' field is zero");
  if ((flags & 1) !== 0) return refuse('multipoint', "Packet has 'multipoint' flag");
  if (view.getUint32(4) === 0) return refuse('my-discriminator', "Packet 'my discriminator' field is zero");
  const state = BFD_STATES[flags >> 6] as BfdSessionState;
  const yourDiscriminator = view.getUint32(8);
  if (yourDiscriminator === 0 && state !== 'down' && state !== 'admin-down') {
    return refuse(
      'your-discriminator',
      "Packet 'your discriminator' field is zero and 'state' field is not Down or AdminDown",
    );
  }
  if (authenticated) return refuse('authentication', 'auth bit is set, but no authentication is in use');
  const poll = (flags & 0x20) !== 0;
  const final = (flags & 0x10) !== 0;
  // RFC 5880 section 6.5: never both. Not one of the rules of 6.8.6, but keepalived drops such packets too.
  if (poll && final) return refuse('poll-and-final', 'Packet has both poll and final flags set');
  return {
    ok: true,
    packet: {
      diagnostic: first & 31,
      state,
      poll,
      final,
      controlPlaneIndependent: (flags & 8) !== 0,
      demand: (flags & 2) !== 0,
      detectMultiplier: view.getUint8(2),
      myDiscriminator: view.getUint32(4),
      yourDiscriminator,
      desiredMinTx: view.getUint32(12),
      requiredMinRx: view.getUint32(16),
      requiredMinEchoRx: view.getUint32(20),
    },
  };
}

/** The payload of a UDP datagram. */
export function encodeBfd(packet: BfdPacket): Uint8Array {
  const bytes = new Uint8Array(BFD_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (1 << 5) | packet.diagnostic);
  view.setUint8(
    1,
    (BFD_STATES.indexOf(packet.state) << 6) |
      (packet.poll ? 0x20 : 0) |
      (packet.final ? 0x10 : 0) |
      (packet.controlPlaneIndependent ? 8 : 0) |
      (packet.demand ? 2 : 0),
  );
  view.setUint8(2, packet.detectMultiplier);
  view.setUint8(3, BFD_LENGTH);
  view.setUint32(4, packet.myDiscriminator);
  view.setUint32(8, packet.yourDiscriminator);
  view.setUint32(12, packet.desiredMinTx);
  view.setUint32(16, packet.requiredMinRx);
  view.setUint32(20, packet.requiredMinEchoRx);
  return bytes;
}
