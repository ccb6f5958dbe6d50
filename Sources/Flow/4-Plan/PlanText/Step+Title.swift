// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Step {
  /// What it does, as an order: `write /etc/hosts`, `restart nginx.service`. The machines it is about are the caller's,
  /// so that many of them can be named at once.
  func title(_ machines: String) -> String {
    switch operation {
    case .ensureFile(let goal): "write \(goal.path)"
    case .ensureSecretFile(let goal): "write the secret \(goal.path)"
    case .ensureSymbolicLink(let path, let target): "link \(path) to \(target)"
    case .ensureFileAbsent(let path): "remove \(path)"
    case .ensureTree(let goal): "write the folder \(goal.root)"
    case .ensureTreeAbsent(let root): "remove the folder \(root)"
    case .ensurePackages(let names): "install \(Self.listed(names))"
    case .ensurePackagesAbsent(let names): "remove \(Self.listed(names))"
    case .ensureUnit(let goal): "\(unitVerb(goal)) \(goal.name)"
    case .ensureHostname(let name): "set the host name \(name)"
    case .ensureLink(let goal): "configure \(goal.interface) with \(goal.address)/\(goal.prefix)"
    case .ensureAddress(let interface, let address, let prefix): "add \(address)/\(prefix) to \(interface)"
    case .ensureImage(let recipe): "build image \(recipe.name)/\(recipe.digest)"
    case .ensureImageFetched(let name, let digest, _): "copy image \(name)/\(digest) from the other head"
    case .ensureImageAbsent(let name, let digest): "remove image \(name)/\(digest)"
    case .ensureCapture: "capture this head for \(machines)"
    case .ensureClone: "install \(machines) over its disk"
    case .ensureCloneAbsent: "forget that \(machines) was installed"
    case .ensurePower(let bmc, let state): "switch \(state.rawValue) the machine of BMC \(bmc.address)"
    case .ensureNode(let goal): "\(goal.restart ? "restart" : "boot") \(machines) into \(goal.image)"
    case .ensureCIB(let goal):
      "configure Pacemaker (\(goal.elements.count) elements"
        + (goal.removed.isEmpty ? ")" : ", \(goal.removed.count) removed)")
    case .ensureFencingProven: "prove that \(machines) can be fenced"
    }
  }

  /// The same for one step alone.
  package var title: String { title(operation.machine?.name ?? "") }

  /// Kinds name their steps by what happens to the unit; what else is in the goal has to be so already.
  private func unitVerb(_ goal: UnitGoal) -> String {
    let verb = id.text.split(separator: "/").last.map(String.init) ?? ""
    if ["start", "stop", "enable", "disable", "reload", "restart"].contains(verb) { return verb }
    return goal.active == false ? "stop" : "start"
  }

  /// Longer lists of packages are counted; their names are in the changes.
  private static func listed(_ names: [String]) -> String {
    names.count <= 4 ? names.joined(separator: " ") : "\(names.count) packages"
  }
}

extension Operation {
  /// Many of one sort, where there is no room for each: `write 120 files`.
  func counted(_ count: Int) -> String {
    let (verb, one, many): (String, String, String) =
      switch self {
      case .ensureFile: ("write", "file", "files")
      case .ensureSecretFile: ("write", "secret", "secrets")
      case .ensureSymbolicLink: ("make", "link", "links")
      case .ensureFileAbsent: ("remove", "file", "files")
      case .ensureTree: ("write", "folder", "folders")
      case .ensureTreeAbsent: ("remove", "folder", "folders")
      case .ensurePackages: ("install", "set of packages", "sets of packages")
      case .ensurePackagesAbsent: ("remove", "set of packages", "sets of packages")
      case .ensureUnit: ("start, stop or reload", "unit", "units")
      case .ensureHostname: ("set", "host name", "host names")
      case .ensureLink: ("configure", "interface", "interfaces")
      case .ensureAddress: ("add", "service address", "service addresses")
      case .ensureImage: ("build", "image", "images")
      case .ensureImageFetched: ("copy", "image", "images")
      case .ensureImageAbsent: ("remove", "image", "images")
      case .ensureCapture: ("capture this head", "time", "times")
      case .ensureClone: ("install", "head", "heads")
      case .ensureCloneAbsent: ("forget the installation of", "head", "heads")
      case .ensurePower: ("switch", "machine", "machines")
      case .ensureNode(let goal): (goal.restart ? "restart" : "boot", "node", "nodes")
      case .ensureCIB: ("configure Pacemaker", "time", "times")
      case .ensureFencingProven: ("prove the fencing of", "head", "heads")
      }
    return "\(verb) \(count) \(count == 1 ? one : many)"
  }

  var isRemoval: Bool {
    switch self {
    case .ensureFileAbsent, .ensureTreeAbsent, .ensurePackagesAbsent, .ensureImageAbsent, .ensureCloneAbsent: true
    default: false
    }
  }
}
