// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Expansion {
  /// A head is cloned when its original is complete: after everything on the original that does not itself need the
  /// clone.
  static func orderClones(_ resources: [Resource]) -> [Resource] {
    let clones = resources.filter { $0.establishes != nil }
    guard !clones.isEmpty else { return resources }
    let needing = needing(Set(clones.compactMap(\.establishes)), resources)
    return resources.map { resource in
      guard resource.establishes != nil, let desired = resource.desired as? HeadCloneKind.Desired else {
        return resource
      }
      var resource = resource
      let own = Set(resource.after)
      resource.after += resources.lazy.map(\.id).filter { id in
        !needing.contains(id) && !own.contains(id) && (id.host == desired.primary || id.kind == ImageKind.name)
      }
      return resource
    }
  }

  /// The resources on hosts that clones make, and all that comes after one of them.
  private static func needing(_ hosts: Set<HostID>, _ resources: [Resource]) -> Set<ResourceID> {
    var found = Set(
      resources.filter { $0.establishes != nil || $0.id.host.map(hosts.contains) == true }.map(\.id))
    var before = -1
    while found.count != before {
      before = found.count
      for resource in resources where resource.after.contains(where: found.contains) { found.insert(resource.id) }
    }
    return found
  }
}
