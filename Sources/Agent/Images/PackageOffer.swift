// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The packages that apt would install into an empty root now, and from where: apt itself is asked, over lists and a
/// dpkg database of their own. Nothing of the host's is changed, and nothing is installed.
package struct PackageOffer {
  /// Versions by package, of all that would be installed.
  package private(set) var versions: [String: String] = [:]
  /// Versions by package that suites of security updates have.
  private var security: [String: Set<String>] = [:]

  private let folder: String
  private var configuration: String { "\(folder)/apt.conf" }
  /// The most names that are given to one program.
  private static let batch = 500

  /// - Parameter folder: does not exist yet; whoever calls removes it.
  /// - Parameter sources: lines of sources.list(5).
  /// - Parameter extra: further repositories.
  package static func asked(
    _ packages: [String], from sources: [String], and extra: [PackageSource] = [], proxy: String?, in folder: String
  ) async throws(AgentError) -> PackageOffer {
    var offer = PackageOffer(folder: folder)
    try offer.prepare(sources, extra, proxy)
    try await offer.run("apt-get", ["update", "-o", "APT::Update::Error-Mode=any"])
    // Those of a minimal root, as mmdebstrap(1) takes for `minbase`.
    let wanted = ["?essential", "apt"] + packages
    let text = try await offer.run(
      "apt-get", ["--simulate", "--no-install-recommends", "install", "--"] + wanted)
    for line in text.split(separator: "\n") where line.hasPrefix("Inst ") {
      let words = line.split(separator: " ", maxSplits: 3)
      guard words.count > 2, words[2].hasPrefix("(") else { continue }
      offer.versions[APT.bare(words[1])] = String(words[2].dropFirst())
    }
    try await offer.findSecurity(offer.versions.keys.sorted())
    return offer
  }

  private init(folder: String) { self.folder = folder }

  private func prepare(_ sources: [String], _ extra: [PackageSource], _ proxy: String?) throws(AgentError) {
    for name in ["lists/partial", "cache/archives/partial", "sources.list.d"] {
      try FileSystem.makeFolder("\(folder)/\(name)")
    }
    try FileSystem.write([], to: "\(folder)/status")
    try FileSystem.write(Array((sources.joined(separator: "\n") + "\n").utf8), to: "\(folder)/sources.list")
    if !extra.isEmpty {
      try FileSystem.write(Array(PackageSource.file(extra).utf8), to: "\(folder)/sources.list.d/cluster.sources")
    }
    // The host's own settings and pins say nothing of an image. Its keys are the distribution's: apt-key(8).
    var lines = [
      "Dir::Etc::parts \"/dev/null\";", "Dir::Etc::main \"/dev/null\";",
      "Dir::Etc::sourceparts \"\(folder)/sources.list.d\";",
      "Dir::Etc::preferences \"/dev/null\";", "Dir::Etc::preferencesparts \"/dev/null\";",
      "Dir::Etc::sourcelist \"\(folder)/sources.list\";", "Dir::State \"\(folder)\";",
      "Dir::State::status \"\(folder)/status\";", "Dir::State::lists \"\(folder)/lists\";",
      "Dir::Cache \"\(folder)/cache\";", "APT::Install-Recommends \"false\";", "Acquire::Languages \"none\";",
      "Acquire::Retries \"2\";", "Acquire::http::Timeout \"15\";", "APT::Sandbox::User \"root\";",
    ]
    if let proxy { lines.append("Acquire::http::Proxy \"\(proxy)\";") }
    try FileSystem.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: configuration)
  }

  /// See apt-cache(8), madison: ` libc6 | 2.36-9 | http://MIRROR bookworm-security/main amd64 Packages`.
  private mutating func findSecurity(_ names: [String]) async throws(AgentError) {
    for start in stride(from: 0, to: names.count, by: Self.batch) {
      let part = Array(names[start..<min(start + Self.batch, names.count)])
      for line in try await run("apt-cache", ["madison", "--"] + part).split(separator: "\n") {
        let columns = line.split(separator: "|").map { $0.split(separator: " ").map(String.init) }
        guard columns.count == 3, let name = columns[0].first, let version = columns[1].first, columns[2].count > 1,
          columns[2][1].split(separator: "/").first?.hasSuffix("-security") == true
        else { continue }
        security[name, default: []].insert(version)
      }
    }
  }

  @discardableResult
  private func run(_ program: String, _ arguments: [String]) async throws(AgentError) -> String {
    let result = try await Command.run(
      program, arguments, environment: ["APT_CONFIG": configuration, "LC_ALL": "C"], deadline: .seconds(120))
    guard result.succeeded else { throw APT.error(result) }
    return result.text
  }
}

extension PackageOffer {
  /// The difference to an image of these versions. Packages that its own programs have added are not known here, and
  /// left out.
  package func updates(of installed: [String: String]) async throws(AgentError) -> ImageUpdates {
    var newer: [ImageUpdates.Package] = []
    var names: Set<String> = []
    for (full, version) in installed {
      let name = APT.bare(Substring(full))
      names.insert(name)
      guard let offered = versions[name], offered != version, try await Self.isNewer(offered, than: version) else {
        continue
      }
      var isSecurity = false
      for fixed in security[name] ?? [] where !isSecurity {
        isSecurity = try await Self.isNewer(fixed, than: version)
      }
      newer.append(.init(name: name, from: version, to: offered, isSecurity: isSecurity))
    }
    return ImageUpdates(newer: newer, added: versions.keys.filter { !names.contains($0) })
  }

  private static func isNewer(_ version: String, than other: String) async throws(AgentError) -> Bool {
    let result = try await Command.run(
      "dpkg", ["--compare-versions", version, "gt", other], deadline: .seconds(10))
    guard result.status == 0 || result.status == 1 else {
      throw AgentError(
        .commandFailed, "\(version) and \(other) cannot be compared", cause: result.lastLines,
        next: "Try `dpkg --compare-versions \(version) gt \(other)` on the host.")
    }
    return result.status == 0
  }
}

extension ImageUpdatesProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ImageUpdates? {
    guard let manifest = try ImageStore.manifest(image, digest) else { return nil }
    // Lists of 120 MB: of an answer that was broken off, the next one takes them away.
    let folder = "/var/cache/cluster/updates"
    guard let lock = try FileLock("/var/lib/cluster/updates.lock") else {
      throw AgentError(
        .conflict, "Updates are being looked for on this head", next: "Wait for it, then ask again.")
    }
    let held = HeldLock(lock)
    defer { withExtendedLifetime(held) {} }
    try await ImageStore.remove(folder)
    let result: Result<ImageUpdates, AgentError>
    do throws(AgentError) {
      let offer = try await PackageOffer.asked(
        [recipe.kernel] + recipe.packages, from: recipe.sources, and: recipe.extra, proxy: recipe.proxy,
        in: folder)
      result = .success(try await offer.updates(of: manifest.packages))
    } catch { result = .failure(error) }
    try await ImageStore.remove(folder)
    return try result.get()
  }
}
