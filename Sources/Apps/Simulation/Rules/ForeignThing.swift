// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator

/// Something on a machine, or in the cluster, that an administrator put there and no description names.
package enum ForeignThing: Hashable, Sendable {
  case file(HostID, String)
  case package(HostID, String)
  case unit(HostID, String)
  /// On a link of ours, beside our address.
  case address(HostID, link: String, String)
  case cibElement(String)

  /// The difference; nil when it is the same before and after.
  func difference(_ before: FakeWorld, _ after: FakeWorld) -> String? {
    let isSame: Bool =
      switch self {
      case .file(let host, let path): before.machines[host]?.files[path] == after.machines[host]?.files[path]
      case .package(let host, let name):
        before.machines[host]?.installed[name] == after.machines[host]?.installed[name]
      case .unit(let host, let name): before.machines[host]?.units[name] == after.machines[host]?.units[name]
      case .address(let host, let link, let address):
        before.machines[host]?.link(link, has: address) == after.machines[host]?.link(link, has: address)
      case .cibElement(let id): before.cib?.element(id) == after.cib?.element(id) || after.cib == nil
      }
    return isSame ? nil : "changed \(self)"
  }
}

extension ForeignThing: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let host, let path): "the file \(path) on \(host)"
    case .package(let host, let name): "the package \(name) on \(host)"
    case .unit(let host, let name): "the unit \(name) on \(host)"
    case .address(let host, let link, let address): "the address \(address) on \(link) of \(host)"
    case .cibElement(let id): "the CIB element \(id)"
    }
  }
}

extension FakeMachine {
  fileprivate func link(_ name: String, has address: String) -> Bool {
    links.contains { $0.name == name && $0.addresses.contains(address) }
  }
}
