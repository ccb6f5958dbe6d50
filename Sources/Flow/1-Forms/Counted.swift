// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A value for each machine of a group: `10.1.1.1+` counts up with the names.
package struct Counted<Value: Sendable>: Sendable {
  package let first: Value
  package let counts: Bool

  package init(first: Value, counts: Bool) {
    self.first = first
    self.counts = counts
  }
}

extension Counted<IPv4Address> {
  /// The value of the machine with this index in its group. Nil past the end of the address space.
  package func value(_ index: Int) -> IPv4Address? { counts ? first.advanced(by: UInt32(index)) : first }
}

extension Counted<MACAddress> {
  package func value(_ index: Int) -> MACAddress? {
    guard counts else { return first }
    let bits = first.bits + UInt64(index)
    return bits < 1 << 48 ? MACAddress(bits: bits) : nil
  }
}
