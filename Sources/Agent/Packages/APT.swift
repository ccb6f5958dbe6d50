// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// apt-get(8), run so that it asks nothing, and its errors in our terms.
enum APT {
  private static let options = [
    "--yes", "--quiet=1", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120",
    // A configuration file that we or the admin changed stays.
    "-o", "Dpkg::Options::=--force-confold", "-o", "Dpkg::Options::=--force-confdef",
    "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30",
    "-o", "Acquire::https::Timeout=30",
  ]

  static func update(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    progress("fetching the package lists")
    // Otherwise a mirror that does not answer is only a warning.
    try await run(["update", "-o", "APT::Update::Error-Mode=any"], progress)
  }

  static func install(_ names: [String], _ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    // What conflicts with it is the administrator's.
    try await run(["install", "--no-install-recommends", "--no-remove", "--"] + names, progress)
  }

  static func remove(_ names: [String], _ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    try await run(["remove", "--"] + names, progress)
  }

  /// Every package that removing these would take away.
  static func removedAlong(_ names: [String]) async throws(AgentError) -> Set<String> {
    let result = try await run(["--simulate", "remove", "--"] + names) { _ in }
    let lines = result.text.split(separator: "\n").filter { $0.hasPrefix("Remv ") || $0.hasPrefix("Purg ") }
    return Set(lines.compactMap { $0.split(separator: " ").dropFirst().first.map(bare) })
  }

  /// Without `:amd64`.
  static func bare(_ name: Substring) -> String { String(name.prefix { $0 != ":" }) }

  @discardableResult
  private static func run(
    _ arguments: [String], _ progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> CommandResult {
    let environment = [
      "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NONINTERACTIVE_SEEN": "true", "APT_LISTCHANGES_FRONTEND": "none",
      "NEEDRESTART_SUSPEND": "1",
    ]
    let told: @Sendable (String) -> Void = { line in
      let words = ["Get:", "Err:", "Unpacking ", "Setting up ", "Removing ", "Processing triggers "]
      if words.contains(where: line.hasPrefix) { progress(line) }
    }
    var repaired = false
    let patience = ContinuousClock.now + .seconds(300)
    while true {
      let result = try await Command.run(
        "apt-get", options + arguments, environment: environment, deadline: .seconds(19 * 60), line: told)
      if result.succeeded { return result }
      if isBusy(result.errorText), ContinuousClock.now < patience {
        progress("another apt-get is fetching the lists: waiting for it")
        try await pause()
        continue
      }
      guard !repaired, result.errorText.contains("dpkg --configure -a") else { throw error(result) }
      repaired = true
      progress("finishing an installation that was interrupted")
      try await Command.checked(
        "dpkg", ["--force-confold", "--force-confdef", "--configure", "-a"], environment: environment,
        deadline: .seconds(600), next: "Run `dpkg --configure -a` on the host, and fix what it reports.")
    }
  }

  /// DPkg::Lock::Timeout is for the lock of dpkg; this one is tried once (apt's pkgAcquire::GetLock). apt-daily has it
  /// for a while after each boot.
  static func isBusy(_ said: String) -> Bool {
    said.contains("Could not get lock /var/lib/apt/lists/lock")
      || said.contains("Could not get lock /var/cache/apt/archives/lock")
  }

  private static func pause() async throws(AgentError) {
    do { try await ContinuousClock().sleep(for: .seconds(1)) } catch {
      throw AgentError(.cancelled, "Stopped while waiting for another apt-get", next: "Run `cluster apply` again.")
    }
  }

  static func error(_ result: CommandResult) -> AgentError {
    let said = result.errorText + "\n" + result.text
    let lines = result.errorText.split(separator: "\n").filter { $0.hasPrefix("E:") || $0.hasPrefix("W:") }.suffix(8)
    let cause = lines.isEmpty ? result.lastLines : lines.joined(separator: "\n")
    func holds(_ parts: String...) -> Bool { parts.contains { said.contains($0) } }
    if holds("No space left on device", "enough free space") {
      return AgentError(
        .diskFull, "There is no room for the packages",
        cause: ([cause] + ["/var/cache/apt", "/usr"].compactMap { FileSystemSpace(at: $0)?.text }).joined(
          separator: "\n"),
        next: "Free some space (`apt-get clean`, `df -h`), then apply again.")
    }
    let removed = removedPackages(result.text)
    if holds("remove is disabled"), !removed.isEmpty {
      return AgentError(
        .conflict, "Installing the packages would remove \(removed.joined(separator: ", "))", cause: cause,
        next: "Remove \(removed.joined(separator: " ")) yourself if nothing needs it, then apply again.")
    }
    let unknown = unknownPackages(result.errorText)
    if !unknown.isEmpty {
      return AgentError(
        .notFound, "No package source has \(unknown.joined(separator: ", "))", cause: cause,
        next: "Correct the name, or add the repository that has it to /etc/apt/sources.list.d.")
    }
    if holds(
      "Failed to fetch", "Could not resolve", "Could not connect", "Unable to connect", "Connection failed",
      "does not have a Release file", "is not signed", "Some index files failed to download")
    {
      return AgentError(
        .packageSource, "The package mirror cannot be used", cause: cause,
        next: "Check `repositories:` in the spec and /etc/apt on the host; try `apt-get update` there.")
    }
    return AgentError(
      .commandFailed, "apt-get failed", cause: cause,
      next: "Run `apt-get --fix-broken install` on the host and read what it reports.")
  }

  /// The list that apt-get prints before it asks.
  private static func removedPackages(_ text: String) -> [String] {
    let lines = text.split(separator: "\n").drop { !$0.hasPrefix("The following packages will be REMOVED") }
    return lines.dropFirst().prefix { $0.hasPrefix("  ") }.flatMap { $0.split(separator: " ") }.map { bare($0) }
  }

  private static func unknownPackages(_ text: String) -> [String] {
    text.split(separator: "\n").compactMap { line in
      if let at = line.firstRange(ofText: "Unable to locate package ") { return String(line[at...]) }
      guard line.contains("has no installation candidate") else { return nil }
      return line.split(separator: "'").dropFirst().first.map(String.init)
    }
  }
}

extension Substring {
  /// Where the text after `text` begins.
  fileprivate func firstRange(ofText text: String) -> Index? {
    indices.first { self[$0...].hasPrefix(text) }.map { index($0, offsetBy: text.count) }
  }
}

/// The lists of packages that apt has of the mirrors, and how old they are.
enum PackageLists {
  private static let folder = "/var/lib/apt/lists"
  /// Written by us after each update. The lists' own times are the mirror's, not ours.
  private static let stamp = "/var/lib/cluster/package-lists-updated"

  /// No lists, older than a day, or from before the sources last changed.
  static func isOld() throws(AgentError) -> Bool {
    guard try FileSystem.entry(folder) != nil, let updated = try FileSystem.entry(stamp)?.changed,
      try FileSystem.names(in: folder).contains(where: { $0.contains("_Packages") })
    else { return true }
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let changed = try newest("/etc/apt")
    return Int64(time.tv_sec) - updated / 1_000_000_000 > 86_400 || updated < changed
  }

  static func update(_ progress: @escaping @Sendable (String) -> Void) async throws(AgentError) {
    try await APT.update(progress)
    try FileSystem.makeFolder(FileSystem.parent(stamp))
    try FileSystem.write([], to: stamp)
  }

  private static func newest(_ path: String) throws(AgentError) -> Int64 {
    guard let entry = try FileSystem.entry(path) else { return 0 }
    guard entry.kind == .folder else { return entry.changed }
    var newest = entry.changed
    for name in try FileSystem.names(in: path) { newest = max(newest, try self.newest("\(path)/\(name)")) }
    return newest
  }
}
