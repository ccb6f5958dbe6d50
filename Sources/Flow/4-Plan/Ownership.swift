// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Finds two resources that decide about one thing, also when both are as desired right now.
///
/// What a resource decides about is read from the steps it would take on machines that have nothing.
enum Ownership {
  static func problems(_ desired: [Resource], catalog: [String: AnyKind], heads: Heads, now: Int) -> [PlanProblem] {
    let hosts = Set(heads.all).union(desired.compactMap(\.id.host)).union(desired.compactMap(\.establishes))
    let nothing = Answers(Inventory(hosts: [:], observedAt: now), blank: hosts)
    let context = PlanContext(answers: nothing, activeHead: heads.primary, changing: [], now: now)
    var claims: [(Claim, PlanProblem.Owner)] = []
    for resource in desired {
      guard let kind = catalog[resource.id.kind] else { continue }
      // A kind that needs real facts even for a blank machine claims what its real steps do: see PlanChecks.
      guard let drafts = try? kind.examine(resource.id, resource.desired, nothing).steps(context) else { continue }
      for draft in drafts { claims += draft.operation.claims(on: draft.host).map { ($0, resource.owner) } }
    }
    return problems(claims)
  }

  static func problems(_ claims: [(Claim, PlanProblem.Owner)]) -> [PlanProblem] {
    var owners: [Claim: PlanProblem.Owner] = Dictionary(minimumCapacity: claims.count)
    var found: [PlanProblem] = []
    var reported: Set<Claim> = []
    func clash(_ claim: Claim, _ a: PlanProblem.Owner, _ b: PlanProblem.Owner) {
      if a.resource != b.resource, reported.insert(claim).inserted { found.append(.twoOwners(claim, a, b)) }
    }
    for (claim, owner) in claims {
      if let first = owners[claim] { clash(claim, first, owner) } else { owners[claim] = owner }
    }
    // A tree removes what it does not know, so nobody else may put anything into it.
    for (claim, owner) in claims {
      guard let (host, path) = claim.place else { continue }
      for folder in folders(above: path) {
        if let tree = owners[.tree(host, folder)] { clash(claim, tree, owner) }
      }
    }
    return found
  }

  private static func folders(above path: String) -> [String] {
    path.indices.filter { path[$0] == "/" && $0 != path.startIndex }.map { String(path[..<$0]) }
  }
}

extension Claim {
  /// Where on which host, for what lies in a file system.
  fileprivate var place: (HostID, String)? {
    switch self {
    case .path(let host, let path), .tree(let host, let path): (host, path)
    default: nil
    }
  }
}
