// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
  /// Two digits, lower-case.
  package var hexadecimal: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
