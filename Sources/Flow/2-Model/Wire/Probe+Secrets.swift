// SPDX-License-Identifier: Apache-2.0

extension Probe {
  /// The secrets that its bytes must travel with.
  package var secrets: [SecretRef] {
    switch self {
    case .secretFile(_, let secret): [secret]
    case .power(let bmc): [bmc.password]
    default: []
    }
  }
}
