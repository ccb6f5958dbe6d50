// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// The zone in which every machine tells local time, where `timezone:` says one: localtime(5), and `/etc/timezone`,
/// where Debian's own packages look it up. Without the key nothing is touched.
package enum TimeZone: Wing {
  package static let name = "timezone"
  package static let kinds: [AnyKind] = []
  package static let probes: [any Probe.Type] = []
  package static let operations: [any HostOperation.Type] = []
  package static let keys = [WingKey(key)]
  private static let key = Key(
    "timezone", zone,
    "The time zone of all machines, as timedatectl(1) lists it. Heads have it at once, though daemons that run keep the old one; nodes boot an image that has it. Default: what the machine has."
  )

  /// Has the rules of all zones.
  static let package = "tzdata"

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let (zone, source) = asked(cluster) else { return [] }
    return cluster.heads.flatMap { head -> [Resource] in
      let because = "local time is that of \(zone)"
      let installed = PackagesKind.id(on: head.name, name)
      return [
        .packages(
          on: head.name, name, [package], because: because, source: source,
          after: WellKnown.repositories(on: head.name) + [WellKnown.basePackages(on: head.name)]),
        // The link first: it fails where there is no such zone.
        .symbolicLink(
          on: head.name, "/etc/localtime", to: "/usr/share/zoneinfo/\(zone)", because: because, source: source,
          after: [installed]),
        .file(
          on: head.name, "/etc/timezone", text(zone), because: because, source: source,
          after: [SymbolicLinkKind.id(on: head.name, "/etc/localtime")]),
      ]
    }
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    guard let (zone, source) = asked(cluster) else { return [] }
    return [
      ImageContribution(
        name: name, packages: [package], files: ["etc/timezone": TreeGoal.Entry(.text(text(zone)))],
        program: ImagePayload.text(PackageResources.timezone, executable: true), because: "nodes' local time",
        source: source)
    ]
  }

  static func text(_ zone: String) -> String { "\(zone)\n" }

  /// The zone that the description asks for, and where it does.
  private static func asked(_ cluster: Cluster) -> (zone: String, source: SourceSpan)? {
    guard let setting = cluster.settings[key.name], let zone = setting.value as? String else { return nil }
    return (zone, setting.source)
  }

  /// A name of the tz database, as in `timedatectl list-timezones`.
  static var zone: Form<String> {
    .text(
      "a time zone", code: .badName, pattern: "^[A-Z][A-Za-z0-9+_-]*(/[A-Z][A-Za-z0-9+_-]*)*$",
      examples: ["Europe/Zurich", "UTC"]
    ) { text in
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      let isLetter: (UInt8) -> Bool = { isAlphanumeric($0) && $0 > 57 }
      guard text.utf8.count <= 64, parts.allSatisfy({ isWord($0, first: isLetter, rest: "+_-") }) else {
        return .wrong(
          "`\(shown(text))` is not a time zone.", help: "Write it as timedatectl(1) lists it: `Europe/Zurich`.")
      }
      // Files have these names, and `europe/zurich` is none of them.
      guard parts.allSatisfy({ $0.first?.isUppercase == true }) else {
        let capital = parts.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "/")
        return .wrong(
          "`\(shown(text))` is not a time zone: their names begin with capitals.",
          help: "Write it as timedatectl(1) lists it: `Europe/Zurich`.", replacement: capital, isCertain: false)
      }
      return .value(text)
    }
  }
}
