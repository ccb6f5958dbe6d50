// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What was seen, as text files for the record: one for each host and sort of fact, one fact a line in a steady order,
/// so that the difference between two runs shows what changed on the machines and nothing else.
enum ObservedText {
  static func files(_ inventory: Inventory, _ cluster: Cluster) -> [String: String] {
    let names = names(cluster)
    var files: [String: String] = [:]
    for (host, state) in inventory.hosts {
      switch state {
      case .unreachable(let error): files["\(host)/unreachable.txt"] = "\(error)\n"
      case .answered(let answers):
        for (file, lines) in lines(answers, names).merging(packages(answers), uniquingKeysWith: +) {
          // The same thing may have been asked in two ways.
          files["\(host)/\(file).txt"] = Set(lines).sorted().joined(separator: "\n") + "\n"
        }
      }
    }
    return files
  }

  /// One answer's facts.
  static func facts(_ probe: Probe, _ answer: Answer, _ cluster: Cluster) -> [String] {
    lines([probe: answer], names(cluster)).values.flatMap { $0 }.sorted()
  }

  private static func names(_ cluster: Cluster) -> [MACAddress: String] {
    var names: [MACAddress: String] = [:]
    for node in cluster.nodes { for mac in node.nics.compactMap(\.mac) { names[mac] = node.name.name } }
    return names
  }

  /// What images are made of, version by version: the difference between two builds.
  private static func packages(_ answers: [Probe: Answer]) -> [String: [String]] {
    var files: [String: [String]] = [:]
    for case .image(let image?) in answers.values {
      files["image-\(image.name)", default: []] += image.packages.map { "\($0.key) \($0.value)" }
    }
    return files
  }

  private static func lines(_ answers: [Probe: Answer], _ names: [MACAddress: String]) -> [String: [String]] {
    var files: [String: [String]] = [:]
    for (probe, answer) in answers {
      if case .failed(let error) = answer {
        files["unknown", default: []].append("\(probe): \(error)")
      } else if case .nodeReports(let reports) = answer {
        files["nodes", default: []] += reports.map { node($0, names) }
      } else if let (file, lines) = lines(probe, answer) {
        files[file, default: []] += lines
      }
    }
    return files
  }

  /// Times and counters are left out: they differ in every run and say nothing.
  private static func lines(_ probe: Probe, _ answer: Answer) -> (String, [String])? {
    switch (probe, answer) {
    case (_, .system(let system)): ("system", ["hostname \(system.hostname)", "os \(system.operatingSystem)"])
    case (.file(let path, _), .file(let state)): ("files", ["\(path) \(describe(state))"])
    case (.secretFile(let path, _), .secretFile(let state)): ("secrets", ["\(path) \(state.rawValue)"])
    case (.tree(let root), .tree(let tree)):
      ("trees", tree.exists ? tree.files.map { "\(root)/\($0.key) \($0.value.prefix(16))" } : ["\(root) absent"])
    case (.packages(let names), .packages(let versions)):
      ("packages", names.map { "\($0) \(versions[$0] ?? "absent")" })
    case (.unit(let name, _), .unit(let unit)):
      ("units", ["\(name) \(unit.active) \(unit.enabled ? "enabled" : "disabled") \(unit.configuration.rawValue)"])
    case (_, .links(let links)):
      (
        "links",
        links.flatMap { link in
          ["\(link.name) \(link.up ? "up" : "down")"] + link.addresses.map { "\(link.name) address \($0)" }
        }
      )
    case (.image(let name, let digest), .image(let image)):
      ("images", ["\(name)/\(digest) " + (image.map { "sha256 \($0.squashfs)" } ?? "absent")])
    case (.clone(let head), .clone(let record)):
      ("clones", ["\(head) " + (record.map { "installed from \($0.capture)" } ?? "not installed by this head")])
    case (_, .corosync(let state?)):
      (
        "corosync",
        ["quorate \(state.quorate)"] + state.members.map { "member \($0)" }
          + state.links.map { "link \($0.number) \($0.address) \($0.connected ? "connected" : "down")" }
      )
    case (.fencing(let head), .fencing(let record)): ("fencing", ["\(head) \(record == nil ? "not proven" : "proven")"])
    default: nil
    }
  }

  /// When it last reported is left out: that is another time in every run.
  private static func node(_ report: NodeReport, _ names: [MACAddress: String]) -> String {
    let name = names[report.mac] ?? "\(report.mac)"
    return "\(name) \(report.stage.rawValue) \(report.image ?? "-") \(report.verified ? "verified" : "-")"
  }

  private static func describe(_ state: FileState) -> String {
    switch state {
    case .absent: "absent"
    case .file(let file): "\(file.digest.prefix(16)) \(String(file.mode, radix: 8)) \(file.owner):\(file.group)"
    case .link(let target): "-> \(target)"
    case .other(let kind): kind
    }
  }
}
