// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator

/// What a site has come to, as lines that two sites can be compared by: not when it happened, nor how often tried.
enum WorldText {
  static func lines(_ world: FakeWorld) -> [String] {
    var lines: [String] = []
    for (id, machine) in world.machines {
      lines.append("\(id) hostname \(machine.hostname)")
      lines += machine.files.map { "\(id) file \($0) \(SHA256.hex($1.bytes)) \($1.mode) \($1.owner)" }
      lines += machine.managed.keys.map { "\(id) managed \($0)" }
      lines += machine.units.map { "\(id) unit \($0) \($1.active) \($1.enabled)" }
      lines += machine.installed.map { "\(id) package \($0) \($1)" }
      lines += machine.links.map { "\(id) link \($0.name) \($0.addresses.sorted()) \($0.gateways)" }
      lines += machine.images.keys.map { "\(id) image \($0)" }
      lines += machine.clones.keys.map { "\(id) clone \($0)" }
      lines += machine.fencing.keys.map { "\(id) proven \($0)" }
      if machine.deadMan.isWaiting { lines.append("\(id) has an unconfirmed change") }
    }
    lines += world.nodes.map { "\($0) runs \($1.image ?? "nothing")" }
    lines += world.boards.map { "\($0) power \($1.power)" }
    lines.append("cib \(world.cib.map { "\($0.root)" } ?? "none")")
    return lines.sorted()
  }

  /// What was undone because nobody confirmed it, as `FakeWorld.effects` names it; and the files that were put back
  /// with it.
  static func undone(_ world: FakeWorld) -> [String] {
    world.machines.flatMap { id, machine in machine.deadMan.undone.map { "\(id) \($0)" } }.sorted()
  }
}
