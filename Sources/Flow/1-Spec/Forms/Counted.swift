// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A value for each machine of a group: `10.1.1.1+` counts up with the names.
struct Counted<Value: Sendable>: Sendable {
  let first: Value
  let counts: Bool
}

extension Counted<IPv4Address> {
  /// The value of the machine with this index in its group. Nil past the end of the address space.
  func value(_ index: Int) -> IPv4Address? { counts ? first.advanced(by: UInt32(index)) : first }
}

extension Counted<MACAddress> {
  func value(_ index: Int) -> MACAddress? {
    guard counts else { return first }
    let bits = first.bits + UInt64(index)
    return bits < 1 << 48 ? MACAddress(bits: bits) : nil
  }
}
