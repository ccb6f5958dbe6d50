// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Finds two resources that decide about one thing, also when both are as desired right now.
///
/// What a resource decides about is said by its kind, or read from the steps it would take on machines that have
/// nothing.
struct Ownership {
  /// Who claims what. Owners are numbers in here: there is a claim for nearly everything.
  private var claims: [(claim: Claim, owner: Int)] = []
  /// Lengths of the roots of claimed trees: only there a path has to be cut.
  private var rootLengths: Set<Int> = []

  /// The claims of the resources on machines that have nothing. They are the same at any time of day.
  static func of(_ desired: [Resource], catalog: [String: AnyKind], heads: HeadOrder) -> Ownership {
    let hosts = Set(heads.all).union(desired.lazy.compactMap(\.id.host)).union(desired.lazy.compactMap(\.establishes))
    let nothing = Answers(Inventory(hosts: [:], observedAt: 0), uninstalled: hosts)
    let context = PlanContext(answers: nothing, activeHead: heads.primary, changing: [], now: 0)
    var ownership = Ownership()
    for (index, resource) in desired.enumerated() {
      guard let kind = catalog[resource.id.kind] else { continue }
      if let claims = kind.claims(resource.id, resource.desired) {
        ownership.add(claims, index)
        continue
      }
      // A kind that needs real facts even for an uninstalled machine claims what its real steps do: see PlanChecks.
      guard let drafts = try? kind.examine(resource.id, resource.desired, nothing).steps(context) else { continue }
      for draft in drafts { ownership.add(draft.operation.claims(on: draft.host), index) }
    }
    return ownership
  }

  static func problems(_ steps: [Step]) -> [PlanProblem] {
    var ownership = Ownership()
    for (index, step) in steps.enumerated() { ownership.add(step.operation.claims(on: step.host), index) }
    return ownership.problems { PlanProblem.Owner(steps[$0].resource, steps[$0].source) }
  }

  mutating func add(_ claims: [Claim], _ owner: Int) {
    for claim in claims {
      self.claims.append((claim, owner))
      if case .tree(_, let root) = claim { rootLengths.insert(root.utf8.count) }
    }
  }

  /// The claims, to be looked up. Made only for a plan that takes something away: there may be hundreds of thousands.
  func index() -> Index { Index(claimed: Set(claims.lazy.map(\.claim)), rootLengths: rootLengths) }

  struct Index: Sendable {
    fileprivate let claimed: Set<Claim>
    fileprivate let rootLengths: Set<Int>

    /// Whether somebody decides about it: by itself, or as owner of the folder that it lies in.
    func holds(_ claim: Claim) -> Bool {
      if claimed.contains(claim) { return true }
      guard !rootLengths.isEmpty, let (host, path) = claim.place else { return false }
      return Ownership.folders(above: path, rootLengths).contains { claimed.contains(.tree(host, $0)) }
    }
  }

  /// `owner` tells who a number stands for: two numbers may be the same resource.
  func problems(_ owner: (Int) -> PlanProblem.Owner) -> [PlanProblem] {
    var found: [PlanProblem] = []
    var reported: Set<Claim> = []
    func clash(_ claim: Claim, _ first: Int, _ second: Int) {
      if first == second { return }
      let (a, b) = (owner(first), owner(second))
      if a.resource != b.resource, reported.insert(claim).inserted { found.append(.twoOwners(claim, a, b)) }
    }
    var owners: [Claim: Int] = [:]
    for number in doubtful where !claims[number].claim.isShared {
      let (claim, owner) = claims[number]
      if let first = owners[claim] { clash(claim, first, owner) } else { owners[claim] = owner }
    }
    if rootLengths.isEmpty { return found }
    var trees: [Claim: Int] = [:]
    for case (let claim, let owner) in claims where claim.isTree && trees[claim] == nil { trees[claim] = owner }
    // A tree removes what it does not know, so nobody else may put anything into it.
    for (claim, owner) in claims {
      guard let (host, path) = claim.place else { continue }
      for folder in Self.folders(above: path, rootLengths) {
        if let tree = trees[.tree(host, folder)] { clash(claim, tree, owner) }
      }
    }
    return found
  }

  /// Claims that may be there twice, by their numbers. As a rule there are none, and to see that takes no more than the
  /// hash of each: there are hundreds of thousands.
  private var doubtful: [Int] {
    let hashes = claims.map(\.claim.hashValue)
    var seen: Set<Int> = Set(minimumCapacity: hashes.count)
    let twice = Set(hashes.filter { !seen.insert($0).inserted })
    return twice.isEmpty ? [] : claims.indices.filter { twice.contains(hashes[$0]) }
  }

  /// The folders that a path lies in whose own paths have one of these lengths in bytes.
  private static func folders(above path: String, _ lengths: Set<Int>) -> [String] {
    var folders: [String] = []
    for (offset, byte) in path.utf8.enumerated() where byte == UInt8(ascii: "/") && lengths.contains(offset) {
      folders.append(String(decoding: path.utf8.prefix(offset), as: UTF8.self))
    }
    return folders
  }
}

extension Claim {
  fileprivate var isTree: Bool { if case .tree = self { true } else { false } }

  /// Where on which host, for what lies in a file system.
  fileprivate var place: (HostID, String)? {
    switch self {
    case .path(let host, let path), .tree(let host, let path): (host, path)
    default: nil
    }
  }
}
