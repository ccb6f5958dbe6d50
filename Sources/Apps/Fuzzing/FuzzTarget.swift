// SPDX-License-Identifier: Apache-2.0

/// A thing to fuzz: whatever reads bytes that somebody else wrote.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// A description, from a file that may hold anything.
  case spec
  /// A conversation with an agent, from a host that may be broken or hostile.
  case wire

  /// Stops the program when the input breaks a promise.
  package func check(_ bytes: [UInt8]) {
    switch self {
    case .spec: SpecInput.check(bytes)
    case .wire: WireInput.check(bytes)
    }
  }
}
