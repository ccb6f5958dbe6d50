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
    for folder in [lower, memory] { try Files.makeDirectory(folder) }
    try await Mounts.mount(["-t", "squashfs", "-o", "loop,ro", file, lower])
    try await Mounts.mount(["-t", "tmpfs", "-o", "size=50%,mode=755", "tmpfs", memory])
    for folder in ["upper", "work"] { try Files.makeDirectory("\(memory)/\(folder)") }
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
      ["-fsS", "--max-time", "10", "--get", "--output", "/dev/null"] + fields.flatMap { ["--data-urlencode", $0] }
        + ["http://\(head)/report"], deadline: .seconds(20))
    if !result.succeeded { firmware.say("could not report to \(head): \(result.lastLines)") }
  }
}
