// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing
import Wings

@testable import HostAccess

/// Bytes that operations need on their host, against a real sshd.
@Suite(.enabled(if: SSHServer.isPossible), .serialized)
struct BlobCopyTests {
  /// More than one part is sent in, and not a whole number of them; from the middle of a file, as in an archive.
  private static func blob(in folder: TemporaryFolder) throws -> (LocalBlob, OCIImage.Blob) {
    let bytes = (0..<320_077).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
    let path = "\(folder.path)/archive"
    try Data([1, 2, 3] + bytes + [4, 5]).write(to: URL(fileURLWithPath: path))
    return (
      LocalBlob(file: path, offset: 3, size: bytes.count), .init(digest: SHA256.hex(bytes), size: bytes.count)
    )
  }

  private static func carry(
    _ blob: OCIImage.Blob, _ source: LocalBlob, to folder: String, over host: SSHHost, unless: [String] = []
  ) async throws {
    let copy = BlobCopy(
      program: try await host.currentRoute(),
      carried: CarriedBlobs([blob], of: "images/base.oci", in: folder, unless: unless), sources: [blob.digest: source],
      progress: { _ in }, part: 100_000)
    try await copy.copy()
  }

  @Test func arrivesWholeAndOnce() async throws {
    let server = try await SSHServer()
    let host = server.host()
    _ = try await host.answer(SystemProbe())
    let (source, blob) = try Self.blob(in: server.folder)
    let there = "\(server.folder.path)/blobs"

    try await Self.carry(blob, source, to: there, over: host, unless: [server.configuration])
    #expect(try FileSystem.entry(there) == nil, "what would be made of it is there")

    try await Self.carry(blob, source, to: there, over: host, unless: ["/no/such/layer"])
    let place = "\(there)/\(blob.digest)"
    #expect(try FileSystem.read(place).count == blob.size && SHA256.hex(try FileSystem.read(place)) == blob.digest)
    let before = try FileSystem.entry(place)

    try await Self.carry(blob, source, to: there, over: host)
    #expect(try FileSystem.entry(place) == before)
    #expect(try FileSystem.names(in: there) == [blob.digest])
    await host.close()
  }

  @Test func whatIsDamagedGetsNoName() async throws {
    let server = try await SSHServer()
    let host = server.host()
    _ = try await host.answer(SystemProbe())
    let (source, blob) = try Self.blob(in: server.folder)
    let there = "\(server.folder.path)/blobs"
    var shifted = source
    shifted.offset += 1

    let damaged = await #expect(throws: AgentError.self) {
      try await Self.carry(blob, shifted, to: there, over: host)
    }
    #expect(damaged?.code == .imageCorrupt && damaged?.message.contains("images/base.oci is damaged") == true)
    #expect(try FileSystem.names(in: there) == [])

    let other = OCIImage.Blob(digest: SHA256.hex("other"), size: 5)
    let changed = await #expect(throws: AgentError.self) {
      try await BlobCopy(
        program: try await host.currentRoute(), carried: CarriedBlobs([other], of: "a.oci", in: there, unless: []),
        sources: [:], progress: { _ in }
      ).copy()
    }
    #expect(changed?.code == .notFound)
    await host.close()
  }
}
