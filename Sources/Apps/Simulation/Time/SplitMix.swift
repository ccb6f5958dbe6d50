// SPDX-License-Identifier: Apache-2.0

/// Repeatable randomness: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
package struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number below `bound`, which is more than 0.
  package mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

  package mutating func chance(_ probability: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < probability }

  package mutating func among<Element>(_ choices: [Element]) -> Element? {
    choices.isEmpty ? nil : choices[below(choices.count)]
  }

  /// A stream of its own, so that what is drawn for one thing does not change with what is drawn for another.
  package mutating func split() -> SplitMix { SplitMix(seed: next()) }

  /// Between two times, short ones as likely as long ones: things go wrong in the first millisecond, and after minutes.
  package mutating func duration(from shortest: Duration, to longest: Duration) -> Duration {
    let (low, high) = (shortest / .microseconds(1), longest / .microseconds(1))
    var scale = low
    var doublings = 0
    while scale * 2 <= high { (scale, doublings) = (scale * 2, doublings + 1) }
    let base = low * Double(1 << below(doublings + 1))
    let within = base * (1 + Double(next() >> 11) * 0x1p-53)
    return .microseconds(Int(min(within, high)))
  }
}
