// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// The work of the initramfs on hardware: fetch the root, verify it, and lay a writable layer in memory over it.
struct NetworkImage {
  var firmware: Firmware
  var arguments: KernelArguments

  private var lower: String { "\(firmware.folder)/lower" }
  private var memory: String { "\(firmware.folder)/memory" }

  /// Mounts the root. Returns the reason where it cannot be mounted, otherwise nil.
  func mount() async throws(AgentError) -> String? {
    guard let url = arguments["cluster.image"] else { return "the kernel's command line names no cluster.image" }
    firmware.say("image \(url)")
    let cache = ImageCache(firmware: firmware)
    let file: String
    do {
      file = try await cache.fetch(url)
    } catch {
      try await reportFailure("the image could not be fetched")
      return "\(error)"
    }
    if let wanted = arguments["cluster.sha256"] {
      let found = try await cache.digest(of: file)
      guard found == wanted else {
        try await reportFailure("the image's SHA-256 is \(found), not \(wanted)")
        return "the image's SHA-256 is \(found), not \(wanted)"
      }
      firmware.say("image verified")
    }
    for folder in [lower, memory] { try LabFiles.makeDirectory(folder) }
    try await Mounts.mount(["-t", "squashfs", "-o", "loop,ro", file, lower])
    try await Mounts.mount(["-t", "tmpfs", "-o", "size=50%,mode=755", "tmpfs", memory])
    for folder in ["upper", "work"] { try LabFiles.makeDirectory("\(memory)/\(folder)") }
    try await Mounts.overlay(lower: lower, upper: "\(memory)/upper", work: "\(memory)/work", at: firmware.root)
    return nil
  }

  func unmount() async throws(AgentError) {
    for path in [firmware.root, memory, lower] { try await Mounts.unmount(path) }
  }

  /// Says to the head that this machine will not come up. A head that does not listen changes nothing.
  private func reportFailure(_ detail: String) async throws(AgentError) {
    guard let head = arguments["head"] else { return }
    var fields = ["event=failed", "detail=\(detail)"]
    for name in ["mac", "image"] { if let value = arguments[name] { fields.append("\(name)=\(value)") } }
    let result = try await Command.run(
      "curl",
      ["-fsS", "--local-port", "600-1023", "--max-time", "10", "--get", "--output", "/dev/null"]
        + fields.flatMap { ["--data-urlencode", $0] }
        + ["http://\(head)/report"], deadline: .seconds(20))
    if !result.succeeded { firmware.say("could not report to \(head): \(result.lastLines)") }
  }
}

/// Images that this lab's machines have fetched, so that many nodes share one file and its page cache.
///
/// Each node still asks the head, which may answer that the file has not changed, and each node verifies what it boots.
struct ImageCache {
  private static let attempts = 5

  /// The contents of a URL when it was last fetched.
  private struct Entry: Codable {
    var digest: String
  }

  var firmware: Firmware

  private var folder: String { "\(firmware.site.stateDirectory)/images" }

  /// The file that now stands for the URL, named by its SHA-256. It is never written to again.
  func fetch(_ url: String) async throws(AgentError) -> String {
    let key = "\(folder)/\(SHA256.hex(url).prefix(16))"
    return try await LabLock.hold("\(key).lock") { () throws(AgentError) in
      let known = LabFiles.readJSON(Entry.self, from: "\(key).json").map { path($0.digest) }.flatMap {
        LabFiles.exists($0) ? $0 : nil
      }
      if known == nil { try LabFiles.remove("\(key).etag") }
      guard try await download(url, key) else {
        guard let known else {
          throw AgentError(
            .imageCorrupt, "\(url) is said to be unchanged, but was never fetched", next: "Check the web server.")
        }
        firmware.say("image is unchanged on this machine")
        return known
      }
      let digest = try await self.digest(of: "\(key).new")
      try replace("\(key).new", path(digest))
      try replace("\(key).etag.new", "\(key).etag")
      try LabFiles.writeJSON(Entry(digest: digest), to: "\(key).json")
      // Nodes that run from it keep the file until they are switched off.
      if let known, known != path(digest) { try LabFiles.remove(known) }
      return path(digest)
    }
  }

  private func path(_ digest: String) -> String { "\(folder)/\(digest).squashfs" }

  /// False: the server says that what its ETag names has not changed.
  private func download(_ url: String, _ key: String) async throws(AgentError) -> Bool {
    var last = ""
    for attempt in 1...Self.attempts {
      try LabFiles.remove("\(key).new")
      let result = try await Command.run(
        "curl",
        [
          "-fsS", "--max-time", "600", "--etag-compare", "\(key).etag", "--etag-save", "\(key).etag.new", "--output",
          "\(key).new", "--write-out", "%{http_code}", url,
        ], deadline: .seconds(630))
      if result.succeeded { return !result.text.hasSuffix("304") }
      last = result.lastLines
      firmware.say("fetching the image failed (\(attempt) of \(Self.attempts)): \(last)")
      try await Poll.pause(.seconds(2))
    }
    throw AgentError(
      .unreachable, "The image \(url) could not be fetched", cause: last, next: "Check that the head serves it.")
  }

  func digest(of file: String) async throws(AgentError) -> String {
    let result = try await Command.checked(
      "sha256sum", ["--binary", file], deadline: .seconds(120), next: "Check the machine's console.")
    return String(result.text.prefix { $0 != " " })
  }

  private func replace(_ source: String, _ target: String) throws(AgentError) {
    guard rename(source, target) == 0 else {
      throw AgentError(
        .invalid, "\(target) could not be replaced", cause: String(cString: strerror(errno)), next: "Free some space.")
    }
  }
}
