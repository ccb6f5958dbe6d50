// SPDX-License-Identifier: Apache-2.0
import SpecForms
import ClusterModel
import Diagnostics

/// Machines that are alike: one head, or the nodes of a group with their names expanded.
struct MachineGroup: Sendable {
  let names: [HostID]
  let nameSpan: SourceSpan
  let nics: [Named<NICDeclaration>]
  /// Whether all NICs could be read, on networks that exist: else "it has no NIC there" may be wrong.
  let isWhole: Bool
  let bmc: Located<BMCDeclaration>?

  init(
    names: [HostID], nameSpan: SourceSpan, nics: [Named<NICDeclaration>], knownNetworks: [String],
    bmc: Located<BMCDeclaration>?
  ) {
    self.names = names
    self.nameSpan = nameSpan
    self.nics = nics
    self.bmc = bmc
    isWhole =
      !nics.isEmpty && nics.allSatisfy { nic in nic.value?.network.map { knownNetworks.contains($0.value) } ?? false }
  }

  /// "`node001` and 63 more", for messages.
  var label: String {
    guard let first = names.first else { return "no machine" }
    return names.count == 1 ? "`\(first)`" : "`\(first)` and \(names.count - 1) more"
  }

  /// The verb that fits the label.
  func verb(_ singular: String, _ plural: String) -> String { names.count == 1 ? singular : plural }

  func nic(on network: String) -> Named<NICDeclaration>? { nics.first { $0.value?.network?.value == network } }
}
