// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Machines that are alike: one head, or the nodes of a group with their names expanded.
struct MachineGroup: Sendable {
  let names: [HostID]
  let nameSpan: SourceSpan
  let nics: [Named<NICDeclaration>]
  /// False when `nics:` is not there or could not be read, so that nothing is missed in it.
  let hasNICs: Bool
  let bmc: Located<BMCDeclaration>?

  /// "`node001` and 63 more", for messages.
  var label: String {
    guard let first = names.first else { return "no machine" }
    return names.count == 1 ? "`\(first)`" : "`\(first)` and \(names.count - 1) more"
  }

  /// Whether all NICs could be read: else "it has no NIC there" may be wrong.
  var isWhole: Bool { hasNICs && nics.allSatisfy { $0.value?.network != nil } }

  func nic(on network: String) -> Named<NICDeclaration>? { nics.first { $0.value?.network?.value == network } }
}
