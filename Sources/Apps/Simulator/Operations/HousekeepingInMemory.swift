// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension EnsureLeftoversAbsent: MachineOperation {
  package var conduct: MemoryConduct { .short(.milliseconds(200), mayEndReports: false) }

  func perform(in machine: inout FakeMachine, _ secrets: Secrets) throws(AgentError) -> Outcome {
    let running = Set(machine.reports.values.flatMap(\.report.images))
    var removed = 0
    for item in items {
      guard let path = FakeMachine.path(ofStored: item.id) else {
        throw AgentError(
          .invalid, "\(item.id.name) is no name of a stored \(item.id.sort.one)",
          next: "Report this as a bug of cluster.")
      }
      if item.id.sort == .image {
        if running.contains(item.id.name) { continue }
        if machine.images.removeValue(forKey: item.id.name) != nil { removed += 1 }
      } else if machine.files.removeValue(forKey: path) != nil {
        machine.managed[path] = nil
        removed += 1
      }
    }
    return Outcome(changed: removed > 0, detail: "removed \(removed) of \(items.count)")
  }
}

extension StoredProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> [Stored] {
    let machine = asked.machine
    let images = machine.images.values.map { image in
      let name = "\(image.name)/\(image.digest)"
      return Stored(
        .init(.image, name), bytes: image.bytes, age: max(0, asked.world.now - (machine.imagesMadeAt[name] ?? 0)))
    }
    return images
      + machine.files.compactMap { path, file in
        FakeMachine.stored(at: path).map {
          Stored($0, bytes: file.bytes.count, age: max(0, machine.tick - file.changed))
        }
      }
  }
}

extension FakeMachine {
  private static let places: [(sort: Stored.Sort, folder: String, prefix: String, suffix: String)] = [
    (.packages, "/var/cache/cluster/layers/", "", ".tar.zst"), (.agent, "/usr/lib/cluster/", "agent-", ""),
  ]

  /// The path of a stored thing. Nil: no head names anything so.
  fileprivate static func path(ofStored id: Stored.Name) -> String? {
    let parts = id.name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.last?.utf8.count == 16, parts.count == (id.sort == .image ? 2 : 1) else { return nil }
    if id.sort == .image { return "/srv/cluster/images/\(id.name)" }
    return places.first { $0.sort == id.sort }.map { $0.folder + $0.prefix + id.name + $0.suffix }
  }

  fileprivate static func stored(at path: String) -> Stored.Name? {
    for place in places where path.hasPrefix(place.folder + place.prefix) && path.hasSuffix(place.suffix) {
      let id = Stored.Name(
        place.sort, String(path.dropFirst((place.folder + place.prefix).count).dropLast(place.suffix.count)))
      if Self.path(ofStored: id) == path { return id }
    }
    return nil
  }
}
