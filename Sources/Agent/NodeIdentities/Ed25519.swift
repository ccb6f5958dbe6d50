// SPDX-License-Identifier: Apache-2.0

/// Public keys of Ed25519 (RFC 8032, 5.1.5). Nothing is signed here: sshd does that.
///
/// Written here, as SHA-256 is: a head makes ten thousand of them at once, and a program for each takes a minute.
enum Ed25519 {
  /// The 32 bytes of the public key that belongs to a private one, which is 32 random bytes.
  static func publicKey(of seed: [UInt8]) -> [UInt8] {
    precondition(seed.count == 32, "a private key of Ed25519 is 32 bytes")
    var scalar = Array(SHA512.digest(seed).prefix(32))
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    var sum = Point.neutral
    for bit in 0..<255 where scalar[bit >> 3] >> UInt8(bit & 7) & 1 == 1 { sum = sum + multiples[bit] }
    return sum.encoded
  }

  /// The base point, doubled again and again: looked up for each key.
  private static let multiples: [Point] = {
    var points = [Point.base]
    for _ in 1..<255 {
      let last = points[points.count - 1]
      points.append(last + last)
    }
    return points
  }()
}

/// A point of the curve in extended coordinates (RFC 8032, 5.1.4): x = X/Z, y = Y/Z, xy = T/Z.
private struct Point {
  var x, y, z, t: Residue

  static let neutral = Point(x: .zero, y: .one, z: .one, t: .zero)
  static let base = Point(
    x: Residue(0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5),
    y: Residue(0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666),
    z: .one,
    t: Residue(0x68ab3a5b7dda3, 0x0eea2a5eadbb, 0x2af8df483c27e, 0x332b375274732, 0x67875f0fd78b7))
  /// Twice the curve's d.
  private static let twiceD = Residue(
    0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff)

  /// Also of a point with itself.
  static func + (p: Point, q: Point) -> Point {
    let a = (p.y - p.x) * (q.y - q.x)
    let b = (p.y + p.x) * (q.y + q.x)
    let c = p.t * twiceD * q.t
    let d = p.z * (q.z + q.z)
    let (e, f, g, h) = (b - a, d - c, d + c, b + a)
    return Point(x: e * f, y: g * h, z: f * g, t: e * h)
  }

  var encoded: [UInt8] {
    let inverse = z.inverted
    var bytes = (y * inverse).bytes
    bytes[31] |= (x * inverse).bytes[0] << 7
    return bytes
  }
}

/// A number modulo 2^255 - 19, in five parts of 51 bits that may be a little larger.
private struct Residue {
  private var a, b, c, d, e: UInt64

  static let zero = Residue(0, 0, 0, 0, 0)
  static let one = Residue(1, 0, 0, 0, 0)
  private static let part: UInt64 = 1 << 51 - 1

  init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64) {
    (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e)
  }

  static func + (x: Residue, y: Residue) -> Residue {
    Residue(x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d, x.e + y.e).carried
  }

  /// Four times the modulus is added, so that no part is below zero.
  static func - (x: Residue, y: Residue) -> Residue {
    let (low, high): (UInt64, UInt64) = (4 * (part - 18), 4 * part)
    return Residue(x.a + low - y.a, x.b + high - y.b, x.c + high - y.c, x.d + high - y.d, x.e + high - y.e).carried
  }

  static func * (x: Residue, y: Residue) -> Residue {
    func product(_ one: UInt64, _ other: UInt64) -> UInt128 { UInt128(one) * UInt128(other) }
    // What reaches 2^255 comes back 19 times.
    let (b, c, d, e) = (19 * y.b, 19 * y.c, 19 * y.d, 19 * y.e)
    var r0 = product(x.a, y.a) + product(x.b, e)
    r0 += product(x.c, d) + product(x.d, c) + product(x.e, b)
    var r1 = product(x.a, y.b) + product(x.b, y.a)
    r1 += product(x.c, e) + product(x.d, d) + product(x.e, c)
    var r2 = product(x.a, y.c) + product(x.b, y.b)
    r2 += product(x.c, y.a) + product(x.d, e) + product(x.e, d)
    var r3 = product(x.a, y.d) + product(x.b, y.c)
    r3 += product(x.c, y.b) + product(x.d, y.a) + product(x.e, e)
    var r4 = product(x.a, y.e) + product(x.b, y.d)
    r4 += product(x.c, y.c) + product(x.d, y.b) + product(x.e, y.a)
    func low(_ sum: UInt128) -> UInt64 { UInt64(truncatingIfNeeded: sum) & part }
    r1 += r0 >> 51
    r2 += r1 >> 51
    r3 += r2 >> 51
    r4 += r3 >> 51
    return Residue(low(r0) + 19 * UInt64(r4 >> 51), low(r1), low(r2), low(r3), low(r4)).carried
  }

  /// The same number with every part below 2^51, or hardly above.
  private var carried: Residue {
    var r = self
    r.b += r.a >> 51
    r.c += r.b >> 51
    r.d += r.c >> 51
    r.e += r.d >> 51
    let over = 19 * (r.e >> 51)
    return Residue(r.a & Self.part + over, r.b & Self.part, r.c & Self.part, r.d & Self.part, r.e & Self.part)
  }

  /// The inverse, by Fermat: the power with the exponent 2^255 - 21, whose bits are all set but two.
  var inverted: Residue {
    var power = Residue.one
    for bit in (0..<255).reversed() {
      power = power * power
      if bit != 2, bit != 4 { power = power * self }
    }
    return power
  }

  /// The one number below the modulus, in 32 bytes, the lowest first.
  var bytes: [UInt8] {
    var r = carried.carried
    // One more than the modulus allows: adding 19 reaches 2^255, which is then dropped.
    var over = (r.a + 19) >> 51
    for next in [r.b, r.c, r.d, r.e] { over = (next + over) >> 51 }
    r.a += 19 * over
    r = Residue(r.a, r.b, r.c, r.d, r.e).carriedWithoutReduction
    var bytes: [UInt8] = []
    var (pending, bits): (UInt128, Int) = (0, 0)
    for part in [r.a, r.b, r.c, r.d, r.e] {
      pending |= UInt128(part) << UInt128(bits)
      bits += 51
      while bits >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        bits -= 8
      }
    }
    return bytes + [UInt8(truncatingIfNeeded: pending)]
  }

  private var carriedWithoutReduction: Residue {
    var r = self
    r.b += r.a >> 51
    r.c += r.b >> 51
    r.d += r.c >> 51
    r.e += r.d >> 51
    return Residue(r.a & Self.part, r.b & Self.part, r.c & Self.part, r.d & Self.part, r.e & Self.part)
  }
}
