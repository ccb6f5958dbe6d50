// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Testing

@Suite struct DirectorySecretStoreTests {
  let folder: TemporaryFolder
  let store: DirectorySecretStore

  init() throws {
    folder = try TemporaryFolder()
    store = DirectorySecretStore(directory: folder.path)
  }

  @Test func readsASecretWithoutItsLineBreak() throws {
    _ = try folder.write("s3cret\n", "bmc/head1")

    #expect(try store.value(SecretRef("bmc/head1")) == Array("s3cret".utf8))
  }

  /// A key is in the file byte for byte: what looks like a line break at its end is not one.
  @Test(arguments: [[0xff, 0, 0x0a], Array("-----BEGIN\nx\n-----END\n".utf8), [0x80, 0x0d, 0x0a]] as [[UInt8]])
  func keepsKeysAsTheyAre(_ bytes: [UInt8]) throws {
    let path = try folder.write("", "nodes/key")
    try FileSystem.write(bytes, to: path, mode: 0o600)

    #expect(try store.value(SecretRef("nodes/key")) == bytes)
  }

  @Test func makesSecretsOfTheSitesOwnWhereTheirNameSaysSo() throws {
    let made = try #require(try store.valueMakingIfGenerated(SecretRef("generated/deep/munge")))

    #expect(made.count == 128 && Set(made).count > 40)
    #expect(try store.value(SecretRef("generated/deep/munge")) == made)
    #expect(try store.valueMakingIfGenerated(.nodeIdentities)?.count == 64)
    #expect(try store.valueMakingIfGenerated(SecretRef("munge")) == nil)
  }

  @Test func whatIsNotThereIsNil() throws {
    #expect(try store.value(SecretRef("bmc/none")) == nil)
    #expect(try store.valueMakingIfGenerated(SecretRef("bmc/none")) == nil)
    #expect(try DirectorySecretStore(directory: folder.path + "/no").value(SecretRef("a")) == nil)
  }

  @Test func refusesWhatOthersCanRead() throws {
    let path = try folder.write("s3cret", "bmc/head1", mode: 0o640)

    #expect { try store.value(SecretRef("bmc/head1")) } throws: { error in
      let error = error as? AgentError
      return error?.code == .permission && error?.next.contains("chmod 600 \(path)") == true
    }
  }

  @Test func refusesAFolderThatOthersCanList() throws {
    _ = try folder.write("s3cret", "bmc/head1")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path + "/bmc")

    #expect { try store.value(SecretRef("bmc/head1")) } throws: { ($0 as? AgentError)?.code == .permission }
  }

  @Test func followsNoLink() throws {
    let target = try folder.write("s3cret", "elsewhere")
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: target)

    #expect { try store.value(SecretRef("link")) } throws: { ($0 as? AgentError)?.code == .invalid }
  }

  @Test(arguments: ["../x", "a/../b", "/etc/shadow", "", "a//b", ".lock", "a/", "a b", "a\u{0}b"])
  func refusesNamesThatLeadElsewhere(_ name: String) {
    #expect { try store.value(SecretRef(name)) } throws: { ($0 as? AgentError)?.code == .invalid }
  }

  @Test func makesTheAuthenticationKeyOnceAndPrivately() throws {
    let fresh = DirectorySecretStore(directory: folder.path + "/new/secrets")

    let first = try #require(try fresh.valueMakingIfGenerated(SecretRef("corosync/authkey")))
    let second = try fresh.valueMakingIfGenerated(SecretRef("corosync/authkey"))

    #expect(first.count == 128)
    #expect(Set(first).count > 40)
    #expect(first == second)
    let entry = try FileSystem.entry(folder.path + "/new/secrets/corosync/authkey")
    #expect(entry?.mode == 0o600)
    #expect(try FileSystem.entry(folder.path + "/new/secrets")?.mode == 0o700)
  }

  @Test func allWhoNeedTheKeyAtOnceGetTheSame() async throws {
    let keys = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      for _ in 0..<8 { group.addTask { [store] in try store.valueMakingIfGenerated(SecretRef("corosync/authkey")) } }
      return try await group.reduce(into: Set<[UInt8]?>()) { $0.insert($1) }
    }

    #expect(keys.count == 1)
  }
}
