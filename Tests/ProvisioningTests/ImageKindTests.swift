// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

@Suite struct ImageKindTests {
  private enum Head { case has, lacks, silent }

  private static let recipe = ImageRecipe(
    name: "compute", suite: "bookworm", mirror: nil, proxy: nil, kernel: "linux-image-amd64", packages: ["curl"],
    overlays: [], finish: [])
  private static let probe = ImageProbe("compute", digest: recipe.digest)

  private static func drafts(_ heads: [HostID: Head], uninstalled: Set<HostID> = [], active: HostID = "head1") throws
    -> [StepDraft]
  {
    let desired = ImageKind.Desired(
      recipe: recipe,
      heads: [
        .init(head: "head1", url: "http://10.1.0.1:8080/images", isClone: false),
        .init(head: "head2", url: "http://10.1.0.2:8080/images", isClone: true),
      ])
    let state = ImageState(name: "compute", digest: recipe.digest, squashfs: "s", bytes: 1, packages: [:])
    let hosts = heads.mapValues { head -> Inventory.Host in
      switch head {
      case .has: .knowing(probe.answered(state))
      case .lacks: .knowing(probe.answered(nil))
      case .silent: .unreachable(AgentError(.unreachable, "silent", next: "Power it on."))
      }
    }
    let answers = Answers(Inventory(hosts: hosts, observedAt: 0), uninstalled: uninstalled)
    let context = PlanContext(answers: answers, activeHead: active, changing: [], now: 0)
    let id = ImageKind.id("compute")
    return try ImageKind.steps(id, desired, try ImageKind.interpret(id, desired, answers), context)
  }

  private static func fetch(from address: String) -> AnyOperation {
    AnyOperation(EnsureImageFetched(name: "compute", digest: recipe.digest, source: "http://\(address):8080/images"))
  }

  @Test func builtOnTheActiveHeadAndFetchedByTheOther() throws {
    let drafts = try Self.drafts(["head1": .lacks, "head2": .lacks], active: "head1")

    #expect(drafts.map(\.host) == ["head1", "head2"])
    #expect(drafts.map(\.operation) == [AnyOperation(EnsureImage(Self.recipe)), Self.fetch(from: "10.1.0.1")])
  }

  /// What a clone builds from is written after the images, since it is installed from one.
  @Test func aCloneBuildsOnlyWhereNoOtherHeadCan() throws {
    let both = try Self.drafts(["head1": .lacks, "head2": .lacks], active: "head2")
    let alone = try Self.drafts(["head1": .silent, "head2": .lacks], active: "head2")

    #expect(both.map(\.host) == ["head1", "head2"])
    #expect(both.map(\.operation) == [AnyOperation(EnsureImage(Self.recipe)), Self.fetch(from: "10.1.0.1")])
    #expect(alone.map(\.host) == ["head2"])
    #expect(alone.map(\.operation) == [AnyOperation(EnsureImage(Self.recipe))])
  }

  @Test func fetchedFromWhoeverHasIt() throws {
    let drafts = try Self.drafts(["head1": .lacks, "head2": .has])

    #expect(drafts.map(\.operation) == [Self.fetch(from: "10.1.0.2")])
    #expect(drafts.map(\.host) == ["head1"])
  }

  @Test func aBlankStandbyGetsItWithItsCapture() throws {
    #expect(try Self.drafts(["head1": .lacks, "head2": .silent], uninstalled: ["head2"]).map(\.verb) == ["build"])
    #expect(try Self.drafts(["head1": .has, "head2": .silent], uninstalled: ["head2"]).isEmpty)
  }

  @Test func aSilentStandbyHoldsNobodyBack() throws {
    #expect(try Self.drafts(["head1": .lacks, "head2": .silent]).map(\.verb) == ["build"])
    #expect(try Self.drafts(["head1": .has, "head2": .silent]).isEmpty)
  }

  @Test func nothingIsKnownWhenNobodyAnswers() {
    #expect(throws: Unreadable.self) { try Self.drafts(["head1": .silent, "head2": .silent]) }
  }
}
