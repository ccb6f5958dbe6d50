// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import Foundation
import TestKit
import Testing
import Wings

/// The list of what an agent may be asked to do bounds what has to be trusted.
@Suite struct OperationCatalogTests {
  /// Whoever widens it changes this file, so that it is seen.
  @Test func theOperationsAreThese() {
    expectGolden(OperationCatalog.all.names.map { $0 + "\n" }.joined(), at: "cases/operations.txt")
  }

  @Test func theAgentCanDoThemAll() {
    #expect(AgentCatalog.operations.names == OperationCatalog.all.names)
  }

  @Test func anOperationIsItsNameAndItsGoal() throws {
    let operation = AnyOperation(EnsureHostname("head1"))
    let json = try JSONEncoder().encode(["a": operation])
    #expect(String(decoding: json, as: UTF8.self).contains(#""name":"ensureHostname""#))

    let decoder = JSONDecoder()
    #expect(throws: DecodingError.self, "without a catalog nothing is read") {
      try decoder.decode([String: AnyOperation].self, from: json)
    }
    decoder.userInfo = OperationCatalog([EnsureFile.self]).userInfo
    #expect(throws: UnknownOperation(name: "ensureHostname"), "what is not in it is not read") {
      try decoder.decode([String: AnyOperation].self, from: json)
    }
    decoder.userInfo = OperationCatalog.all.userInfo
    #expect(try decoder.decode([String: AnyOperation].self, from: json) == ["a": operation])
  }

  /// A secret that does not travel makes an operation fail on the host; one that nobody needs should not go there.
  @Test func operationsNameTheirSecrets() {
    let needing = WireSamples.operations.filter { !$0.secrets.isEmpty }.map(\.name)
    #expect(
      Set(needing) == [
        "ensureSecretFile", "ensureClone", "ensurePower", "ensurePowerCycled", "ensureNode", "ensureFencingProven",
        "ensureNodeIdentities", "ensureFenceTested", "ensureBootSigned", "ensureImageFetched",
      ])
  }

  @Test func equalOnesAreOfOneSort() {
    let (file, tree) = (AnyOperation(EnsureFileAbsent(path: "/a")), AnyOperation(EnsureTreeAbsent(root: "/a")))
    #expect(file == AnyOperation(EnsureFileAbsent(path: "/a")) && file != tree)
    #expect(Set([file, tree, file]).count == 2)
  }
}
