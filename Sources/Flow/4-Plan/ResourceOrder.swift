// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// An order in which every resource stands after those it depends on; else the order of the features.
///
/// Resources are numbers in here: with names as keys, sorting 200,000 of them costs a hundred times as much.
struct ResourceOrder {
  private(set) var indices: [Int] = []
  /// The resources that each one comes after, by resource.
  private(set) var dependencies: [[Int]] = []
  /// The resources, by resource, that stand before it for its drafts' sake.
  private(set) var mayComeAfter: [[Int]] = []

  init(_ desired: [Resource], catalog: [String: AnyKind]) throws(PlanProblems) {
    var numbers: [ResourceID: Int] = Dictionary(minimumCapacity: desired.count)
    var problems: [PlanProblem] = []
    for (index, resource) in desired.enumerated() {
      if let first = numbers.updateValue(index, forKey: resource.id) {
        problems.append(.twiceDesired(desired[first].owner, resource.owner))
      }
      if catalog[resource.id.kind] == nil { problems.append(.unknownKind(resource.owner)) }
    }
    dependencies = desired.map { resource in
      resource.after.compactMap { other in
        if numbers[other] == nil { problems.append(.unknownDependency(resource.owner, on: other)) }
        return numbers[other]
      }
    }
    mayComeAfter = desired.map { $0.mayComeAfter.compactMap { numbers[$0] } }
    if !problems.isEmpty { throw PlanProblems(problems) }
    waitForHostsToExist(desired, catalog)
    try sort(desired)
  }

  /// Lets every resource that looks at a host come after the one that brings the host into being, without having to say
  /// so.
  private mutating func waitForHostsToExist(_ desired: [Resource], _ catalog: [String: AnyKind]) {
    for (establisher, resource) in desired.enumerated() {
      guard let host = resource.establishes else { continue }
      let needed = ancestors(of: establisher)
      for (index, other) in desired.enumerated() where index != establisher && !needed.contains(index) {
        let questions = catalog[other.id.kind]?.questions(other.id, other.desired) ?? []
        if other.id.host == host || questions.contains(where: { $0.host == host }) {
          dependencies[index].append(establisher)
        }
      }
    }
  }

  private func ancestors(of index: Int) -> Set<Int> {
    var found: Set<Int> = []
    var open = dependencies[index]
    while let next = open.popLast() {
      if found.insert(next).inserted { open += dependencies[next] }
    }
    return found
  }

  /// Depth first, without recursion: a chain may be as long as the list.
  private mutating func sort(_ desired: [Resource]) throws(PlanProblems) {
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: desired.count)
    var path: [(resource: Int, next: Int)] = []
    indices.reserveCapacity(desired.count)
    for root in desired.indices where marks[root] == .new {
      marks[root] = .open
      path.append((root, 0))
      while let (resource, next) = path.last {
        let own = dependencies[resource].count
        if next == own + mayComeAfter[resource].count {
          marks[resource] = .done
          indices.append(resource)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let dependency = next < own ? dependencies[resource][next] : mayComeAfter[resource][next - own]
        switch marks[dependency] {
        case .done: break
        case .new:
          marks[dependency] = .open
          path.append((dependency, 0))
        case .open:
          let circle = path.drop { $0.resource != dependency }.map { desired[$0.resource].owner }
          throw PlanProblems([.cycle(circle)])
        }
      }
    }
  }
}

extension Resource {
  var owner: PlanProblem.Owner { PlanProblem.Owner(id, source) }
}
