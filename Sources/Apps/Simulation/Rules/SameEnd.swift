// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import Simulator
import Wings
import XML

/// Differences between two sites of one description, as far as the description decides about it.
///
/// An oracle that is independent of the planner: it looks at the machines, not at what the program thinks of them.
enum SameEnd {
  static func differences(_ found: FakeWorld, _ wanted: FakeWorld) -> [String] {
    var differences = services(found, wanted)
    for (id, machine) in wanted.machines.sorted(by: { $0.key < $1.key }) {
      guard let other = found.machines[id] else {
        differences.append("\(id) is missing")
        continue
      }
      differences += files(id, other, machine) + rest(id, other, machine, wanted.moving)
    }
    for (id, node) in wanted.nodes.sorted(by: { $0.key < $1.key }) where found.nodes[id]?.image != node.image {
      differences.append("\(id) runs \(found.nodes[id]?.image ?? "nothing"), not \(node.image ?? "nothing")")
    }
    let (ours, theirs) = (wanted.liveCIB, found.liveCIB)
    let managed = (ours?.managed ?? []).union(theirs?.managed ?? [])
    // A Pacemaker that touches nothing fails nothing over, whether its list says that this is ours or not.
    for id in managed.union([CIBGoal.pause]).sorted() where theirs?.element(id) != ours?.element(id) {
      differences.append("the CIB element \(id) is not the same")
    }
    return differences
  }

  /// Checks that what Pacemaker runs is on one head, whichever that is.
  private static func services(_ found: FakeWorld, _ wanted: FakeWorld) -> [String] {
    wanted.moving.sorted().compactMap { thing in
      let heads = found.machines.keys.filter { found.machines[$0]?.has(thing) == true }.sorted()
      return heads.count == 1 ? nil : "\(thing) is on \(heads.count) heads: \(heads.map(\.name))"
    }
  }

  private static func files(_ id: HostID, _ found: FakeMachine, _ wanted: FakeMachine) -> [String] {
    var differences: [String] = []
    for path in Set(found.managed.keys).union(wanted.managed.keys).sorted() {
      switch (found.managed[path] != nil, wanted.managed[path] != nil) {
      // What somebody removed by hand is not there to be taken away: only a note of it is left.
      case (true, false) where found.files[path] == nil && !found.folders.contains(path): break
      case (true, false): differences.append("\(path) on \(id) is ours, and nothing asks for it")
      case (false, true): differences.append("\(path) on \(id) is not there as ours")
      default: break
      }
    }
    for (path, file) in wanted.files where wanted.isOurs(path) {
      if !isSame(path, found.files[path], file) {
        differences.append("\(path) on \(id) is not the same")
      }
    }
    for path in found.files.keys where found.isOurs(path) && wanted.files[path] == nil {
      differences.append("\(path) on \(id) should not be there")
    }
    return differences.sorted()
  }

  /// Below our part of /etc/hosts there may be lines of others, which stay.
  private static func isSame(_ path: String, _ found: FakeMachine.File?, _ wanted: FakeMachine.File) -> Bool {
    guard let found, found.mode == wanted.mode else { return false }
    if path != "/etc/hosts" { return found.bytes == wanted.bytes }
    let parts = [found, wanted].map { HostsFile.part(of: String(decoding: $0.bytes, as: UTF8.self)) }
    return parts[0] != nil && parts[0] == parts[1]
  }

  /// Others come with packages, and run or not as their package decides.
  private static let decided: Set<String> = [
    "systemd-networkd.service", "dnsmasq.service", "nginx.service", "corosync.service", "pacemaker.service",
  ]

  private static func rest(_ id: HostID, _ found: FakeMachine, _ wanted: FakeMachine, _ moving: Set<String>) -> [String]
  {
    var differences: [String] = []
    if found.hostname != wanted.hostname { differences.append("\(id) is called \(found.hostname)") }
    for name in wanted.installed.keys.sorted() where found.installed[name] == nil {
      differences.append("the package \(name) is missing on \(id)")
    }
    for name in found.ours.subtracting(wanted.ours).sorted() where found.installed[name] != nil {
      differences.append("the package \(name) on \(id) is ours, and nothing asks for it")
    }
    for (name, unit) in wanted.units.sorted(by: { $0.key < $1.key }) where decided.contains(name) {
      let other = found.units[name]
      if other?.active != unit.active, !moving.contains(name) {
        differences.append("\(name) on \(id) is \(other?.active ?? "not there")")
      }
      if other?.enabled != unit.enabled {
        differences.append("\(name) on \(id) is \(other?.enabled == true ? "enabled" : "not enabled")")
      }
    }
    for link in wanted.links {
      let addresses = found.links.first { $0.name == link.name }?.held ?? []
      for address in link.held where !addresses.contains(address) && !moving.contains(address) {
        differences.append("\(address) is not on \(link.name) of \(id)")
      }
    }
    for key in wanted.images.keys.sorted() where found.images[key] == nil {
      differences.append("the image \(key) is not on \(id)")
    }
    return differences
  }
}

extension FakeMachine {
  fileprivate func isOurs(_ path: String) -> Bool {
    managed[path] != nil || managed.keys.contains(where: path.lies)
  }
}

extension FakeWorld {
  /// Addresses with their prefix, and units, that Pacemaker decides about.
  fileprivate var moving: Set<String> {
    guard let resources = liveCIB?.root.at("configuration", "resources") else { return [] }
    return Set(
      resources.all("primitive").flatMap { primitive in
        primitive.all("instance_attributes").flatMap { $0.all("nvpair") }.compactMap { pair -> String? in
          switch pair["name"] {
          case "unit": pair["value"]
          case "ip":
            pair["value"].flatMap { address in
              machines.values.lazy.flatMap(\.links).flatMap(\.held).first { $0.hasPrefix(address + "/") }
            }
          default: nil
          }
        }
      })
  }
}

extension FakeMachine {
  fileprivate func has(_ thing: String) -> Bool {
    units[thing]?.active == "active" || links.contains { $0.held.contains(thing) }
  }
}
