// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// The replicated state: a disk on both heads, one of them promoted, and the folder that is mounted from it there.
extension PacemakerElements {
  static let disk = ReplicaPlaces.resource
  static let diskClone = "\(disk)-clone"
  static let folder = "state-folder"
  /// Nearly all: addresses and services without state are where the disk is active, and run without it where it can be
  /// active nowhere.
  private static let nearly = "900000"

  private var replica: HighAvailabilityPolicy.State.Replica? { policy.state?.replica }

  /// The disk, and what is mounted.
  var stateResources: [CIBElement] {
    guard let state = policy.state, let replica else { return [] }
    return [clone(replica), mount(state, replica)]
  }

  private func clone(_ replica: HighAvailabilityPolicy.State.Replica) -> CIBElement {
    let isDRBD = replica.backend == .drbd
    let agent =
      isDRBD
      ? ["class": "ocf", "provider": "linbit", "type": "drbd"]
      : ["class": "ocf", "provider": "cluster", "type": "replica"]
    var primitive = XMLElement.primitive(
      Self.disk, agent, isDRBD ? [("drbd_resource", DRBDConfiguration.resource)] : [], meta: [], operations: [])
    // Two monitors of one resource have to have different intervals. One that starts may wait for the other head to be
    // fenced. DRBD's agent asks for 90 s to take notice of the other one: `drbdadm adjust` waits for the kernel.
    let actions: [(name: String, interval: Int, timeout: Int, role: String?)] =
      [
        ("monitor", 5, 40, "Promoted"), ("monitor", 6, 45, "Unpromoted"), ("start", 0, 240, nil),
        ("promote", 0, 240, nil), ("demote", 0, 90, nil), ("stop", 0, 100, nil),
      ] + (isDRBD ? [("notify", 0, 90, nil)] : [])
    let operations = XMLElement(
      "operations", children: actions.map { .element(operation($0.name, $0.interval, $0.timeout, $0.role)) })
    primitive.children = primitive.children.map { child in
      if case .element(let element) = child, element.name == "operations" { .element(operations) } else { child }
    }
    let options = [
      ("promotable", "true"), ("promoted-max", "1"), ("clone-max", "\(cluster.heads.count)"), ("clone-node-max", "1"),
      ("notify", "\(isDRBD)"), ("interleave", "true"),
    ]
    let meta = XMLElement(
      "meta_attributes", [.init("id", "\(Self.diskClone)-options")],
      children: options.map { name, value in
        .element(
          XMLElement(
            "nvpair", [.init("id", "\(Self.diskClone)-\(name)"), .init("name", name), .init("value", value)]))
      })
    let clone = XMLElement("clone", [.init("id", Self.diskClone)], children: [.element(meta), .element(primitive)])
    return CIBElement(section: .resources, id: Self.diskClone, xml: clone.canonical)
  }

  private func operation(_ name: String, _ interval: Int, _ timeout: Int, _ role: String?) -> XMLElement {
    XMLElement(
      "op",
      [
        .init("id", "\(Self.disk)-\(name)" + (role.map { "-\($0.lowercased())" } ?? "")), .init("name", name),
        .init("interval", "\(interval)s"), .init("timeout", "\(timeout)s"),
      ] + (role.map { [.init("role", $0)] } ?? []))
  }

  /// ext4 with blocks found when they are written, so that what a program has renamed into place is there after a loss.
  private func mount(
    _ state: HighAvailabilityPolicy.State, _ replica: HighAvailabilityPolicy.State.Replica
  ) -> CIBElement {
    let isDRBD = replica.backend == .drbd
    let primitive = XMLElement.primitive(
      Self.folder, ["class": "ocf", "provider": "cluster", "type": "folder"],
      [
        ("device", isDRBD ? DRBDConfiguration.device : ReplicaPlaces.device), ("directory", state.path),
        ("options", "noatime,nodelalloc" + (isDRBD ? "" : ",loop")),
      ], meta: [],
      operations: [
        ("monitor", .seconds(10), .seconds(40)), ("start", .zero, .seconds(60)), ("stop", .zero, .seconds(60)),
      ])
    return CIBElement(section: .resources, id: Self.folder, xml: primitive.canonical)
  }

  /// Services with state are where it is mounted, and start after it; addresses are there where that can be.
  func statePlacement(_ anchor: HighAvailabilityPolicy.Address) -> [CIBElement] {
    guard replica != nil else { return [] }
    let address = ClusteredUnit.id(ofAddressOn: anchor.network)
    func promoted(_ resource: String, _ score: String) -> CIBElement {
      constraint(
        "rsc_colocation", "\(resource)-with-\(Self.disk)",
        ["rsc": resource, "with-rsc": Self.diskClone, "with-rsc-role": "Promoted", "score": score])
    }
    return [
      promoted(address, Self.nearly), promoted(Self.folder, "INFINITY"),
      constraint(
        "rsc_order", "\(Self.folder)-after-\(Self.disk)",
        [
          "first": Self.diskClone, "first-action": "promote", "then": Self.folder, "then-action": "start",
          "kind": "Mandatory",
        ]),
    ]
      + ClusteredUnit.all(of: policy, in: cluster).filter(\.keepsState).flatMap { service in
        [
          together(service.id, with: Self.folder),
          constraint(
            "rsc_order", "\(service.id)-after-\(Self.folder)",
            ["first": Self.folder, "then": service.id, "kind": "Mandatory"]),
        ]
      }
  }
}

/// Where the stand-in has what of it changes from boot to boot.
package enum ReplicaPlaces {
  /// The disk while it is active on this head.
  package static let device = "/run/cluster/replica/disk"
  /// The disk's id in Pacemaker's configuration.
  package static let resource = "state-disk"
}
