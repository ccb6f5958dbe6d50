// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// The things that one installer gets, and nobody else: the key of the capture, and who the new head is to be.
///
/// The head makes the new one's host key, so it is known before the new head has answered anybody.
struct CloneParcel {
  /// A tar archive, which only root may read.
  let file: String
  let seal: InstallerSeal
  /// As `ssh-ed25519 AAAA…`.
  let hostKey: String

  init(_ goal: CloneGoal, _ capture: CaptureStore.Facts) async throws(AgentError) {
    let place = CaptureStore.privateFolder(goal.head)
    let folder = "\(place)/parcel"
    try await ImageStore.remove(folder)
    let identity = "\(folder)/identity"
    try FileSystem.makeFolder(folder, mode: 0o700)
    for (path, content) in goal.identity { try LocalFiles.write(content.bytes, to: identity + path) }
    hostKey = try await Self.makeHostKey(for: goal.head, at: "\(identity)/etc/ssh")
    try FileSystem.write(try FileSystem.read(CaptureStore.key(goal.head)), to: "\(folder)/key", mode: 0o600)
    try FileSystem.write(Array("\(capture.sha256)\n".utf8), to: "\(folder)/sha256", mode: 0o600)
    file = "\(place)/parcel.tar"
    try await Command.checked(
      "tar",
      [
        "--create", "--file", file, "--directory", folder, "--owner=0", "--group=0", "--numeric-owner", "--sort=name",
        ".",
      ], next: "Check \(place) on this head.")
    try await ImageStore.remove(folder)
    seal = try await InstallerSeal(in: "\(place)/exchange")
  }

  private static func makeHostKey(for head: HostID, at folder: String) async throws(AgentError) -> String {
    try FileSystem.makeFolder(folder)
    let path = "\(folder)/ssh_host_ed25519_key"
    try await Command.checked(
      "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "root@\(head)", "-f", path],
      next: "Check that openssh-client is installed on this head.")
    return try FileSystem.text("\(path).pub").split(whereSeparator: \.isWhitespace).prefix(2).joined(separator: " ")
  }
}
