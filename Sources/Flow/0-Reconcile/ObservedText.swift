// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What was seen, as text files for the record: one for each host and sort of fact, one fact a line in a steady order,
/// so that the difference between two runs shows what changed on the machines and nothing else.
enum ObservedText {
  static func files(_ inventory: Inventory, _ cluster: Cluster) -> [String: String] {
    let nodes = NodeNames(cluster)
    var files: [String: String] = [:]
    for (host, state) in inventory.hosts {
      switch state {
      case .unreachable(let error): files["\(host)/unreachable.txt"] = "\(error)\n"
      case .answered(let answers):
        // The same thing may have been asked in two ways.
        var lines: [String: Set<String>] = [:]
        for (probe, answer) in answers {
          for recorded in probe.recorded(answer, nodes) { lines[recorded.file, default: []].formUnion(recorded.lines) }
        }
        for (file, lines) in lines { files["\(host)/\(file).txt"] = lines.sorted().joined(separator: "\n") + "\n" }
      }
    }
    return files
  }
}
