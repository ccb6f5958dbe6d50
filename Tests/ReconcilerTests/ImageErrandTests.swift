// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator
import Testing
import Wings

@testable import Reconciler

/// `cluster image` over machines in memory.
@Suite struct ImageErrandTests {
  /// A site whose image was built with three sets of packages, one after the other.
  private static func builtThreeTimes() async throws -> FakeSite {
    let site = try await FakeSite.applied()
    for package in ["jq", "socat"] {
      try site.edit("install: [", "install: [\(package), ")
      try await site.apply(run: "run-\(package)")
    }
    return site
  }

  private static func inventory(_ site: FakeSite) async throws -> ImageInventory {
    let reconciler = try await site.reconciler()
    let published = Publications(reconciler.cluster, reconciler.specification.files)
    let stored = try await reconciler.look { ImageInventory.questions($0) }
    let detailed = try await reconciler.look { _ in ImageInventory.questions(of: stored) }
    return ImageInventory(reconciler.cluster.images.compactMap { published.images[$0.name] }, stored, detailed)
  }

  private static func collect(_ site: FakeSite, keeping kept: Int = 0) async throws -> CollectErrand {
    let reconciler = try await site.reconciler()
    return CollectErrand(
      reconciler.cluster, Publications(reconciler.cluster, reconciler.specification.files), keeping: kept)
  }

  @Test func theListHasWhatIsDescribedAndWhatWasBuiltBefore() async throws {
    let site = try await Self.builtThreeTimes()

    let found = try await Self.inventory(site)

    #expect(found.silent == [])
    #expect(found.images.map(\.isDescribed) == [true, false, false])
    let described = found.images[0]
    #expect(described.copies.map(\.head) == ["head1", "head2"])
    #expect(described.boots.map(\.name) == ["node001", "node002", "node003", "node004"])
    #expect(described.runs == described.boots)
    #expect(found.images[1].boots == [] && found.images[1].copies.count == 2)
    #expect(found.image("compute") == described)
    #expect(found.image(String(found.images[1].digest.prefix(8))) == found.images[1])
    #expect(found.image("compute/") == nil && found.image("none") == nil && found.image("comp") == nil)
  }

  /// `apply` keeps two; this keeps none, unless it is said.
  @Test func whatNobodyNeedsGoesAndNothingElse() async throws {
    let site = try await Self.builtThreeTimes()
    let one = try await Self.collect(site, keeping: 1)
    #expect(one.words == "image gc --keep 1")
    _ = try ErrandTests.applied(try await ErrandTests.done(one, site))
    #expect(try await Self.inventory(site).images.map(\.isDescribed) == [true, false])

    let applied = try ErrandTests.applied(
      try await ErrandTests.done(try await Self.collect(site), site, run: "errand-2"))

    #expect(applied.isConverged && applied.word == "done")
    #expect(try await Self.inventory(site).images.map(\.isDescribed) == [true])
    guard case .nothingToDo = try await ErrandTests.done(try await Self.collect(site), site, run: "errand-3") else {
      Issue.record("there is nothing to do")
      return
    }
    #expect(try await site.reconciler().propose().plan.steps.isEmpty)
  }

  /// A node may have told the head that is silent that it runs an old image.
  @Test func nothingGoesWhileAHeadIsSilent() async throws {
    let site = try await Self.builtThreeTimes()
    await site.machines.change { $0.machines["head2"]?.faults.unreachable = true }

    let refusal = try #require(try await ErrandTests.refusal(try await Self.collect(site), site))

    #expect(refusal.what == "Nothing is removed")
    #expect(try await Self.inventory(site).images.count == 3)
    #expect(try await Self.inventory(site).silent == ["head2"])
  }

  @Test func aCopyThatSomebodyHasChangedIsFound() async throws {
    let site = try await FakeSite.applied()
    func verified() async throws -> ImageVerification {
      let found = try await Self.inventory(site)
      let sight = try await site.reconciler().look { _ in ImageVerification.questions(found.images) }
      return ImageVerification(found.images, sight, silent: found.silent)
    }
    #expect(try await verified().isWell)
    let id = try await Self.inventory(site).images[0].id

    await site.machines.change {
      $0.machines["head2"]?.images[id]?.squashfs = "another"
    }
    let other = try await verified()

    #expect(!other.isWell && other.copies.map(\.result) == [.wrong, .wrong], "nobody knows which one is right")
    #expect(other.copies[1].detail == "another image than on other heads: sha256 another")
  }
}
