// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@testable import Lab

/// Images that begin with one of the OCI, and images of another release than the heads, built for real and booted.
@Suite(.serialized, .timeLimit(.minutes(30)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct ImageBasesLabTests {
  private static let spec = """
    \(LabDescription.oneHead)
    images:
      made: { release: debian/bookworm, oci: base.oci, kernel: linux-image-amd64, install: [hello], files: files }
      next: { release: debian/trixie, kernel: linux-image-amd64, install: [hello] }
    nodes:
      - names: node1
        image: made
        nics: { eth0: { network: private, address: 10.1.1.1, mac: 52:54:00:11:00:01 } }
        bmc: { address: 10.3.1.1, protocol: ipmi, user: admin, password: secret:bmc/nodes }
      - names: node2
        image: next
        nics: { eth0: { network: private, address: 10.1.1.2, mac: 52:54:00:11:00:02 } }
        bmc: { address: 10.3.1.2, protocol: ipmi, user: admin, password: secret:bmc/nodes }
    access:
      ssh: { user: root }

    """

  @Test func nodesBootWhatOthersHaveMadeAndAnotherRelease() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bases-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = folder.appending(path: "files")
    try FileManager.default.createDirectory(at: files.appending(path: "etc"), withIntermediateDirectories: true)
    try "one\n".write(to: files.appending(path: "etc/motd"), atomically: true, encoding: .utf8)
    let base = try await Self.makeBase(in: folder)
    let ignored = folder.appending(path: "gitignore")
    try "*.oci\n".write(to: ignored, atomically: true, encoding: .utf8)
    let site = try await UserSite.make(
      spec: Self.spec, beside: ["base.oci": base, "files": files, ".gitignore": ignored])
    do {
      let began = ContinuousClock.now
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      print("apply of an OCI image and one of trixie took \(ContinuousClock.now - began)")
      try #require(apply.status == 0, "\(apply.errorText)")
      try await theyRun(site)
      try await theRootIsThatOfTheArchive(site)
      try await oneChangeAtATime(site)
      try await theSameFromNothing(site)
    } catch {
      for name in ["node1", "node2"] {
        let console = site.lab.machine(HostID(name)).flatMap { LabFiles.text(site.lab.console(of: $0)) } ?? ""
        print("\(name):\n\(console.suffix(3000))")
      }
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// A root as CI makes it for containers: Debian's minimal one, with a file of its own, and settings of apt that would
  /// have the builder's apt run a program on the head.
  private static func makeBase(in folder: URL) async throws -> URL {
    let root = folder.appending(path: "root.tar").path
    let layout = folder.appending(path: "layout").path
    let archive = folder.appending(path: "base.oci")
    let hooks = folder.appending(path: "hooks").path
    try #"APT::Update::Pre-Invoke { "touch /srv/escaped"; }; DPkg::Post-Invoke { "touch /srv/escaped"; };\#n"#.write(
      toFile: hooks, atomically: true, encoding: .utf8)
    try await Command.checked(
      "mmdebstrap",
      [
        "--mode=root", "--variant=minbase", "--format=tar", #"--customize-hook=echo made > "$1/etc/made-elsewhere""#,
        "bookworm", root,
      ], deadline: .seconds(600), next: "See what mmdebstrap says.")
    for arguments in [
      ["init", "--layout", layout], ["new", "--image", "\(layout):latest"],
      ["raw", "add-layer", "--image", "\(layout):latest", root],
      ["insert", "--image", "\(layout):latest", hooks, "/etc/apt/apt.conf.d/99hooks"],
    ] {
      try await Command.checked("umoci", arguments, deadline: .seconds(120), next: "See what umoci says.")
    }
    try await Command.checked(
      "skopeo", ["--insecure-policy", "copy", "oci:\(layout):latest", "oci-archive:\(archive.path)"],
      environment: ["TMPDIR": folder.path], deadline: .seconds(120), next: "See what skopeo says.")
    return archive
  }

  private func theyRun(_ site: UserSite) async throws {
    #expect(try await site.status().nodes.map(\.state) == ["ready", "ready"])
    let releases = try await onNodes(site, ["grep", "VERSION_CODENAME", "/etc/os-release"])
    #expect(releases.text.contains("bookworm") && releases.text.contains("trixie"), "\(releases.text)")
    let hello = try await onNodes(site, ["hello"])
    #expect(hello.status == 0, "\(hello.text) \(hello.errorText)")
  }

  private func onNodes(_ site: UserSite, _ program: [String]) async throws -> CommandResult {
    let options = ["exec", "node[1-2]", "--lab", "--yes", "--file", "\(site.folder)/cluster.yaml", "--"]
    return try await Command.run(site.program, options + program, deadline: .seconds(120))
  }

  private func theRootIsThatOfTheArchive(_ site: UserSite) async throws {
    let root = try await image("made", site).path
    func inside(_ path: String) async throws -> String {
      try await site.onHead("head1", ["unsquashfs", "-cat", root, path]).text
    }
    #expect(try await inside("etc/made-elsewhere") == "made\n")
    #expect(try await inside("etc/motd") == "one\n")
    #expect(try await inside("etc/apt/sources.list").contains(" bookworm-security "))
    let settings = try await site.onHead("head1", ["unsquashfs", "-ls", root, "etc/apt/apt.conf.d"]).text
    #expect(!settings.contains("99hooks"), "\(settings)")
    let escaped = try await Command.run("ssh", ["-F", site.lab.sshConfig, "head1", "test", "-e", "/srv/escaped"])
    #expect(escaped.status == 1, "the image's settings of apt had a program run on the head")
    #expect(try await !site.onHead("head1", ["ls", "/var/cache/cluster"]).text.contains("oci"))
    let shown = try await site.cluster(["image", "show", "made", "--lab"]).text
    #expect(shown.contains("base.oci, sha256:"), "\(shown)")
    #expect(try await site.cluster(["image", "verify", "--lab"]).status == 0)
  }

  /// The bars of images: other files, and one package more, without anything that could be left as it is.
  private func oneChangeAtATime(_ site: UserSite) async throws {
    try site.edit("image: made\n", "image: made\n    state: out\n")
    try site.edit("image: next\n", "image: next\n    state: out\n")
    try "two\n".write(toFile: "\(site.folder)/files/etc/motd", atomically: true, encoding: .utf8)
    try await apply("other files", site)
    try site.edit("install: [hello], files", "install: [hello, numactl], files")
    try await apply("one package more", site)
    try await apply("nothing", site)
  }

  private func apply(_ what: String, _ site: UserSite) async throws {
    let began = ContinuousClock.now
    let apply = try await site.cluster(["apply", "--lab", "--yes"])
    print("apply of \(what) took \(ContinuousClock.now - began)")
    for line in (apply.text + apply.errorText).split(separator: "\n") where line.contains("built") { print(line) }
    try #require(apply.status == 0, "\(apply.errorText)")
  }

  /// Everything that could be used again is taken away: archive, packages and image come anew, and are the same bytes.
  private func theSameFromNothing(_ site: UserSite) async throws {
    let before = try await image("made", site)
    _ = try await site.onHead("head1", ["rm", "-rf", "/srv/cluster/images/made", "/var/cache/cluster/layers"])
    try await apply("the same from nothing", site)
    let after = try await image("made", site)
    #expect(before.digest == after.digest && before.squashfs == after.squashfs, "\(before) \(after)")
    #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
  }

  private struct Images: Decodable {
    struct Copy: Decodable { var squashfs: String? }
    struct Image: Decodable { var name: String, digest: String, described: Bool, copies: [Copy] }
    var images: [Image]
  }

  private func image(
    _ name: String, _ site: UserSite
  ) async throws -> (digest: String, squashfs: String, path: String) {
    let listed = try await site.cluster(["image", "list", "--lab", "-o", "json"])
    let images = try JSONDecoder().decode(Images.self, from: Data(listed.stdout)).images
    let image = try #require(images.first { $0.name == name && $0.described })
    let squashfs = try #require(image.copies.first?.squashfs)
    return (image.digest, squashfs, "/srv/cluster/images/\(name)/\(image.digest)/root.squashfs")
  }
}
