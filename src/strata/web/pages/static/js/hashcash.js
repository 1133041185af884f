// SHA-256 and the search for a number, without a browser's own: crypto.subtle does not exist on plain
// http, answers each hash by a promise, and is slower than this for texts of a hundred bytes.
const K = new Uint32Array(64);
const START = new Uint32Array(8);
fill();

// Both tables are fractions of roots of the first primes (FIPS 180-4).
function fill() {
  let found = 0;
  for (let number = 2; found < 64; number++) {
    let prime = true;
    for (let factor = 2; factor * factor <= number; factor++) prime &&= number % factor !== 0;
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(number));
    K[found++] = fraction(Math.cbrt(number));
  }
}

function fraction(root) {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

const words = new Uint32Array(64);

function compress(state, block, from) {
  for (let i = 0; i < 16; i++) words[i] = block.getUint32(from + i * 4);
  for (let i = 16; i < 64; i++) {
    const one = words[i - 15];
    const two = words[i - 2];
    const s0 = turn(one, 7) ^ turn(one, 18) ^ (one >>> 3);
    const s1 = turn(two, 17) ^ turn(two, 19) ^ (two >>> 10);
    words[i] = (words[i - 16] + s0 + words[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i++) {
    const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + words[i];
    const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] += word));
}

function turn(word, by) {
  return (word >>> by) | (word << (32 - by));
}

// The first 32 bits of SHA-256 of an ASCII text.
export function firstBits(text) {
  const length = text.length;
  const size = (((length + 8) >> 6) + 1) << 6;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < length; i++) bytes[i] = text.charCodeAt(i);
  bytes[length] = 0x80;
  const block = new DataView(bytes.buffer);
  block.setUint32(size - 4, length * 8);
  const state = START.slice();
  for (let from = 0; from < size; from += 64) compress(state, block, from);
  return state[0];
}

// Tries some numbers; the one that does it, or -1. At most 32 bits are asked for.
export function tryFrom(ticket, bits, start, count) {
  for (let number = start; number < start + count; number++) {
    if (firstBits(`${ticket}:${number}`) >>> (32 - bits) === 0) return number;
  }
  return -1;
}
